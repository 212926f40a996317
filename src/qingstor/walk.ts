import { readdir } from 'node:fs/promises';
import { asBytes, type BytePath } from '../core/bytes.js';
import { toBuffer } from '../sys/bytes.js';
import { errnoOf, isGone, look, absolute, type Local } from './local.js';
import { drain } from './pool.js';

/** Something that stands in the tree; a directory's path ends with a slash, a link's to one does not. */
export interface Found {
  readonly path: BytePath;
  readonly local: Local;
}

export interface WalkOptions {
  readonly source: BytePath;
  /** Directory to begin with; not visited itself unless it cannot be read. */
  readonly from: BytePath;
  readonly recursive: boolean;
  /** Paths passed over, with all below. */
  readonly leave: (path: BytePath) => boolean;
  /** Is a directory to be entered? */
  readonly into: (dir: BytePath) => boolean;
  /** True: read nothing more. */
  readonly stopped: () => boolean;
  readonly signal: AbortSignal;
  /** Some entries of one directory; may be called again before it has ended. */
  readonly visit: (found: readonly Found[]) => Promise<void>;
}

/** Directories read at once, and entries looked at at once per directory. */
const directoriesAtOnce = 4;
const chunk = 256;

/**
 * Walks a tree, byte-exact, without following links. A directory that vanishes meanwhile is no error; one that
 * cannot be read is reported as `unreadable` (after it was reported as a directory). Memory: the names of the
 * directories being read, and the paths of those to come.
 * @returns how the start itself was: `gone` when it could not be read because it is not there.
 */
export async function walkTree(options: WalkOptions): Promise<'walked' | 'gone'> {
  let start: 'walked' | 'gone' = 'walked';
  const todo = [options.from];
  await drain(todo, directoriesAtOnce, async (dir) => {
    options.signal.throwIfAborted();
    if (options.stopped()) return;
    let names: string[];
    try {
      // latin1 is lossless for bytes; the entries' types are not asked for, since every entry is looked at anyway.
      names = await readdir(toBuffer(absolute(options.source, dir)), { encoding: 'latin1' });
    } catch (error) {
      const code = errnoOf(error);
      if (!isGone(code)) await options.visit([{ path: dir, local: { kind: 'unreadable', code } }]);
      else if (dir === options.from) start = 'gone';
      return;
    }
    for (let i = 0; i < names.length; i += chunk) {
      options.signal.throwIfAborted();
      const found = await lookAt(options, dir, names.slice(i, i + chunk));
      if (found.length > 0) await options.visit(found);
      if (!options.recursive) continue;
      for (const { path, local } of found) if (local.kind === 'dir' && options.into(path)) todo.push(path);
    }
  });
  return start;
}

async function lookAt(options: WalkOptions, dir: BytePath, names: readonly string[]): Promise<Found[]> {
  const found = await Promise.all(
    names.map(async (name) => {
      const plain = asBytes(dir + name);
      const local = await look(options.source, plain);
      const path = local.kind === 'dir' ? asBytes(`${plain}/`) : plain;
      return local.kind === 'gone' || options.leave(path) ? undefined : { path, local };
    }),
  );
  return found.filter((one) => one !== undefined);
}
