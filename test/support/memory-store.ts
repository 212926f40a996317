import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { toText } from '../../src/core/bytes.js';
import { maxKeyBytes } from '../../src/qingstor/keys.js';
import {
  StoreError,
  type ListedObject,
  type ObjectStore,
  type RefusedKey,
  type StoreScope,
  type Uploaded,
  type UploadSource,
} from '../../src/qingstor/store.js';
import { toBuffer } from '../../src/sys/bytes.js';

/** A call as it reaches the store. */
export interface StoreCall {
  readonly kind: 'list' | 'upload' | 'mark' | 'move' | 'remove';
  /** The prefix, the key, both keys of a move, the keys to delete. */
  readonly keys: readonly string[];
}

/** How a call fails. */
export interface StoreFault {
  readonly scope: StoreScope;
  readonly message?: string;
  readonly remedy?: string;
  /** What was asked for is done all the same, as when only the answer is lost. */
  readonly done?: boolean;
}

/** Which calls fail. */
export interface FaultRule extends StoreFault {
  readonly kind?: StoreCall['kind'];
  /** One of the call's keys. */
  readonly key?: string | RegExp;
  /** How many are let through first (0). */
  readonly after?: number;
  /** How many fail (1). */
  readonly times?: number;
}

interface Stored {
  readonly content: Buffer;
  readonly type: string;
  /** Seconds since 1970. */
  readonly modified: number;
}

export const markerType = 'application/x-directory';

/** A bucket in memory, with a record of what was asked for and faults on demand. */
export class MemoryStore implements ObjectStore {
  readonly objects = new Map<string, Stored>();

  /** Calls in the order they came, refused ones too: `upload a`, `move a -> b`, `remove a b` (sorted). */
  readonly calls: string[] = [];

  /** Objects in one page of a listing. */
  pageSize = 3;

  /** The time objects get, seconds since 1970. */
  now = (): number => Math.floor(Date.now() / 1000);

  /** Decides for each call whether it fails. */
  chaos: (call: StoreCall) => StoreFault | undefined = () => undefined;

  /** Runs when a call has come, before anything is done. */
  before: (call: StoreCall) => Promise<void> | void = () => undefined;

  /** Keys that cannot be deleted. */
  refuse: (key: string) => boolean = () => false;

  /** Most calls that ran at once. */
  busiest = 0;
  closed = false;
  readonly #rules: { readonly rule: FaultRule; passed: number; struck: number }[] = [];
  #busy = 0;

  /** Sets a fault; it gives how often it struck. */
  fail(rule: FaultRule): { readonly struck: number } {
    const entry = { rule, passed: 0, struck: 0 };
    this.#rules.push(entry);
    return entry;
  }

  /** Takes all faults away. */
  heal(): void {
    this.#rules.length = 0;
    this.chaos = () => undefined;
  }

  /** Puts an object without a call. */
  put(key: string, text = '', modified = this.now()): void {
    const type = key.endsWith('/') && text === '' ? markerType : 'application/octet-stream';
    this.objects.set(key, { content: Buffer.from(text), type, modified });
  }

  text(key: string): string | undefined {
    return this.objects.get(key)?.content.toString('utf8');
  }

  /** Keys in order. */
  keys(): string[] {
    return [...this.objects.keys()].sort();
  }

  /** The calls since the last time. */
  taken(): string[] {
    return this.calls.splice(0);
  }

