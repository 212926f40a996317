import type { BytePath } from './bytes.js';
import type { Millis } from './event.js';
import { TouchTree } from './touch-tree.js';

/** Paths an action works on, and those one has just worked on. */
export class InWork {
  private readonly busy = new TouchTree();
  private readonly recent = new TouchTree();

  /** Recently finished paths by their end of being recent, in order. */
  private readonly leaving: { readonly until: Millis; readonly paths: readonly BytePath[] }[] = [];

  /** Until then every path is recent (a full run has ended). */
  private allUntil: Millis = -Infinity;

  /** @param settle how long a path counts as recent after work on it has ended */
  constructor(private readonly settle: Millis) {}

  begin(paths: readonly BytePath[]): void {
    for (const path of paths) this.busy.add(path);
  }

  end(paths: readonly BytePath[], now: Millis): void {
    for (const path of paths) {
      this.busy.remove(path);
      if (this.settle > 0) this.recent.add(path);
    }
    if (this.settle > 0) this.leaving.push({ until: now + this.settle, paths });
  }

  /** A full run, which works on everything, has ended. */
  endAll(now: Millis): void {
    this.allUntil = now + this.settle;
  }

  /** True when an action works on something that touches this path. */
  isBusy(path: BytePath): boolean {
    return this.busy.touching(path) > 0;
  }

  /**
   * True when what the target has at this path may be newer than the events seen so far: an action works on it,
   * or did so when an event that comes in at `now` was perhaps under way.
   */
  isUnsettled(path: BytePath, now: Millis): boolean {
    while (this.leaving.length > 0 && this.leaving[0]!.until <= now)
      for (const gone of this.leaving.shift()!.paths) this.recent.remove(gone);
    return now < this.allUntil || this.isBusy(path) || this.recent.touching(path) > 0;
  }
}
