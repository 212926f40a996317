import { lstatSync, type BigIntStats } from 'node:fs';
import { asBytes, type BytePath } from '../../core/bytes.js';
import type { Filter } from '../../core/filter.js';
import { toBuffer } from '../../sys/bytes.js';
import { readDirectory, withoutSlash } from '../../sys/fs-bytes.js';

/** What a look at one path gave. */
export interface Seen {
  readonly isDirectory: boolean;
  readonly isFile: boolean;
  /** The thing itself, whatever it is called: device, inode and birth. */
  readonly identity: string;
  /** Changes with the content. */
  readonly content: string;
  /** Changes with mode, owner and the like; of files, too, whenever the content does. */
  readonly attributes: string;
}

/** A tree at one time: paths relative to the source, with leading slash, directories with a trailing one. */
export type Snapshot = Map<BytePath, Seen>;

function seen(stats: BigIntStats): Seen {
  const isDirectory = stats.isDirectory();
  return {
    isDirectory,
    isFile: stats.isFile(),
    identity: `${stats.dev}:${stats.ino}:${stats.birthtimeNs}`,
    content: isDirectory ? '' : `${stats.size}:${stats.mtimeNs}`,
    attributes: `${stats.mode}:${stats.uid}:${stats.gid}${isDirectory ? '' : `:${stats.ctimeNs}`}`,
  };
}

/** A look at one path, links not followed; undefined when there is nothing to be seen. */
export function look(path: BytePath): Seen | undefined {
  try {
    const stats = lstatSync(toBuffer(withoutSlash(path)), { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? undefined : seen(stats);
  } catch {
    return undefined;
  }
}

export interface TakeOptions {
  readonly source: BytePath;
  readonly subdirs: boolean;
  readonly filter: Filter;
  /** A directory that can not be read. */
  readonly unreadable: (directory: BytePath, error: unknown) => void;
  /** Called now and then, so that others have their turn; false breaks off. */
  readonly pause: () => Promise<boolean>;
}

/** How long a walk goes on before it pauses, in milliseconds. */
const turn = 15;

/** Everything below a source now, parents before children; undefined when it was broken off. */
export async function take(options: TakeOptions): Promise<Snapshot | undefined> {
  const { source, subdirs, filter, unreadable, pause } = options;
  const snapshot: Snapshot = new Map();
  const waiting: BytePath[] = [asBytes('/')];
  let since = performance.now();
  for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
    if (performance.now() - since > turn) {
      if (!(await pause())) return undefined;
      since = performance.now();
    }
    const absolute = asBytes(source + directory.slice(1));
    try {
      for (const { name } of readDirectory(absolute)) {
        const found = look(asBytes(absolute + name));
        if (found === undefined) continue;
        const path = asBytes(directory + name + (found.isDirectory ? '/' : ''));
        if (filter.excludes(path)) continue;
        snapshot.set(path, found);
        if (found.isDirectory && subdirs) waiting.push(path);
      }
    } catch (error) {
      unreadable(absolute, error);
    }
  }
  return snapshot;
}
