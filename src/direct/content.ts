import { fstatSync, ftruncateSync, read, readSync, write, writeSync, type BigIntStats } from 'node:fs';
import { nextData, nextHole } from '../sys/at.js';
import { trouble } from './trouble.js';

/** How content is read and written; tests put faults in between. */
export interface ContentIo {
  read(fd: number, buffer: Buffer, length: number, position: number): Promise<number>;
  write(fd: number, buffer: Buffer, length: number, position: number): Promise<number>;
}

/** Up to here a call costs less than handing it to another thread. */
const quick = 64 * 1024;
const chunk = 1024 * 1024;

/** The real thing: small pieces at once, large ones in the thread pool. */
export const systemIo: ContentIo = {
  read: (fd, buffer, length, position) =>
    length <= quick
      ? now(() => readSync(fd, buffer, 0, length, position))
      : new Promise((resolve, reject) =>
          read(fd, buffer, 0, length, position, (error, count) => (error ? reject(error) : resolve(count))),
        ),
  write: (fd, buffer, length, position) =>
    length <= quick
      ? now(() => writeSync(fd, buffer, 0, length, position))
      : new Promise((resolve, reject) =>
          write(fd, buffer, 0, length, position, (error, count) => (error ? reject(error) : resolve(count))),
        ),
};

function now(call: () => number): Promise<number> {
  try {
    return Promise.resolve(call());
  } catch (error) {
    return Promise.reject(error instanceof Error ? error : new Error(String(error)));
  }
}

/** Buffers not in use, so that small files do not cost a megabyte each. */
const spare: Buffer[] = [];

async function withBuffer<T>(size: number, work: (buffer: Buffer) => Promise<T>): Promise<T> {
  if (size <= quick) return work(Buffer.allocUnsafe(Math.max(1, size)));
  const buffer = spare.pop() ?? Buffer.allocUnsafe(chunk);
  try {
    return await work(buffer);
  } finally {
    if (spare.length < 8) spare.push(buffer);
  }
}

/** Parts of a file that hold data. A file without holes is one part. */
function* dataParts(
  fd: number,
  { size, blocks }: BigIntStats,
): Generator<readonly [from: number, to: number]> {
  const end = Number(size);
  if (blocks * 512n >= size) {
    if (end > 0) yield [0, end];
    return;
  }
  for (let at = 0; at < end;) {
    const from = nextData(fd, at);
    if (from === undefined || from >= end) return;
    const to = Math.min(end, nextHole(fd, from));
    yield [from, to];
    at = to;
  }
}

/**
 * Writes a file's content into an empty one, holes left as holes.
 * @returns bytes written; fewer than there should be when the source became shorter
 */
export async function copyContent(
  io: ContentIo,
  from: number,
  to: number,
  stats: BigIntStats,
  signal: AbortSignal,
): Promise<number> {
  const size = Number(stats.size);
  let total = 0;
  await withBuffer(size, async (buffer) => {
    for (const [start, end] of dataParts(from, stats)) {
      for (let at = start; at < end;) {
        signal.throwIfAborted();
        const length = await io.read(from, buffer, Math.min(buffer.length, end - at), at).catch(ofSource);
        if (length === 0) return;
        for (let done = 0; done < length;)
          done += await io.write(to, buffer.subarray(done, length), length - done, at + done);
        at += length;
        total += length;
      }
    }
  });
  if (fstatSync(to).size < size) ftruncateSync(to, size);
  return total;
}

function ofSource(error: unknown): never {
  throw trouble('source', error);
}

/** Have two files of equal size the same content? Holes of both are not read. */
export async function sameContent(
  io: ContentIo,
  source: number,
  target: number,
  size: number,
  signal: AbortSignal,
): Promise<boolean> {
  return withBuffer(size, (one) =>
    withBuffer(size, async (other) => {
      for (let at = 0; at < size;) {
        signal.throwIfAborted();
        const from = Math.min(nextData(source, at) ?? size, nextData(target, at) ?? size);
        if (from >= size) return true;
        const wanted = Math.min(one.length, size - from);
        const length = await io.read(source, one, wanted, from).catch(ofSource);
        if (length === 0) return false;
        for (let have = 0; have < length;) {
          const got = await io.read(target, other.subarray(have), length - have, from + have);
          if (got === 0) return false;
          have += got;
        }
        if (one.compare(other, 0, length, 0, length) !== 0) return false;
        at = from + length;
      }
      return true;
    }),
  );
}
