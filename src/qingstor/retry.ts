import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from './store.js';

/** Time for waits and signatures; a test's own runs as fast as it likes. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** How often and how patiently to repeat. */
export interface RetryPolicy {
  /** Attempts after the first one. */
  readonly retries: number;
  /** Longest wait before the second attempt; doubles each time. */
  readonly baseMs: number;
  readonly capMs: number;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
}

export const systemClock: Clock = {
  now: () => Date.now(),

  async sleep(ms, signal) {
    signal.throwIfAborted();
    await sleep(ms, undefined, { signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw error;
    });
  },
};

/** What one attempt came to when it failed: what to tell, and whether another attempt makes sense. */
export class AttemptError extends Error {
  override readonly name = 'AttemptError';

  constructor(
    readonly failure: StoreError,
    readonly retry: boolean,

    /** The server's Retry-After, milliseconds. */
    readonly retryAfterMs?: number,
  ) {
    super(failure.message);
  }
}

/**
 * Repeats `attempt` while it fails with a retryable AttemptError: exponential back-off with jitter (half to
 * full), never sooner than Retry-After says (which is capped too, lest a server stop us for a day).
 * @throws StoreError of the last attempt, the signal's reason, or anything else `attempt` throws
 */
export async function withRetry<T>(
  attempt: (number: number) => Promise<T>,
  policy: RetryPolicy,
  signal: AbortSignal,
): Promise<T> {
  for (let number = 0; ; number++) {
    signal.throwIfAborted();
    try {
      return await attempt(number);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof AttemptError)) throw error;
      if (!error.retry || number >= policy.retries) throw error.failure;
      await policy.clock.sleep(waitMs(number, error.retryAfterMs, policy), signal);
    }
  }
}

function waitMs(number: number, retryAfterMs: number | undefined, policy: RetryPolicy): number {
  const full = Math.min(policy.capMs, policy.baseMs * 2 ** Math.min(number, 30));
  return Math.max(full * (0.5 + policy.random() / 2), Math.min(retryAfterMs ?? 0, 60_000));
}
