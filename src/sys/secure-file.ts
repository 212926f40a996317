import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { asBytes, toText, type ByteString } from '../core/bytes.js';
import { LsyncdError } from '../core/errors.js';
import { toBuffer } from './bytes.js';

/** The directory part of a path, byte-exact. */
export function directoryOf(path: ByteString): ByteString {
  const cut = path.lastIndexOf('/');
  if (cut < 0) return asBytes('.');
  return cut === 0 ? asBytes('/') : asBytes(path.slice(0, cut));
}

/**
 * True for a directory anyone may create names in (like /tmp): a name there may be somebody else's trap.
 * @throws the error of stat when the directory is not there.
 */
export function isSharedDirectory(directory: ByteString): boolean {
  return (statSync(toBuffer(directory)).mode & 0o002) !== 0;
}

/**
 * Opens a file of ours for writing and creates it when missing. In a directory anyone may write to, what stands
 * there already must be a plain file with one name, ours or root's: a symbolic link, a hard link or a foreign
 * file would let another user choose what a daemon running as root writes to. Elsewhere links are followed, as
 * an administrator may have put them.
 * @param flags further `O_…` flags, e.g. O_APPEND.
 * @param mode of a new file, before umask.
 * @returns an open descriptor, not inherited by children.
 * @throws the system's error, or LsyncdError `LSY_UNSAFE_FILE`.
 */
export function openOwn(path: ByteString, flags: number, mode = 0o666): number {
  const common = flags | constants.O_CREAT | constants.O_NOCTTY;
  if (!isSharedDirectory(directoryOf(path))) return openSync(toBuffer(path), common, mode);
  let fd: number;
  try {
    fd = openSync(toBuffer(path), common | constants.O_NOFOLLOW | constants.O_NONBLOCK, mode);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ELOOP'
      ? unsafe(path, 'is a symbolic link', error)
      : error;
  }
  const { uid, nlink, mode: kind } = fstatSync(fd);
  const us = process.geteuid?.() ?? 0;
  const why =
    (kind & constants.S_IFMT) !== constants.S_IFREG
      ? 'is no plain file'
      : nlink > 1
        ? 'is a hard link'
        : uid !== us && uid !== 0
          ? 'belongs to another user'
          : undefined;
  if (why === undefined) return fd;
  closeSync(fd);
  throw unsafe(path, why);
}

function unsafe(path: ByteString, why: string, cause?: unknown): LsyncdError {
  return new LsyncdError(
    'LSY_UNSAFE_FILE',
    `${toText(path)} ${why}, in a directory anyone can write to`,
    'remove it, or choose a directory only its owner can write to',
    { cause },
  );
}
