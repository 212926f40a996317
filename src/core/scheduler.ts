import type { Millis } from './event.js';

/** What the scheduler asks of a sync. */
export interface Scheduled {
  /** Processes (or native batches) at work. */
  readonly running: number;
  /** Starts what is ready, while `slots` says that another process may start. */
  run(now: Millis, slots: () => boolean): void;
  /** When `run` should be called again if nothing else happens; undefined: only after something happened. */
  nextWake(now: Millis): Millis | undefined;
}

/** Shares the processes among the syncs. */
export class Scheduler {
  private turn = 0;

  /** @param maxProcesses limit over all syncs; undefined: none */
  constructor(
    private readonly syncs: readonly Scheduled[],
    private readonly maxProcesses: number | undefined,
  ) {}

  /** Processes at work, all syncs together. */
  get running(): number {
    return this.syncs.reduce((sum, sync) => sum + sync.running, 0);
  }

  /** One cycle: every sync may start what is ready; each cycle begins one sync further, for fairness. */
  cycle(now: Millis): void {
    const { length } = this.syncs;
    if (length === 0) return;
    const first = this.turn;
    this.turn = (first + 1) % length;
    for (let i = 0; i < length && this.hasSlot(); i++)
      this.syncs[(first + i) % length]!.run(now, () => this.hasSlot());
  }

  /** When the next cycle is due if nothing else happens (an event, the end of a process); undefined: never. */
  nextWake(now: Millis): Millis | undefined {
    if (!this.hasSlot()) return undefined;
    let earliest: Millis | undefined;
    for (const sync of this.syncs) {
      const wake = sync.nextWake(now);
      if (wake !== undefined && (earliest === undefined || wake < earliest)) earliest = wake;
    }
    return earliest;
  }

  private hasSlot(): boolean {
    return this.maxProcesses === undefined || this.running < this.maxProcesses;
  }
}
