import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { asBytes, type ByteString } from '../core/bytes.js';
import { fromBuffer, toBuffer } from '../sys/bytes.js';
import { directoryOf, isSharedDirectory, openOwn } from '../sys/secure-file.js';
import { writeAll } from './sinks.js';

const mode = 0o644;

/**
 * A file that is always there as a whole: written under a temporary name next to it and renamed, so that no
 * reader sees half of it.
 */
export class ReplacedFile {
  private lastBody: string | undefined;
  private swept = false;

  constructor(private readonly path: ByteString) {}

  /**
   * Gives the file new content, unless `body` is what was written last and the file is still there.
   * @param head first part, which alone is no reason to write (a time).
   * @throws the system's error, or LsyncdError `LSY_UNSAFE_FILE`.
   */
  replace(head: Buffer, body: readonly Buffer[]): void {
    const hash = createHash('sha1');
    for (const piece of body) hash.update(piece);
    const digest = hash.digest('base64');
    const there = statSync(toBuffer(this.path), { throwIfNoEntry: false });
    if (digest === this.lastBody && there !== undefined) return;
    const pieces = [head, ...body];
    if (there === undefined || there.isFile()) this.rename(pieces, there !== undefined);
    else this.inPlace(pieces);
    this.lastBody = digest;
  }

  private rename(pieces: readonly Buffer[], exists: boolean): void {
    const target = this.target();
    if (!this.swept) removeStale(target);
    this.swept = true;
    const temporary = toBuffer(asBytes(`${target}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`));
    let fd: number;
    try {
      const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
      fd = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    } catch (error) {
      // The file may be ours while its directory is not (prepared by an administrator).
      if (!exists || !isForbidden(error)) throw error;
      this.inPlace(pieces);
      return;
    }
    try {
      writeThenClose(fd, pieces);
      renameSync(temporary, toBuffer(target));
    } catch (error) {
      unlinkSync(temporary);
      throw error;
    }
  }

  /** Devices and pipes cannot be replaced. */
  private inPlace(pieces: readonly Buffer[]): void {
    const fd = openOwn(this.path, constants.O_WRONLY, mode);
    // Only now: what openOwn refuses must not be cut.
    if (fstatSync(fd).isFile()) ftruncateSync(fd);
    writeThenClose(fd, pieces);
  }

  /** A symbolic link stays and its target is replaced; where anyone can make links, the link itself is. */
  private target(): ByteString {
    const link = lstatSync(toBuffer(this.path), { throwIfNoEntry: false })?.isSymbolicLink() === true;
    if (!link || isSharedDirectory(directoryOf(this.path))) return this.path;
    try {
      return fromBuffer(realpathSync(toBuffer(this.path), { encoding: 'buffer' }));
    } catch {
      return this.path;
    }
  }
}

/** Removes temporary files of programs that were killed between writing and renaming. What fails is left. */
function removeStale(target: ByteString): void {
  const name = target.slice(target.lastIndexOf('/') + 1);
  const directory = directoryOf(target);
  try {
    for (const other of readdirSync(toBuffer(directory), { encoding: 'latin1' })) {
      const pid = other.startsWith(`${name}.`)
        ? /^(\d{1,10})\.[0-9a-f]{12}\.tmp$/.exec(other.slice(name.length + 1))?.[1]
        : undefined;
      if (pid !== undefined && !isRunning(Number(pid)))
        unlinkSync(toBuffer(asBytes(`${directory}/${other}`)));
    }
  } catch {
    // A directory that cannot be read is no reason not to write the file.
  }
}

/** True for our own number, too: a number given again must not cost another's file. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function writeThenClose(fd: number, pieces: readonly Buffer[]): void {
  try {
    for (const piece of pieces) writeAll(fd, piece);
  } finally {
    closeSync(fd);
  }
}

function isForbidden(error: unknown): boolean {
  return ['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '');
}
