import type { ListedObject, ObjectStore } from './store.js';

/** What the comparison needs of an object. */
export interface Remote {
  readonly size: number;
  /** Seconds since 1970. */
  readonly modified: number;
  /** Empty unless the inventory keeps them. */
  readonly etag: string;
}

/**
 * A listing kept small, for a million objects: per object one map entry, its key, and two numbers in flat arrays.
 * Whatever the comparison has seen locally is taken out; what remains is too much in the bucket.
 */
export class Inventory {
  readonly #rows = new Map<string, number>();
  #sizes = new Float64Array(1024);
  #times = new Float64Array(1024);
  readonly #etags: string[] = [];
  #next = 0;

  /** @param keepEtags costs a string for each object */
  constructor(private readonly keepEtags = false) {}

  get size(): number {
    return this.#rows.size;
  }

  add(object: Pick<ListedObject, 'key' | 'size' | 'modified' | 'etag'>): void {
    if (this.#next === this.#sizes.length) {
      this.#sizes = grown(this.#sizes);
      this.#times = grown(this.#times);
    }
    this.#sizes[this.#next] = object.size;
    this.#times[this.#next] = object.modified;
    if (this.keepEtags) this.#etags[this.#next] = object.etag;
    this.#rows.set(object.key, this.#next++);
  }

  /** Takes an object out; undefined when there is none of that key (any more). */
  take(key: string): Remote | undefined {
    const row = this.#rows.get(key);
    if (row === undefined) return undefined;
    this.#rows.delete(key);
    return { size: this.#sizes[row]!, modified: this.#times[row]!, etag: this.#etags[row] ?? '' };
  }

  /** Keys not taken yet. */
  keys(): IterableIterator<string> {
    return this.#rows.keys();
  }
}

function grown(old: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(old.length * 2);
  larger.set(old);
  return larger;
}

/** Lists everything whose key begins with `prefix`. Rejects with a StoreError. */
export async function takeInventory(
  store: ObjectStore,
  prefix: string,
  signal: AbortSignal,
  how: { readonly onPage?: (seen: number) => void; readonly keepEtags?: boolean } = {},
): Promise<Inventory> {
  const inventory = new Inventory(how.keepEtags);
  for await (const page of store.list(prefix, signal)) {
    for (const object of page) inventory.add(object);
    how.onPage?.(inventory.size);
  }
  return inventory;
}
