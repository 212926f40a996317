import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A stretch of an object: small ones in memory, large ones in a file of their own. */
type Piece =
  { readonly size: number; readonly bytes: Buffer } | { readonly size: number; readonly file: string };

const inMemory = 1024 * 1024;

/** An object's bytes. Shared by copies, so its holders are counted; the last one's release removes its files. */
export class Content {
  readonly size: number;
  #holders = 1;

  constructor(
    readonly pieces: readonly Piece[],
    /** Of the whole; empty for what was put together from parts. */
    readonly md5: Buffer,
  ) {
    this.size = pieces.reduce((sum, piece) => sum + piece.size, 0);
  }

  retain(): this {
    this.#holders++;
    return this;
  }

  async release(): Promise<void> {
    if (--this.#holders > 0) return;
    for (const piece of this.pieces) if ('file' in piece) await unlink(piece.file).catch(() => undefined);
  }

  /** One content of several, which are given up. */
  static join(parts: readonly Content[]): Content {
    return new Content(
      parts.flatMap(({ pieces }) => pieces),
      Buffer.alloc(0),
    );
  }

  /** The bytes from `start` up to and without `end`; the content stays while they are read. */
  async *read(start = 0, end = this.size): AsyncGenerator<Buffer> {
    this.retain();
    try {
      let at = 0;
      for (const piece of this.pieces) {
        const from = Math.max(0, start - at);
        const to = Math.min(piece.size, end - at);
        at += piece.size;
        if (from < to) yield* readPiece(piece, from, to);
      }
    } finally {
      await this.release();
    }
  }

  async bytes(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.read()) chunks.push(chunk);
    return Buffer.concat(chunks);
  }
}

async function* readPiece(piece: Piece, from: number, to: number): AsyncGenerator<Buffer> {
  if ('bytes' in piece) {
    yield piece.bytes.subarray(from, to);
    return;
  }
  const file = await open(piece.file);
  try {
    for (let at = from; at < to;) {
      const chunk = Buffer.alloc(Math.min(256 * 1024, to - at));
      const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
      if (bytesRead === 0) throw new Error('the server lost bytes of an object');
      yield chunk.subarray(0, bytesRead);
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
}

/** Takes bodies in; what is large goes to a directory made when first needed. */
export class ContentStore {
  #directory: string | undefined;

  /** Reads a body to its end. @throws what the source throws; nothing is left then */
  async take(source: AsyncIterable<Buffer>, onLength: (length: number) => void): Promise<Content> {
    const hash = createHash('md5');
    const chunks: Buffer[] = [];
    let size = 0;
    let file: Awaited<ReturnType<typeof open>> | undefined;
    let name = '';
    try {
      for await (const chunk of source) {
        hash.update(chunk);
        size += chunk.length;
        onLength(size);
        chunks.push(chunk);
        if (file === undefined && size <= inMemory) continue;
        if (file === undefined) {
          name = join((this.#directory ??= mkdtempSync(join(tmpdir(), 'qingstor-'))), randomUUID());
          file = await open(name, 'wx');
        }
        await writeAll(file, chunks.splice(0));
      }
    } catch (error) {
      await file?.close();
      if (name !== '') await unlink(name).catch(() => undefined);
      throw error;
    }
    await file?.close();
    const piece = name === '' ? { size, bytes: Buffer.concat(chunks) } : { size, file: name };
    return new Content([piece], hash.digest());
  }

  close(): void {
    if (this.#directory !== undefined) rmSync(this.#directory, { recursive: true, force: true });
    this.#directory = undefined;
  }
}

async function writeAll(file: Awaited<ReturnType<typeof open>>, chunks: Buffer[]): Promise<void> {
  const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten;
}
