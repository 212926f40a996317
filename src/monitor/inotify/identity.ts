import { lstatSync } from 'node:fs';
import type { BytePath } from '../../core/bytes.js';
import { toBuffer } from '../../sys/bytes.js';
import { withoutSlash } from '../../sys/fs-bytes.js';

/** Which directory a path leads to now; `gone` when to none; undefined when that can't be told. */
export function identityOf(path: BytePath): string | undefined {
  try {
    const stats = lstatSync(toBuffer(withoutSlash(path)), { bigint: true, throwIfNoEntry: false });
    return stats?.isDirectory() === true ? `${stats.dev}:${stats.ino}` : 'gone';
  } catch (error) {
    // Something above is no directory any more; anything else (rights, a disk that does not answer) passes.
    return (error as NodeJS.ErrnoException).code === 'ENOTDIR' ? 'gone' : undefined;
  }
}
