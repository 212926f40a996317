import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { asBytes, type ByteString } from '../../core/bytes.js';
import { fromBuffer, toBuffer } from '../../sys/bytes.js';
import type { LuaValue } from '../values.js';
import { errnoError } from './strerror.js';

export type Whence = 'set' | 'cur' | 'end';

/** What a Lua file reads from and writes to. All throw Node system errors. */
export interface Stream {
  /** At most `count` bytes, which may be fewer; none at the end. */
  read(count: number): ByteString;
  /** Gives bytes back, to be read next. */
  unread(bytes: ByteString): void;
  write(bytes: ByteString): void;
  /** The new position. */
  seek(whence: Whence, offset: number): number;
  /** Lua's results of closing. */
  close(): readonly LuaValue[];
}

/** What a descriptor was opened for. */
interface Access {
  readonly read: boolean;
  readonly write: boolean;
  readonly append: boolean;
}

const CHUNK = 65_536;

/** A descriptor: regular files are read and written by position, everything else in sequence. */
export class FileStream implements Stream {
  /** Read, but not yet asked for. */
  private ahead = '';

  /** Where a regular file is read or written next; behind what was read ahead. */
  private position: number | undefined;
  private readonly regular: boolean;

  constructor(
    private readonly fd: number,
    private readonly mode: Access,
  ) {
    this.regular = fd > 2 && fstatSync(fd).isFile();
    if (this.regular) this.position = 0;
  }

  /** @param mode C's fopen mode. @throws a Node system error. */
  static open(path: ByteString, mode: string): FileStream {
    const flags = mode.replace('b', '');
    const fd = openSync(toBuffer(asBytes(path.split('\0', 1)[0] ?? '')), flags, 0o666);
    try {
      const writes = !/^r(?!\+)/.test(flags);
      return new FileStream(fd, { read: /[r+]/.test(flags), write: writes, append: flags.startsWith('a') });
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  read(count: number): ByteString {
    if (!this.mode.read) throw errnoError('EBADF');
    if (this.ahead === '' && count > 0) this.ahead = this.fill(Math.max(count, CHUNK));
    const taken = this.ahead.slice(0, count);
    this.ahead = this.ahead.slice(taken.length);
    return asBytes(taken);
  }

  unread(bytes: ByteString): void {
    this.ahead = bytes + this.ahead;
  }

  write(bytes: ByteString): void {
    if (!this.mode.write) throw errnoError('EBADF');
    this.dropAhead();
    const buffer = toBuffer(bytes);
    for (let done = 0; done < buffer.length;) {
      const at = this.mode.append ? null : (this.position ?? null);
      const wrote = retried(() => writeSync(this.fd, buffer, done, buffer.length - done, at));
      done += wrote;
      if (this.position !== undefined) this.position = this.mode.append ? this.size() : this.position + wrote;
    }
  }

  seek(whence: Whence, offset: number): number {
    if (this.position === undefined) throw errnoError('ESPIPE');
    this.dropAhead();
    const base = { set: 0, cur: this.position, end: whence === 'end' ? this.size() : 0 }[whence];
    if (base + offset < 0) throw errnoError('EINVAL');
    return (this.position = base + offset);
  }

  close(): readonly LuaValue[] {
    closeSync(this.fd);
    return [true];
  }

  private size(): number {
    return fstatSync(this.fd).size;
  }

  /** Reading ahead must not move where the next write or seek begins. */
  private dropAhead(): void {
    if (this.position !== undefined) this.position -= this.ahead.length;
    if (this.regular) this.ahead = '';
  }

  private fill(count: number): ByteString {
    const buffer = Buffer.allocUnsafe(Math.min(count, 1 << 24));
    const got = retried(() => readSync(this.fd, buffer, 0, buffer.length, this.position ?? null));
    if (this.position !== undefined) this.position += got;
    return fromBuffer(buffer.subarray(0, got));
  }
}

/** Descriptors may be non-blocking (a pipe shared with Node's own streams): wait a little and try again. */
function retried(operation: () => number): number {
  for (;;) {
    try {
      return operation();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
