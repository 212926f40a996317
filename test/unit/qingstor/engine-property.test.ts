import fc from 'fast-check';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  lstatSync,
} from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { NativeResult } from '../../../src/action/native.js';
import { asBytes } from '../../../src/core/bytes.js';
import type { DirtyInput, Retry } from '../../../src/core/dirty-batch.js';
import { DirtyQueue } from '../../../src/core/dirty.js';
import { EngineBench } from '../../support/engine-bench.js';
import type { StoreFault } from '../../support/memory-store.js';

/** What is done to the source; `pick` and `into` choose among what is there. */
interface Step {
  readonly what: 'write' | 'mkdir' | 'link' | 'remove' | 'move' | 'sync' | 'full';
  readonly pick: number;
  readonly into: number;
  readonly name: string;
}

const stepsOf = (kinds: readonly Step['what'][]) =>
  fc.array(
    fc.record({
      what: fc.constantFrom(...kinds),
      pick: fc.nat(20),
      into: fc.nat(8),
      name: fc.constantFrom('a', 'b', 'c'),
    }),
    { minLength: 1, maxLength: 25 },
  );
const onFiles = ['write', 'write', 'write', 'link', 'remove', 'move', 'move', 'sync', 'sync'] as const;
const onTrees = [...onFiles, 'mkdir', 'remove', 'move'] as const;
const onAll = [...onTrees, 'full'] as const;

/** Fates of the calls in the order they come; what follows them succeeds. */
const fates: fc.Arbitrary<readonly (StoreFault | undefined)[]> = fc.array(
  fc.option(
    fc.record({
      scope: fc.constantFrom(
        'outage' as const,
        'outage' as const,
        'object' as const,
        'changing' as const,
        'store' as const,
      ),
      done: fc.boolean(),
    }),
    { nil: undefined, freq: 2 },
  ),
  { maxLength: 30 },
);

/** Deepest path; few names and levels make things meet often. */
const deepest = 3;

const soon: Retry = () => 0;

/** A daemon in small: a source, the events it gives, the queue and the engine. */
class World {
  readonly bench: EngineBench;
  private readonly queue = new DirtyQueue({ settle: 0 });

  /** Seconds; every write has its own, as had it at least one second from the last. */
  private time = 1_000_000_000;

  /** What happens while the engine works. */
  private readonly meanwhile: Step[] = [];

  constructor(
    workers: number,
    fates: readonly (StoreFault | undefined)[],
    private readonly contents: 'alike' | 'differ',
  ) {
    this.bench = new EngineBench({ workers });
    const { store } = this.bench;
    store.now = () => this.time;
    // A source found empty is taken for one that is not mounted, for which nothing is deleted.
    this.write('/keep');
    const left = [...fates];
    store.chaos = () => left.shift();
    let calls = 0;
    store.before = async () => {
      const step = this.meanwhile.shift();
      if (step !== undefined) this.change(step);
      // Calls do not end in the order they begin in.
      for (let i = ++calls % 4; i > 0; i--) await nextTurn();
    };
  }

  /** Carries a step out; those of `during` happen while the engine works. */
  async take(step: Step, during: readonly Step[]): Promise<void> {
    if (step.what === 'sync' || step.what === 'full') {
      this.meanwhile.push(...during);
      if (step.what === 'full') this.enter({ kind: 'Full' });
      await this.work();
    } else this.change(step);
  }

  /** Works until nothing is left to do. */
  async settle(): Promise<void> {
    for (const step of this.meanwhile.splice(0)) this.change(step);
    for (let round = 0; this.queue.length > 0; round++) {
      if (round > 200) throw new Error(`never done: ${[...this.queue].map(({ path }) => path).join(' ')}`);
      await this.work();
    }
  }

  private enter(event: DirtyInput): void {
    this.queue.enter(event, this.time, { mayDelete: true });
  }

  private async work(): Promise<void> {
    this.time++;
    const ready = this.queue.firstReady(this.time, 1000);
    if (ready?.etype === 'Init' || ready?.etype === 'Full') {
      this.queue.startFull();
      const { failures } = checked(await this.bench.full());
      this.queue.finishFull(failures, this.time, soon);
      return;
    }
    const batch = this.queue.takeBatch(this.time, { all: true });
    if (batch === undefined) return;
    const excluded = () => false;
    const { failures } = checked(
      await this.bench.engine.run({ ...batch, excluded }, new AbortController().signal),
    );
    this.queue.finish(batch, failures, this.time, soon);
  }

  private get all(): string[] {
    const walk = (below: string): string[] =>
      readdirSync(this.bench.at(below)).flatMap((name) => {
        const path = `${below}${name}`;
        return this.isDir(path) ? [path, ...walk(`${path}/`)] : [path];
      });
    return walk('/').filter((path) => path !== '/keep');
  }

