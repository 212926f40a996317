import { describe, expect, it } from 'vitest';
import { isOpen } from '../open.js';
import type { Case, Key, Observation } from './case.js';
import { jailHolds, ours, real, realIsThere } from './implementation.js';
import { Run, runScript } from './run.js';
import { makeSandbox, removeSandbox } from './sandbox.js';

const everything: readonly Key[] = ['calls', 'stdin', 'log', 'stdout', 'stderr', 'exit'];

/** Names of all cases of this file, so that none is run twice or hidden by another. */
const known = new Set<string>();

/** Makes a test of each case: both programs side by side, then the comparison. */
export function differential(title: string, cases: readonly Case[]): void {
  describe.concurrent(title, () => {
    for (const testCase of cases) {
      if (known.has(testCase.name)) throw new Error(`two cases are called "${testCase.name}"`);
      known.add(testCase.name);
      const skip = !realIsThere() || (testCase.armed === true && !jailHolds) || isOpen(testCase.name);
      it.skipIf(skip)(testCase.name, () => compare(testCase), 90_000);
    }
  });
}

async function compare(testCase: Case): Promise<void> {
  const sandbox = makeSandbox();
  try {
    const observed = async (program: typeof real): Promise<Observation> => {
      const paths = sandbox[program.name];
      if (testCase.setup !== undefined) await runScript(paths, testCase.setup);
      const seen = await new Run(program, paths, testCase).observe();
      return testCase.prune?.(seen) ?? seen;
    };
    const [first, second] = await Promise.all([observed(real), observed(ours)]);
    const said = [...first.log, ...first.stderr, ...first.stdout];
    for (const line of testCase.lines ?? []) expect(said.join('\n')).toMatch(line);
    expect(shown(testCase, second)).toEqual(shown(testCase, improved(testCase, first)));
  } finally {
    await removeSandbox(sandbox.top);
  }
}

/** What ours is to do: what lsyncd did, but for the documented differences, each of which must be met. */
function improved(testCase: Case, seen: Observation): Observation {
  return (testCase.differs ?? []).reduce((before, difference) => {
    const after = difference.improve(before);
    if (
      difference.optional !== true &&
      JSON.stringify(shown(testCase, after)) === JSON.stringify(shown(testCase, before))
    )
      throw new Error(`the documented difference "${difference.id}" was not met`);
    return after;
  }, seen);
}

/** The part of an observation that a case compares. */
function shown(testCase: Case, seen: Observation): Readonly<Record<string, unknown>> {
  const parts = (testCase.compare ?? everything).map((key) => {
    if (key === 'callsUnordered') return [key, seen.calls.toSorted()] as const;
    if (key === 'logUnordered') return [key, seen.log.toSorted()] as const;
    return [key, seen[key]] as const;
  });
  return { timedOut: seen.timedOut, ...Object.fromEntries(parts) };
}
