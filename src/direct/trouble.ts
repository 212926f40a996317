import type { DirtyVerdict } from '../core/dirty-batch.js';
import { errnoText } from '../sys/errno.js';

/** Why something was not done: which side said what. */
export class Trouble extends Error {
  constructor(
    readonly side: 'source' | 'target',
    readonly code: string,
    message: string,
    readonly verdict: DirtyVerdict,
  ) {
    super(message);
  }
}

/** What only a person can mend. */
const lasting = new Set(['EACCES', 'EPERM', 'EROFS', 'ENAMETOOLONG', 'EFBIG', 'EINVAL', 'ENOTSUP']);

const more: Readonly<Record<string, string>> = {
  EDQUOT: 'Disk quota exceeded',
  EFBIG: 'File too large',
  EINVAL: 'Invalid argument',
  ENOMEM: 'Cannot allocate memory',
  ENOTSUP: 'Operation not supported',
  ESTALE: 'Stale file handle',
};

const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'free some space there; it is tried again',
  EDQUOT: 'free some space there or raise the quota; it is tried again',
  EROFS: 'mount it writable',
  ENAMETOOLONG: 'the file system takes no name that long; rename it or exclude it',
  EFBIG: 'the file system takes no file that large; exclude it or use another one',
  EINVAL: 'the file system does not take such a name; rename it or exclude it',
  EMFILE: 'raise the limit of open files (ulimit -n)',
  ENFILE: 'raise fs.file-max',
};

function remedy(side: Trouble['side'], code: string): string | undefined {
  if (code === 'EACCES' || code === 'EPERM')
    return `give the user lsyncd-ts runs as the right to ${side === 'source' ? 'read it' : 'write there'}`;
  return remedies[code];
}

/** errno's name of a failed call; undefined for other errors. */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof Trouble) return error.code;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** True for errors that say there is nothing, or something else than was thought. */
export function isElsewise(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP', 'EISDIR', 'ENXIO'].includes(codeOf(error) ?? '');
}

/** A system's error as trouble of a side. @throws anything else, as it is */
export function trouble(side: Trouble['side'], error: unknown): Trouble {
  if (error instanceof Trouble) return error;
  const code = codeOf(error);
  if (code === undefined) throw error;
  const text = more[code] ?? errnoText(error);
  const help = remedy(side, code);
  const where = side === 'source' ? 'reading the source' : 'writing the target';
  const message = `${where}: ${text} (${code})${help === undefined ? '' : `; ${help}`}`;
  return new Trouble(side, code, message, lasting.has(code) ? 'failed' : 'again');
}

/** Does something with the source; what the system says against it is the source's trouble. */
export function reading<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw trouble('source', error);
  }
}