  private isDir(path: string): boolean {
    return lstatSync(this.bench.at(path), { throwIfNoEntry: false })?.isDirectory() === true;
  }

  private eventPath(path: string) {
    return asBytes(this.isDir(path) ? `${path}/` : path);
  }

  private change({ what, pick, into, name }: Step): void {
    const { all } = this;
    const known = all[pick % Math.max(1, all.length)];
    const dirs = ['', ...all.filter((path) => this.isDir(path))];
    const fresh = `${dirs[into % dirs.length]!}/${name}`;
    const place = fresh.split('/').length <= deepest + 1;
    this.time++;
    if (what === 'remove' && known !== undefined) this.remove(known);
    if (!place) return;
    if (what === 'write' && !this.isDir(fresh)) this.write(fresh);
    if (what === 'mkdir' && !this.exists(fresh)) this.make(fresh);
    if (what === 'link' && !this.exists(fresh)) this.link(known ?? '/nowhere', fresh);
    if (what === 'move' && known !== undefined) this.move(known, fresh);
  }

  private exists(path: string): boolean {
    return lstatSync(this.bench.at(path), { throwIfNoEntry: false }) !== undefined;
  }

  /** `alike`: contents of one length, so that a comparison could miss a change and only the event tells of it. */
  private write(path: string): void {
    // Through a link the content of another path would change, which no monitor tells of the link.
    if (lstatSync(this.bench.at(path), { throwIfNoEntry: false })?.isSymbolicLink() === true) return;
    const fresh = !existsSync(this.bench.at(path));
    const length = this.contents === 'alike' ? 0 : this.time - 1_000_000_000;
    writeFileSync(this.bench.at(path), `${this.time}${'.'.repeat(length)}`);
    utimesSync(this.bench.at(path), this.time, this.time);
    if (fresh) this.enter({ kind: 'Create', path: asBytes(path) });
    this.enter({ kind: 'Modify', path: asBytes(path) });
  }

  private make(path: string): void {
    mkdirSync(this.bench.at(path));
    this.enter({ kind: 'Create', path: asBytes(`${path}/`) });
  }

  /** Links lead to nothing: what a real one leads to may change without an event of its own. */
  private link(_to: string, path: string): void {
    symlinkSync('nowhere', this.bench.at(path));
    this.enter({ kind: 'Create', path: asBytes(path) });
  }

  private remove(path: string): void {
    const gone = this.eventPath(path);
    rmSync(this.bench.at(path), { recursive: true });
    this.enter({ kind: 'Delete', path: gone });
  }

  private move(from: string, to: string): void {
    if (to === from || to.startsWith(`${from}/`)) return;
    const [dir, onto] = [this.isDir(from), this.exists(to)];
    // rename(2) replaces a file by a file, and a directory only when it is empty.
    if (onto && (dir || this.isDir(to))) return;
    const path = this.eventPath(from);
    renameSync(this.bench.at(from), this.bench.at(to));
    this.enter({ kind: 'Move', path, path2: asBytes(dir ? `${to}/` : to) });
  }
}

/** Failures are of a path of the source or of the whole, and always say something. */
function checked(result: NativeResult): NativeResult {
  for (const { path, message } of result.failures) {
    expect(message).not.toBe('');
    if (path !== undefined) expect(path).toMatch(/^\//);
  }
  expect(result.failures.filter(({ path }) => path === undefined).length).toBeLessThanOrEqual(1);
  return result;
}

/** Runs a world to its end. */
async function converges(
  contents: 'alike' | 'differ',
  steps: readonly Step[],
  during: readonly Step[],
  faults: readonly (StoreFault | undefined)[],
  workers: number,
): Promise<void> {
  const world = new World(workers, faults, contents);
  try {
    for (const [i, step] of steps.entries()) await world.take(step, during.slice(i, i + 1));
    await world.settle();
    expect(world.bench.stored()).toEqual(world.bench.expected());
  } finally {
    world.bench.close();
  }
}

describe('queue and engine make the bucket equal to the source, whatever fails and happens meanwhile', () => {
  const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 150);
  const workers = fc.integer({ min: 1, max: 4 });

  it('for files, directories, renames and lost events', async () => {
    const steps = stepsOf(onAll);
    await fc.assert(
      fc.asyncProperty(steps, steps, fates, workers, (...all) => converges('differ', ...all)),
      { numRuns },
    );
  }, 300_000);

  it('for changes that only events tell of: size and time stay', async () => {
    const steps = stepsOf(onTrees);
    await fc.assert(
      fc.asyncProperty(steps, steps, fates, workers, (...all) => converges('alike', ...all)),
      { numRuns },
    );
  }, 300_000);
});
