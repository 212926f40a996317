import type { QueuedDelay } from './delay.js';
import type { Spot } from './spot.js';

/** What hinders later delays from going into a list. */
export class Stops {
  /** An Init or Blanket is among them: nothing later may go. */
  all = false;
  private any = false;
  private readonly at = new Set<Spot>();

  /** Everything above what is in `at`. */
  private readonly below = new Set<Spot>();

  add(delay: QueuedDelay): void {
    this.any = true;
    if (delay.isBarrier) this.all = true;
    for (const entry of [delay.entry, delay.entry2]) {
      if (entry === undefined || this.at.has(entry.spot)) continue;
      this.at.add(entry.spot);
      for (let up = entry.spot.parent; up !== undefined && !this.below.has(up); up = up.parent)
        this.below.add(up);
    }
  }

  /** True when a stopper touches this delay. */
  hinder(delay: QueuedDelay): boolean {
    if (!this.any) return false;
    if (delay.entry === undefined) return true;
    return [delay.entry, delay.entry2].some((entry) => {
      if (entry === undefined) return false;
      if (this.below.has(entry.spot)) return true;
      for (let at: Spot | undefined = entry.spot; at !== undefined; at = at.parent)
        if (this.at.has(at)) return true;
      return false;
    });
  }
}
