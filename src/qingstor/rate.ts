import type { Clock } from './retry.js';

/**
 * A token bucket over all uploads of one store. Takers are served in the order they ask; each books its share
 * of time at once, so that many streams together keep the limit.
 */
export class RateLimiter {
  #freeAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly bytesPerSecond: number,
    private readonly clock: Clock,

    /** Bytes that may go at once after a pause. */
    private readonly burst: number = bytesPerSecond / 4,
  ) {}

  /** Largest piece worth asking for at once: an eighth of a second's worth, 1 KiB at least. */
  get piece(): number {
    return Math.max(1024, Math.floor(this.bytesPerSecond / 8));
  }

  /** Waits until `bytes` may be sent; rejects with the signal's reason when it aborts. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    const now = this.clock.now();
    const burstMs = (this.burst / this.bytesPerSecond) * 1000;
    this.#freeAt = Math.max(this.#freeAt, now - burstMs) + (bytes / this.bytesPerSecond) * 1000;
    const wait = this.#freeAt - now;
    if (wait > 0) await this.clock.sleep(wait, signal);
  }
}