  async *list(prefix: string, signal: AbortSignal): AsyncGenerator<readonly ListedObject[], void, undefined> {
    const found = await this.#call({ kind: 'list', keys: [prefix] }, signal, () =>
      [...this.objects].filter(([key]) => key.startsWith(prefix)),
    );
    for (let at = 0; at < found.length; at += this.pageSize) {
      this.#check(signal);
      yield found.slice(at, at + this.pageSize).map(([key, { content, type, modified }]) => ({
        key,
        size: content.length,
        modified,
        etag: createHash('md5').update(content).digest('hex'),
        mimeType: type,
      }));
    }
  }

  upload({ path, key }: UploadSource, signal: AbortSignal): Promise<Uploaded> {
    return this.#call({ kind: 'upload', keys: [key] }, signal, async () => {
      checkKey(key);
      const file = toBuffer(path);
      try {
        const { mtimeNs, ino } = await stat(file, { bigint: true });
        const content = await readFile(file);
        this.objects.set(key, { content, type: 'application/octet-stream', modified: this.now() });
        return { bytes: content.length, size: content.length, etag: '', mtimeNs, ino };
      } catch (error) {
        throw localFailure(error, toText(path));
      }
    });
  }

  putMarker(key: string, signal: AbortSignal): Promise<void> {
    return this.#call({ kind: 'mark', keys: [key] }, signal, () => {
      checkKey(key);
      this.objects.set(key, { content: Buffer.alloc(0), type: markerType, modified: this.now() });
    });
  }

  move(from: string, to: string, signal: AbortSignal): Promise<void> {
    return this.#call({ kind: 'move', keys: [from, to] }, signal, () => {
      checkKey(to);
      const object = this.objects.get(from);
      if (object === undefined) throw new StoreError('missing', `move of ${from} failed: 404`);
      this.objects.delete(from);
      this.objects.set(to, { ...object, modified: this.now() });
    });
  }

  remove(keys: readonly string[], signal: AbortSignal): Promise<readonly RefusedKey[]> {
    return this.#call({ kind: 'remove', keys }, signal, () => {
      const refused = keys.filter((key) => this.refuse(key));
      for (const key of keys) if (!refused.includes(key)) this.objects.delete(key);
      return refused.map((key) => ({ key, message: 'permission_denied' }));
    });
  }

  /** Uploads in one go: none is ever unfinished. */
  abortUnfinished(): Promise<number> {
    return Promise.resolve(0);
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  async #call<T>(call: StoreCall, signal: AbortSignal, work: () => T | Promise<T>): Promise<T> {
    this.#check(signal);
    const shown = call.kind === 'move' ? call.keys.join(' -> ') : [...call.keys].sort().join(' ');
    this.calls.push(`${call.kind} ${shown}`);
    this.busiest = Math.max(this.busiest, ++this.#busy);
    try {
      await this.before(call);
      this.#check(signal);
      const fault = this.#struck(call) ?? this.chaos(call);
      if (fault === undefined) return await work();
      if (fault.done === true) await work();
      const { scope, message = `${call.kind} failed: ${scope}`, remedy } = fault;
      throw new StoreError(scope, message, remedy === undefined ? {} : { remedy });
    } finally {
      this.#busy--;
    }
  }

  #check(signal: AbortSignal): void {
    signal.throwIfAborted();
    if (this.closed) throw new Error('the store is closed');
  }

  #struck({ kind, keys }: StoreCall): StoreFault | undefined {
    for (const entry of this.#rules) {
      const { rule } = entry;
      if (rule.kind !== undefined && rule.kind !== kind) continue;
      if (rule.key !== undefined && !keys.some((key) => fits(rule.key!, key))) continue;
      if (entry.struck >= (rule.times ?? 1) || entry.passed++ < (rule.after ?? 0)) continue;
      entry.struck++;
      return rule;
    }
    return undefined;
  }
}

function fits(wanted: string | RegExp, key: string): boolean {
  return typeof wanted === 'string' ? wanted === key : wanted.test(key);
}

function checkKey(key: string): void {
  const bytes = Buffer.byteLength(key);
  if (bytes < 1 || bytes > maxKeyBytes) throw new StoreError('object', `a key of ${bytes} bytes is too long`);
  if (key === '.' || key === '..') throw new StoreError('object', 'the name cannot be a key');
}

function localFailure(error: unknown, path: string): StoreError {
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return new StoreError('vanished', `${path} is gone`, { code });
  if (code === 'EISDIR') return new StoreError('changing', `${path} is no regular file any more`, { code });
  return new StoreError('unreadable', `cannot read ${path}: ${code}`, { code });
}
