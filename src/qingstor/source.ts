import { createHash } from 'node:crypto';
import { constants, type BigIntStats } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { toText, type BytePath } from '../core/bytes.js';
import { toBuffer } from '../sys/bytes.js';
import { printable } from './errors.js';
import type { RateLimiter } from './rate.js';
import { StoreError } from './store.js';
import { BodyError } from './transport.js';

/** Read at once per stream: with 16 streams 4 MiB. */
const chunkBytes = 256 * 1024;

/** Reads at a position of the file; at least one byte. */
type ReadAt = (buffer: Buffer, offset: number, length: number, position: number) => Promise<number>;

/** An open regular file with what its stat said when its content began to be read. */
export class SourceFile {
  private constructor(
    private readonly path: BytePath,
    private readonly handle: FileHandle,
    readonly before: BigIntStats,
  ) {}

  /**
   * Opens before anything is sent (the SDK's defect 9). A symlink is followed, as qsctl does.
   * @throws StoreError `vanished`, `unreadable`, or `changing` when the path is no regular file any more
   */
  static async open(path: BytePath): Promise<SourceFile> {
    let handle: FileHandle;
    try {
      // O_NONBLOCK: a fifo that took the file's place must not hold a thread.
      handle = await open(toBuffer(path), constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      throw localError(error, path);
    }
    try {
      const before = await handle.stat({ bigint: true });
      if (!before.isFile()) throw new StoreError('changing', `${shown(path)} is no regular file any more`);
      return new SourceFile(path, handle, before);
    } catch (error) {
      await handle.close();
      throw error instanceof StoreError ? error : localError(error, path);
    }
  }

  get size(): number {
    return Number(this.before.size);
  }

  /** Is the file, by its path, still what it was when it was opened? @throws StoreError `vanished`, `unreadable` */
  async unchanged(): Promise<boolean> {
    try {
      // The name leads to the same file, so its stat tells about the open one too.
      return same(this.before, await stat(toBuffer(this.path), { bigint: true }));
    } catch (error) {
      throw localError(error, this.path);
    }
  }

  /** Is the open file, wherever it is now, still what it was? Cheaper than `unchanged`. */
  async steady(): Promise<boolean> {
    try {
      return same(this.before, await this.handle.stat({ bigint: true }));
    } catch (error) {
      throw localError(error, this.path);
    }
  }

  /** The whole content; for small files. @throws BodyError */
  async content(): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(this.size);
    let filled = 0;
    while (filled < buffer.length) {
      const read = await this.#read(buffer, filled, buffer.length - filled, filled);
      filled += read;
    }
    return buffer;
  }

  /** A part of the content as a stream that counts its MD5 on the way. */
  range(start: number, length: number, limit: RateLimiter | undefined, signal: AbortSignal): HashedRange {
    return new HashedRange(start, length, (...where) => this.#read(...where), limit, signal);
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  async #read(buffer: Buffer, offset: number, length: number, position: number): Promise<number> {
    let bytesRead: number;
    try {
      ({ bytesRead } = await this.handle.read(buffer, offset, length, position));
    } catch (error) {
      throw new BodyError(
        'unreadable',
        `reading failed: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}`,
      );
    }
    if (bytesRead === 0) throw new BodyError('short', 'the file became shorter');
    return bytesRead;
  }
}

/** Exactly `length` bytes from `start`, or a BodyError; never more than one chunk of them in memory. */
export class HashedRange {
  readonly #hash = createHash('md5');

  /** Truly private, all of them: undici calls a `read` it finds on a body. */
  readonly #start: number;
  readonly #length: number;
  readonly #read: ReadAt;
  readonly #limit: RateLimiter | undefined;
  readonly #signal: AbortSignal;
  #digest: Buffer | undefined;

  constructor(
    start: number,
    length: number,
    read: ReadAt,
    limit: RateLimiter | undefined,
    signal: AbortSignal,
  ) {
    this.#start = start;
    this.#length = length;
    this.#read = read;
    this.#limit = limit;
    this.#signal = signal;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    const piece = Math.min(chunkBytes, this.#limit?.piece ?? chunkBytes);
    for (let done = 0; done < this.#length;) {
      const wanted = Math.min(piece, this.#length - done);
      await this.#limit?.take(wanted, this.#signal);
      // Never reused: the socket may still hold the last one.
      const chunk = Buffer.allocUnsafe(wanted);
      const read = await this.#read(chunk, 0, wanted, this.#start + done);
      const bytes = read === wanted ? chunk : chunk.subarray(0, read);
      this.#hash.update(bytes);
      done += read;
      yield bytes;
    }
  }

  /** MD5 of what was given; to be asked for once all of it was. */
  get md5(): Buffer {
    this.#digest ??= this.#hash.digest();
    return this.#digest;
  }
}

function same(a: BigIntStats, b: BigIntStats): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ino === b.ino && a.dev === b.dev;
}

function shown(path: BytePath): string {
  return printable(toText(path), 1100);
}

function localError(error: unknown, path: BytePath): StoreError {
  const { code } = error as NodeJS.ErrnoException;
  const details = code === undefined ? {} : { code };
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new StoreError('vanished', `${shown(path)} is gone`, details);
  if (code === 'EMFILE' || code === 'ENFILE' || code === 'ENOMEM')
    return new StoreError('outage', `cannot open ${shown(path)}: ${code}`, {
      ...details,
      remedy: 'raise the limit of open files (ulimit -n)',
    });
  return new StoreError('unreadable', `cannot read ${shown(path)}: ${code ?? 'unknown error'}`, {
    ...details,
    ...(code === 'EACCES' ? { remedy: 'let the user lsyncd-ts runs as read it' } : {}),
  });
}
