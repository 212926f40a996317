/**
 * File system calls relative to an open directory. Whatever is swapped for a symlink above or below meanwhile, a
 * call works in that very directory: names are single components, and links are never followed. Linux' own
 * `openat` family by way of `/proc/self/fd`, so that Node's file system calls (bytes, errors) serve.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  type BigIntStats,
} from 'node:fs';
import { endianness } from 'node:os';
import koffi from 'koffi';
import { asBytes, type BytePath, type ByteString } from '../core/bytes.js';
import { fromBuffer, toBuffer } from './bytes.js';
import { readDirectory, type Entry } from './fs-bytes.js';
import { lastErrno } from './libc.js';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** The calls Node has not, or only for times in seconds. */
interface TimeCalls {
  utimensat(dir: number, name: Buffer, times: Buffer, flags: number): number;
  futimens(fd: number, times: Buffer): number;
  lseek(fd: number, offset: number, whence: number): number | bigint;
}

let loaded: TimeCalls | undefined;

function calls(): TimeCalls {
  if (loaded !== undefined) return loaded;
  const lib = koffi.load('libc.so.6');
  loaded = {
    utimensat: lib.func('int utimensat(int dir, const void *name, const void *times, int flags)'),
    futimens: lib.func('int futimens(int fd, const void *times)'),
    lseek: lib.func('int64_t lseek(int fd, int64_t offset, int whence)'),
  };
  return loaded;
}

/** Linux' values; they are the same on all its machines. */
const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const AT_SYMLINK_NOFOLLOW = 0x100;
const UTIME_OMIT = (1n << 30n) - 2n;

/** `struct timespec[2]` for utimensat: the access time left alone, the modification time in ns since 1970. */
function timespecs(mtimeNs: bigint): Buffer {
  const second = 1_000_000_000n;
  const nanoseconds = ((mtimeNs % second) + second) % second;
  const seconds = (mtimeNs - nanoseconds) / second;
  const buffer = Buffer.alloc(32);
  const put = (value: bigint, at: number) =>
    endianness() === 'LE' ? buffer.writeBigInt64LE(value, at) : buffer.writeBigInt64BE(value, at);
  put(UTIME_OMIT, 8);
  put(seconds, 16);
  put(nanoseconds, 24);
  return buffer;
}

/** A failed call as Node throws them. */
function failure(syscall: string): NodeJS.ErrnoException {
  const code = lastErrno();
  return Object.assign(new Error(`${code}: ${syscall}`), { code, syscall });
}

/** Sets an open file's or directory's modification time. @throws the system's error */
export function setOwnTime(fd: number, mtimeNs: bigint): void {
  if (calls().futimens(fd, timespecs(mtimeNs)) !== 0) throw failure('futimens');
}

/**
 * Where the next bytes are that a file really holds.
 * @returns undefined when only a hole is left, or nothing at all
 */
export function nextData(fd: number, from: number): number | undefined {
  const at = Number(calls().lseek(fd, from, SEEK_DATA));
  if (at >= 0) return at;
  if (lastErrno() === 'ENXIO') return undefined;
  // A file system that knows nothing of holes: everything is data.
  return from;
}

/** Where the next hole begins at or after `from`, which is not beyond the file's end. */
export function nextHole(fd: number, from: number): number {
  const at = Number(calls().lseek(fd, from, SEEK_HOLE));
  return at >= 0 ? at : Infinity;
}

/** True where `Dir` works: Linux with `/proc`. */
export function hasDirectoryCalls(): boolean {
  try {
    return process.platform === 'linux' && lstatSync('/proc/self/fd/0').isSymbolicLink();
  } catch {
    return false;
  }
}

/** An open directory. All calls throw the system's error; names are single components. */
export class Dir {
  private constructor(readonly fd: number) {}

  /** Opens a directory by path, whose own symlinks are followed. */
  static open(path: BytePath): Dir {
    return new Dir(openSync(toBuffer(path), O_RDONLY | O_DIRECTORY));
  }

  /** The same directory once more, to be closed on its own. */
  static again(dir: Dir): Dir {
    return new Dir(openSync(`/proc/self/fd/${dir.fd}`, O_RDONLY | O_DIRECTORY));
  }

  /** Opens a directory in this one; ENOTDIR or ELOOP when it is a link. */
  dir(name: ByteString): Dir {
    return new Dir(openSync(this.at(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  }

  stat(): BigIntStats {
    return fstatSync(this.fd, { bigint: true });
  }

  /** What stands there, links not followed; undefined when nothing does. */
  look(name: ByteString): BigIntStats | undefined {
    try {
      return lstatSync(this.at(name), { bigint: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  names(): ByteString[] {
    return readdirSync(`/proc/self/fd/${this.fd}`, { encoding: 'latin1' }).map(asBytes);
  }

  /** The same with what is a directory, as far as the file system tells without a look at each. */
  entries(): Entry[] {
    return readDirectory(asBytes(`/proc/self/fd/${this.fd}`));
  }

  /** Opens a file for reading; neither a link nor the other end of a fifo is waited for. */
  openForReading(name: ByteString): number {
    return openSync(this.at(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  }

  /** Creates a file that only its owner may read. */
  create(name: ByteString): number {
    return openSync(this.at(name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  }

  mkdir(name: ByteString, mode: number): void {
    mkdirSync(this.at(name), { mode });
  }

  unlink(name: ByteString): void {
    unlinkSync(this.at(name));
  }

  rmdir(name: ByteString): void {
    rmdirSync(this.at(name));
  }

  rename(name: ByteString, into: Dir, newName: ByteString): void {
    renameSync(this.at(name), into.at(newName));
  }

  symlink(target: ByteString, name: ByteString): void {
    symlinkSync(toBuffer(target), this.at(name));
  }

  readlink(name: ByteString): ByteString {
    return fromBuffer(readlinkSync(this.at(name), { encoding: 'buffer' }));
  }

  /** Sets a link's (or anything's) modification time. */
  setTime(name: ByteString, mtimeNs: bigint): void {
    const bytes = Buffer.concat([toBuffer(name), Buffer.of(0)]);
    if (calls().utimensat(this.fd, bytes, timespecs(mtimeNs), AT_SYMLINK_NOFOLLOW) !== 0)
      throw failure('utimensat');
  }

  /** Sets a link's owner. */
  setOwner(name: ByteString, uid: number, gid: number): void {
    lchownSync(this.at(name), uid, gid);
  }

  /** The directory's own mode, owner and time. */
  chmod(mode: number): void {
    fchmodSync(this.fd, mode);
  }

  chown(uid: number, gid: number): void {
    fchownSync(this.fd, uid, gid);
  }

  setOwnTime(mtimeNs: bigint): void {
    setOwnTime(this.fd, mtimeNs);
  }

  close(): void {
    closeSync(this.fd);
  }

  private at(name: ByteString): Buffer {
    return Buffer.concat([Buffer.from(`/proc/self/fd/${this.fd}/`), toBuffer(name)]);
  }
}
