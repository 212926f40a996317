import type { Content } from './content.js';
import type { Journal } from './journal.js';

/** What is kept with an object's bytes. */
export interface Properties {
  readonly contentType: string;
  /** Other headers given back as they came: `x-qs-meta-*`, `cache-control` and the like. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface StoredObject extends Properties {
  readonly key: string;
  readonly content: Content;
  /** Without quotes; empty when a completed multipart upload named none. */
  readonly etag: string;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

/** The objects of one bucket. Every change is one step: the last one wins, and readers see all or nothing of it. */
export class Objects {
  readonly #byKey = new Map<string, StoredObject>();
  #sorted: readonly StoredObject[] | undefined;

  constructor(
    private readonly bucket: string,
    private readonly journal: Journal,
    private readonly now: () => number,
  ) {}

  get count(): number {
    return this.#byKey.size;
  }

  get bytes(): number {
    return [...this.#byKey.values()].reduce((sum, { content }) => sum + content.size, 0);
  }

  /** Keys in byte order. */
  get keys(): string[] {
    return [...this.#byKey.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  get(key: string): StoredObject | undefined {
    return this.#byKey.get(key);
  }

  /** In the service's own order, see `rank`. */
  get listed(): readonly StoredObject[] {
    return (this.#sorted ??= [...this.#byKey.values()]
      .map((object) => ({ object, rank: rank(object.key) }))
      .sort((a, b) => Buffer.compare(a.rank, b.rank))
      .map(({ object }) => object));
  }

  async put(key: string, content: Content, properties: Properties, etag: string): Promise<StoredObject> {
    return await this.#enter('put', { ...properties, key, content, etag, modified: this.now() });
  }

  async copy(source: StoredObject, key: string, properties: Properties): Promise<StoredObject> {
    const content = source.content.retain();
    const object = { ...source, ...properties, key, content, modified: this.now() };
    return await this.#enter('copy', object, source.key);
  }

  async move(source: StoredObject, key: string): Promise<StoredObject> {
    const object = { ...source, key, modified: this.now() };
    if (source.key === key) return source;
    this.#byKey.delete(source.key);
    return await this.#enter('move', object, source.key);
  }

  /** @returns whether there was one */
  async delete(key: string): Promise<boolean> {
    const object = this.#byKey.get(key);
    if (object === undefined) return false;
    this.#byKey.delete(key);
    this.#sorted = undefined;
    this.journal.record({
      kind: 'delete',
      bucket: this.bucket,
      key,
      size: object.content.size,
      replaced: true,
    });
    await object.content.release();
    return true;
  }

  async #enter(kind: 'put' | 'copy' | 'move', object: StoredObject, from?: string): Promise<StoredObject> {
    const { key, content } = object;
    const before = this.#byKey.get(key);
    this.#byKey.set(key, object);
    this.#sorted = undefined;
    this.journal.record({
      kind,
      bucket: this.bucket,
      key,
      ...(from === undefined ? {} : { from }),
      size: content.size,
      replaced: before !== undefined,
    });
    await before?.content.release();
    return object;
  }
}

/**
 * The service lists in an order of its own that is not the byte order, but keeps equal beginnings together. This one
 * is as good as any, and unlike byte order from the first key on.
 */
export function rank(key: string): Buffer {
  const bytes = Buffer.from(key, 'utf8');
  for (let at = 0; at < bytes.length; at++) bytes[at]! ^= 0x55;
  return bytes;
}
