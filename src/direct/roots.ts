/** The two directories a sync is about: are they there, and are they still what they were? */
import { mkdirSync, statSync } from 'node:fs';
import { asBytes, toText, type BytePath } from '../core/bytes.js';
import { Dir } from '../sys/at.js';
import { toBuffer } from '../sys/bytes.js';
import { codeOf, Trouble, trouble } from './trouble.js';
import { plain } from './paths.js';
import type { EngineState, RootIdentity } from './state.js';

export interface Roots {
  readonly source: Dir;
  readonly target: Dir;
}

function identity(dir: Dir, path: BytePath): RootIdentity {
  const { dev, ino } = dir.stat();
  const parent = statSync(toBuffer(asBytes(`${plain(path)}/..`)), { bigint: true });
  return { dev, ino, mounted: parent.dev !== dev };
}

const same = (one: RootIdentity, other: RootIdentity): boolean =>
  one.dev === other.dev && one.ino === other.ino;

/** Nothing can be done now; `again`, since it may be back. */
function missing(side: 'source' | 'target', text: string, code = 'ENOENT'): Trouble {
  return new Trouble(side, code, text, 'again');
}

function openSource(state: EngineState): Dir {
  const shown = toText(state.source);
  const gone = () =>
    missing(
      'source',
      `source missing: ${shown} is no readable directory now; nothing is deleted at the target`,
    );
  let source: Dir;
  try {
    source = Dir.open(state.source);
  } catch {
    throw gone();
  }
  const found = identity(source, state.source);
  const before = state.sourceRoot;
  const replaced = before !== undefined && !same(before, found);
  // Another directory than before, and empty: most likely the file system is not mounted any more.
  if (replaced && (before.mounted || source.names().length === 0) && !found.mounted) {
    source.close();
    throw gone();
  }
  state.sourceRoot = found;
  return source;
}

function openTarget(state: EngineState, mayMake: boolean): { target: Dir; found: RootIdentity } {
  const shown = toText(state.target);
  try {
    if (mayMake && state.targetRoot === undefined) make(state);
    const target = Dir.open(state.target);
    return { target, found: identity(target, state.target) };
  } catch (error) {
    const code = codeOf(error) ?? 'unknown';
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw trouble('target', error);
    throw missing('target', `target missing: ${shown} is no directory now; create or mount it`, code);
  }
}

function make(state: EngineState): void {
  try {
    mkdirSync(toBuffer(plain(state.target)));
    state.madeTarget = true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/**
 * Opens both.
 * @param mayMake the first time, the last component of the target is made, as rsync does
 * @throws Trouble when there is nothing to be done without them
 */
export function openRoots(state: EngineState, mayMake: boolean): Roots {
  const source = openSource(state);
  try {
    const { target, found } = openTarget(state, mayMake);
    const before = state.targetRoot;
    if (before?.mounted === true && !found.mounted) {
      target.close();
      const text = `target missing: nothing is mounted at ${toText(state.target)} any more; mount it`;
      throw missing('target', text, 'ENODEV');
    }
    if (state.sourceRoot !== undefined && same(state.sourceRoot, found)) {
      target.close();
      throw new Trouble(
        'target',
        'EINVAL',
        `source and target are the same directory; name another`,
        'failed',
      );
    }
    state.targetRoot = found;
    return { source, target };
  } catch (error) {
    source.close();
    throw error;
  }
}

/** Is the source, by its path, still the directory that was opened? Asked before anything is deleted. */
export function sourceStands(state: EngineState): boolean {
  try {
    const { dev, ino } = statSync(toBuffer(state.source), { bigint: true });
    return state.sourceRoot?.dev === dev && state.sourceRoot.ino === ino;
  } catch {
    return false;
  }
}
