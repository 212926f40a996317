/**
 * The program's one clock: milliseconds with fraction since some fixed moment, never set back. The same in every
 * thread of the process.
 */
export function monotonicNow(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

/** Milliseconds since 1970, as file systems keep times; it may be set back. */
export function epochNow(): number {
  return Date.now();
}

/** Milliseconds this process has computed so far: waiting, for children too, does not count. */
export function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
