import type { BytePath } from './bytes.js';

/** Milliseconds; from one monotonic clock throughout the program. Always passed in, never read in core. */
export type Millis = number;

/** Kinds a monitor can report for one path (spec/events.md, "Watching"). */
export type PathEventKind = 'Attrib' | 'Create' | 'Modify' | 'Delete';

/**
 * What a monitor reports about a sync's source. Paths are relative to the source and begin with `/`;
 * a directory's path ends with `/`.
 */
export type FsEvent =
  | { readonly kind: PathEventKind; readonly path: BytePath; readonly transformed?: 'Move' }
  | { readonly kind: 'Move'; readonly path: BytePath; readonly path2: BytePath };

/** Every event type a delay can have; the strings are lsyncd's `etype` values. */
export type EventType = PathEventKind | 'Move' | 'Init' | 'Blanket' | 'Full';

/** True for a path that names a directory. */
export function isDirPath(path: BytePath): boolean {
  return path.endsWith('/');
}
