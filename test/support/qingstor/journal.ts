/** One change of a bucket. */
export interface Change {
  /** From 1, in the order in which the changes took effect. */
  readonly number: number;
  readonly at: number;
  readonly kind: 'put' | 'copy' | 'move' | 'delete';
  readonly bucket: string;
  /** What there is now; for a deletion what is gone. */
  readonly key: string;
  /** Where a move or copy came from. */
  readonly from?: string;
  readonly size: number;
  /** Whether an object was there before. */
  readonly replaced: boolean;
}

type Listener = (change: Change) => void;

/** All changes of all buckets, in order. */
export class Journal {
  readonly #changes: Change[] = [];
  readonly #listeners = new Set<Listener>();
  readonly #now: () => number;
  #count = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  get changes(): readonly Change[] {
    return this.#changes;
  }

  record(change: Omit<Change, 'number' | 'at'>): void {
    const entry = { ...change, number: ++this.#count, at: this.#now() };
    this.#changes.push(entry);
    for (const listener of this.#listeners) listener(entry);
  }

  /** Hears of every change from now on, until the function returned is called. */
  follow(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Keys of a kind of change, in order. */
  keys(kind: Change['kind']): string[] {
    return this.#changes.filter((change) => change.kind === kind).map(({ key }) => key);
  }

  clear(): void {
    this.#changes.length = 0;
  }
}
