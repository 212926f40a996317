/** At most `size` holders at a time, first come first served. */
export class Semaphore {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(size: number) {
    this.#free = size;
  }

  /** Runs `work` while holding a place; rejects with the signal's reason when it aborts before there is one. */
  async hold<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#acquire(signal);
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }

  #acquire(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(served), 1);
        reject(signal.reason as Error);
      };
      const served = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      this.#waiting.push(served);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
