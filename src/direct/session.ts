import { setImmediate } from 'node:timers/promises';
import { toText, type BytePath } from '../core/bytes.js';
import { Dir } from '../sys/at.js';
import { above, asDirectory, nameOf, parentOf, partsOf } from './paths.js';
import { openRoots, sourceStands, type Roots } from './roots.js';
import type { EngineState } from './state.js';
import { codeOf, isElsewise, reading, Trouble } from './trouble.js';

/** How long (ms) the program waits for us before others get their turn. */
const turn = 10;

/** True for a path that is none of the sync's business. */
export type Excluded = (path: BytePath) => boolean;

/** What a run has done, for the log. */
export interface DirectStats {
  files: number;
  bytes: number;
  deletions: number;
  moves: number;
}

/** What the steps of one run share: the open roots, the rules, the books. Close it. */
export class Session {
  readonly stats: DirectStats = { files: 0, bytes: 0, deletions: 0, moves: 0 };
  /** Directories in which something was changed: they get their times when all is done. */
  readonly touched = new Set<BytePath>();
  /** Deletions that were not allowed any more. */
  skippedDeletions = 0;
  private readonly roots: Roots;
  private since = performance.now();

  /** @throws Trouble when there is nothing to be done without source or target */
  constructor(
    readonly state: EngineState,
    private readonly excluded: Excluded,
    readonly signal: AbortSignal,
    mayMakeTarget: boolean,
    /** So many deletions, and the rest is skipped. */
    private readonly mostDeletions = Infinity,
  ) {
    this.roots = openRoots(state, mayMakeTarget);
  }

  close(): void {
    this.roots.source.close();
    this.roots.target.close();
  }

  /**
   * To be asked before anything is deleted.
   * @throws Trouble once the source has gone: then everything would look deleted
   */
  assertSource(): void {
    if (sourceStands(this.state)) return;
    const text = `source missing: ${toText(this.state.source)} has gone; nothing is deleted at the target`;
    throw new Trouble('source', 'ENOENT', text, 'again');
  }

  /** Asked for each thing that is to be deleted; a false is counted. */
  mayDrop(): boolean {
    if (this.stats.deletions < this.mostDeletions) return true;
    this.skippedDeletions++;
    return false;
  }

  /** Is a path none of the sync's business, by the rules (itself or a directory above it)? */
  left(path: BytePath): boolean {
    if (path === '/') return false;
    if (this.excluded(path)) return true;
    for (const dir of above(path)) if (this.excluded(dir)) return true;
    return !this.state.subdirs && parentOf(path) !== '/';
  }

  /** Opens a directory of the source, from the root down, following no link. @throws Trouble */
  sourceDir(path: BytePath): Dir {
    return reading(() => descend(this.roots.source, path));
  }

  /** Opens a directory of the target likewise. @throws the system's error */
  targetDir(path: BytePath): Dir {
    return descend(this.roots.target, path);
  }

  /** The same; what is missing of it, or is no directory, is made. @throws the system's error */
  targetDirMade(path: BytePath): Dir {
    try {
      return this.targetDir(path);
    } catch (error) {
      if (!isElsewise(error) || path === '/') throw error;
    }
    const above = this.targetDirMade(parentOf(path));
    try {
      this.makeDirectory(above, path);
      return above.dir(nameOf(path));
    } finally {
      above.close();
    }
  }

  /** Makes sure there is a directory of that name; anything else there goes. */
  makeDirectory(within: Dir, path: BytePath): void {
    const name = nameOf(path);
    const have = within.look(name);
    if (have?.isDirectory() === true) return;
    if (have !== undefined) {
      this.assertSource();
      within.unlink(name);
      this.stats.deletions++;
    }
    // Its own mode comes when it is filled: until then only we have business there.
    try {
      within.mkdir(name, 0o700);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    this.touched.add(asDirectory(path));
    this.exec('mkdir', path);
  }

  /** Lets others work, and ends here when it is to end. */
  async breathe(): Promise<void> {
    this.signal.throwIfAborted();
    if (performance.now() - this.since < turn) return;
    await setImmediate();
    this.since = performance.now();
    this.signal.throwIfAborted();
  }

  exec(what: string, path: BytePath): void {
    this.state.log('Exec', `${what} ${toText(path)}`);
  }

  /** Says once that something is skipped. */
  skip(path: BytePath, why: string): void {
    this.state.warnOnce(path, `skipped ${toText(this.state.source)}${toText(path).slice(1)}: ${why}`);
  }
}

/** Does something with an open directory, and closes it. */
export async function using<T>(dir: Dir, work: (dir: Dir) => Promise<T> | T): Promise<T> {
  try {
    return await work(dir);
  } finally {
    dir.close();
  }
}

/** Opens a directory below another, one component after the other; the one given stays open. */
function descend(from: Dir, path: BytePath): Dir {
  let at = Dir.again(from);
  for (const part of partsOf(asDirectory(path))) {
    try {
      const next = at.dir(part);
      at.close();
      at = next;
    } catch (error) {
      at.close();
      throw error;
    }
  }
  return at;
}
