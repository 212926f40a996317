import { closeSync, constants, fstatSync, statSync, writeSync } from 'node:fs';
import { toText, type ByteString } from '../core/bytes.js';
import { toBuffer } from '../sys/bytes.js';
import { openOwn } from '../sys/secure-file.js';

/** Takes lines. Never throws. */
export interface Sink {
  write(bytes: Uint8Array): void;
  close(): void;
}

/** Longest time a line waits for a reader that does not read, then it is dropped. */
const patienceMs = 5_000;
const pauseMs = 5;

const lineEnd = Buffer.from('\n');

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes all of `bytes`.
 * @param progress told how many bytes are out, after each part
 * @throws the system's error; EAGAIN only when the reader is stuck for 5 s
 */
export function writeAll(fd: number, bytes: Uint8Array, progress?: (written: number) => void): void {
  let patience = patienceMs;
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at);
      progress?.(at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EINTR') continue;
      if (code !== 'EAGAIN' || patience <= 0) throw error;
      Atomics.wait(sleeper, 0, 0, pauseMs);
      patience -= pauseMs;
    }
  }
}

/**
 * A standard stream. Written by descriptor, not through process.stdout: lines are out when the call returns,
 * also right before an exit, and the descriptor may be exchanged when the process detaches.
 */
export class StreamSink implements Sink {
  constructor(private readonly fd: number) {}

  write(bytes: Uint8Array): void {
    try {
      writeAll(this.fd, bytes);
    } catch {
      // The reader is gone (EPIPE), the terminal closed (EIO) or stuck: work goes on without it.
    }
  }

  close(): void {
    // Standard streams stay open.
  }
}

/**
 * A log file. Its descriptor is kept, and before each line one stat tells whether the name still leads there:
 * after a rotation by renaming or deleting, the next line creates the file anew (as lsyncd's open, append,
 * close for each line does, at a fraction of the cost). When it cannot be written (a full disk), `warn` is called
 * once and every further line tries again; when one is out, `warn` tells how many are missing.
 */
export class FileSink implements Sink {
  private fd: number | undefined;
  private inode: bigint | undefined;
  private device: bigint | undefined;
  /** Lines that could not be written since the last one that was. */
  private lost = 0;
  /** The last line written lacks its end. */
  private torn = false;
  private readonly name: Buffer;

  constructor(
    private readonly path: ByteString,
    private readonly warn: (text: string) => void,
  ) {
    this.name = toBuffer(path);
  }

  write(bytes: Uint8Array): void {
    let written = 0;
    try {
      const fd = this.open();
      if (this.torn) writeAll(fd, lineEnd);
      this.torn = false;
      writeAll(fd, bytes, (count) => (written = count));
    } catch (error) {
      this.torn ||= written > 0;
      this.close();
      if (++this.lost > 1) return;
      this.warn(`Cannot write logfile '${toText(this.path)}': ${(error as Error).message}`);
      return;
    }
    if (this.lost === 0) return;
    this.warn(`Logfile '${toText(this.path)}' can be written again; ${this.lost} lines are missing in it`);
    this.lost = 0;
  }

  close(): void {
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
  }

  private open(): number {
    if (this.fd !== undefined) {
      const there = statSync(this.name, { bigint: true, throwIfNoEntry: false });
      if (there?.ino === this.inode && there?.dev === this.device) return this.fd;
      this.close();
    }
    this.fd = openOwn(this.path, constants.O_WRONLY | constants.O_APPEND);
    ({ ino: this.inode, dev: this.device } = fstatSync(this.fd, { bigint: true }));
    return this.fd;
  }
}
