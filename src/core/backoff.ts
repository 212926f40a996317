import type { Millis } from './event.js';

/** Longest wait between two tries. */
const cap: Millis = 300_000;

/**
 * How long to wait before a retry: doubles from `first` up to five minutes, with up to a quarter of jitter so
 * that many syncs do not knock at one target at once (spec/pains.md 5).
 * @param failures failures in a row, 1 or more
 * @param first the first wait, at least 1 s
 * @param random 0 ≤ random < 1
 */
export function backoff(failures: number, first: Millis, random: number): Millis {
  const base = Math.min(cap, Math.max(1000, first) * 2 ** Math.min(30, failures - 1));
  return Math.min(cap, base * (1 + random / 4));
}

/** The wait of what will not heal by itself. */
export const rareRetry: Millis = cap;
