import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import type { KnownFile, KnownFiles } from '../qingstor/known.js';

type Level = ClassicLevel<string, Buffer>;

/** Which sync an index belongs to: another source or target has another one. */
export interface IndexIdentity {
  readonly source: string;
  readonly service: string;
  readonly bucket: string;
  readonly prefix: string;
}

/** Entries written at once. */
const writeAtOnce = 1000;

/** Bits by which a sweep tells keys it has seen; of a million keys one in a hundred is kept by mistake. */
const sweepBits = 27;

/** Databases open in this process: after a reload two lives of a sync share one for a moment. */
const open = new Map<string, { readonly level: Level; users: number }>();

/**
 * Opens a sync's index below a state directory. One that is damaged is made anew, one that cannot be had is done
 * without; both are told. Never rejects.
 * @param warn is given what is wrong and what it means
 */
export async function openTransferIndex(
  stateDir: string,
  identity: IndexIdentity,
  warn: (message: string) => void,
): Promise<KnownFiles | undefined> {
  const { source, service, bucket, prefix } = identity;
  const name = createHash('sha256')
    .update(JSON.stringify([source, service, bucket, prefix]))
    .digest('hex');
  const directory = join(stateDir, 'index', name.slice(0, 32));
  const shared = open.get(directory);
  if (shared !== undefined) {
    shared.users++;
    return new TransferIndex(directory, shared.level, warn);
  }
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const level = await opened(directory, warn);
    open.set(directory, { level, users: 1 });
    return new TransferIndex(directory, level, warn);
  } catch (error) {
    warn(
      `the index ${directory} cannot be used (${reason(error)}): changes made while the program is not running ` +
        'are told by size and time only',
    );
    return undefined;
  }
}

async function opened(directory: string, warn: (message: string) => void): Promise<Level> {
  const options = { keyEncoding: 'utf8', valueEncoding: 'buffer' } as const;
  const level: Level = new ClassicLevel(directory, options);
  try {
    await level.open();
    return level;
  } catch (error) {
    if (codeOf(error) === 'LEVEL_LOCKED') throw error;
    warn(`the index ${directory} is damaged (${reason(error)}): it is made anew`);
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const fresh: Level = new ClassicLevel(directory, options);
    await fresh.open();
    return fresh;
  }
}

/** `classic-level` tells what is wrong in the cause of its own error. */
function codeOf(error: unknown): string {
  const { cause } = error as { readonly cause?: { readonly code?: string } };
  return cause?.code ?? (error as NodeJS.ErrnoException).code ?? 'unknown';
}

function reason(error: unknown): string {
  if (codeOf(error) === 'LEVEL_LOCKED') return 'another program uses it';
  const { cause, message } = error as Error & { readonly cause?: Error };
  return cause?.message ?? message;
}

class TransferIndex implements KnownFiles {
  private readonly loaded = new Map<string, KnownFile>();
  private readonly pending = new Map<string, KnownFile | undefined>();
  private seen: Uint8Array | undefined;
  private writing: Promise<void> = Promise.resolve();
  private broken = false;

  constructor(
    private readonly directory: string,
    private readonly level: Level,
    private readonly warn: (message: string) => void,
  ) {}

  async load(keys: readonly string[]): Promise<void> {
    if (this.broken || keys.length === 0) return;
    try {
      const values = await this.level.getMany([...keys]);
      for (const [i, key] of keys.entries()) {
        const value = values[i];
        if (value !== undefined) this.loaded.set(key, decoded(value));
        this.see(key);
      }
    } catch (error) {
      this.failed(error);
    }
  }

  unload(keys: readonly string[]): void {
    for (const key of keys) this.loaded.delete(key);
  }

  get(key: string): KnownFile | undefined {
    return this.pending.has(key) ? this.pending.get(key) : this.loaded.get(key);
  }

  put(key: string, known: KnownFile): void {
    this.see(key);
    this.change(key, known);
  }

  drop(key: string): void {
    this.change(key, undefined);
  }

  async carry(from: string, to: string): Promise<void> {
    let known = this.pending.get(from);
    if (!this.pending.has(from) && !this.broken)
      known = await this.level.get(from).then(
        (value: Buffer | undefined) => (value === undefined ? undefined : decoded(value)),
        () => undefined,
      );
    this.drop(from);
    if (known === undefined) this.drop(to);
    else this.put(to, known);
  }

  async flush(): Promise<void> {
    this.write();
    await this.writing;
  }

  beginSweep(): void {
    this.seen = new Uint8Array(2 ** (sweepBits - 3));
  }

  async sweep(): Promise<void> {
    const { seen } = this;
    await this.flush();
    if (seen === undefined || this.broken) return;
    try {
      for await (const key of this.level.keys()) {
        const at = hash(key);
        if ((seen[at >>> 3]! & (1 << (at & 7))) === 0) this.change(key, undefined);
      }
    } catch (error) {
      this.failed(error);
    }
    this.seen = undefined;
    await this.flush();
  }

  async close(): Promise<void> {
    await this.flush();
    const shared = open.get(this.directory);
    if (shared === undefined || --shared.users > 0) return;
    open.delete(this.directory);
    await shared.level.close().catch(() => undefined);
    // What is damaged would be met again.
    if (this.broken) await rm(this.directory, { recursive: true, force: true }).catch(() => undefined);
  }

  private change(key: string, known: KnownFile | undefined): void {
    this.pending.set(key, known);
    if (this.pending.size >= writeAtOnce) this.write();
  }

  private write(): void {
    if (this.pending.size === 0) return;
    const entries = [...this.pending];
    this.pending.clear();
    if (this.broken) return;
    this.writing = this.writing
      .then(() =>
        this.level.batch(
          entries.map(([key, known]) =>
            known === undefined ? { type: 'del', key } : { type: 'put', key, value: encoded(known) },
          ),
        ),
      )
      .catch((error: unknown) => this.failed(error));
  }

  private see(key: string): void {
    if (this.seen === undefined) return;
    const at = hash(key);
    this.seen[at >>> 3]! |= 1 << (at & 7);
  }

  private failed(error: unknown): void {
    if (this.broken) return;
    this.broken = true;
    this.warn(
      `the index ${this.directory} fails (${reason(error)}): changes made while the program is not running are told ` +
        'by size and time only, until it is started again',
    );
  }
}

/** FNV-1a over the characters, folded to the bits of a sweep. */
function hash(key: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) value = Math.imul(value ^ key.charCodeAt(i), 0x01000193);
  return (value ^ (value >>> sweepBits)) & (2 ** sweepBits - 1);
}

/** Size, time and inode in 8 bytes each, then the ETag. */
function encoded({ size, mtimeNs, ino, etag }: KnownFile): Buffer {
  const buffer = Buffer.alloc(24 + Buffer.byteLength(etag));
  buffer.writeDoubleLE(size, 0);
  buffer.writeBigInt64LE(mtimeNs, 8);
  buffer.writeBigUInt64LE(ino, 16);
  buffer.write(etag, 24);
  return buffer;
}

function decoded(buffer: Buffer): KnownFile {
  return {
    size: buffer.readDoubleLE(0),
    mtimeNs: buffer.readBigInt64LE(8),
    ino: buffer.readBigUInt64LE(16),
    etag: buffer.toString('utf8', 24),
  };
}
