/** Byte-exact looks at the file system: paths and names as byte strings, whatever their encoding. */
import { lstatSync, readdirSync, type Dirent, type Stats } from 'node:fs';
import { asBytes, type BytePath, type ByteString } from '../core/bytes.js';
import { fromBuffer, toBuffer } from './bytes.js';

/** One name in a directory. */
export interface Entry {
  readonly name: ByteString;
  /** True for directories themselves, not for links to them. */
  readonly isDirectory: boolean;
}

/** Names in a directory, byte-exact, without `.` and `..`. @throws the system's error (ENOENT, EACCES …) */
export function readDirectory(path: BytePath): Entry[] {
  const entries = readdirSync(toBuffer(path), {
    withFileTypes: true,
    encoding: 'buffer',
  }) as Dirent<Buffer>[];
  return entries.map((entry) => ({ name: fromBuffer(entry.name), isDirectory: entry.isDirectory() }));
}

/** The path of a name in a directory (whose path ends in a slash). */
export function childPath(directory: BytePath, { name, isDirectory }: Entry): BytePath {
  return asBytes(directory + name + (isDirectory ? '/' : ''));
}

/** What is at a path, links not followed; undefined when there is nothing. @throws other system errors */
export function lookAt(path: BytePath): Stats | undefined {
  // A trailing slash would follow a link.
  return lstatSync(toBuffer(withoutSlash(path)), { throwIfNoEntry: false });
}

/** `/a/b/` → `/a/b`; `/` stays. */
export function withoutSlash(path: BytePath): BytePath {
  return path.length > 1 && path.endsWith('/') ? asBytes(path.slice(0, -1)) : path;
}
