/**
 * The program's one clock: milliseconds with fraction since some fixed moment, never set back. The same in every
 * thread of the process.
 */
export function monotonicNow(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}
