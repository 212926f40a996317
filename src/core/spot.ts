import type { Entry } from './delay.js';
import { PathNode, PathTree } from './path-tree.js';

/** A path at which delays stand, or below which some do. */
export class Spot extends PathNode<Spot> {
  /** Oldest and newest delay on this very path. */
  first: Entry | undefined = undefined;
  last: Entry | undefined = undefined;

  /**
   * Entries that ever entered, and left, strictly below. An entry here waits until `left` has reached the
   * `entered` of its own entering (its `need`): whatever is newer below it waits for it in turn.
   */
  entered = 0;
  left = 0;

  override get bare(): boolean {
    return this.first === undefined;
  }
}

/** The delays of a queue by path: who is free, and who becomes free when one leaves. */
export class SpotTree extends PathTree<Spot> {
  constructor() {
    super((parent, name) => new Spot(parent, name));
  }

  /** Puts an entry at the end of its path's delays. */
  enter(entry: Entry): void {
    const { spot } = entry;
    entry.need = spot.entered;
    entry.older = spot.last;
    if (spot.last === undefined) spot.first = entry;
    else spot.last.newer = entry;
    spot.last = entry;
    for (let above = spot.parent; above !== undefined; above = above.parent) {
      above.entered++;
      this.visits++;
    }
  }

  /** Takes an entry out; the spot may be gone afterwards. `freed` is told which entries might be free now. */
  leave(entry: Entry, freed: (entry: Entry) => void): void {
    const { spot } = entry;
    if (entry.older === undefined) spot.first = entry.newer;
    else entry.older.newer = entry.newer;
    if (entry.newer === undefined) spot.last = entry.older;
    else entry.newer.older = entry.older;
    const candidates = spot.first === undefined ? [] : [spot.first];
    for (let above = spot.parent; above !== undefined; above = above.parent) {
      this.visits++;
      above.left++;
      // One that leaves before an older delay above it (a script discarded it) is not among those it waits for.
      for (let own = above.first; own !== undefined && own.delay.seq < entry.delay.seq; own = own.newer) {
        own.need++;
        this.visits++;
      }
      if (above.first !== undefined && above.left >= above.first.need) candidates.push(above.first);
    }
    this.prune(spot);
    let dependent = entry.firstDependent;
    entry.firstDependent = undefined;
    while (dependent !== undefined) {
      const { nextDependent } = dependent;
      dependent.blocker = undefined;
      dependent.nextDependent = undefined;
      candidates.push(dependent);
      dependent = nextDependent;
      this.visits++;
    }
    for (const candidate of candidates) freed(candidate);
  }

  /** The newest entry on this spot or above it. */
  newestAbove(spot: Spot): Entry | undefined {
    let newest: Entry | undefined;
    for (let at: Spot | undefined = spot; at !== undefined; at = at.parent) {
      this.visits++;
      if (at.last !== undefined && (newest === undefined || at.last.delay.seq > newest.delay.seq))
        newest = at.last;
    }
    return newest;
  }

  /** True when a queued entry is on this spot, above it or below it. */
  isTouched(spot: Spot): boolean {
    return spot.entered > spot.left || this.newestAbove(spot) !== undefined;
  }

  /**
   * True when no older entry is on, above or below this one. Otherwise, if the hindrance is above, it is
   * remembered as the entry's blocker, whose leaving will report it to `freed`; leavings on the same spot and
   * below do so anyway.
   */
  isFree(entry: Entry): boolean {
    const { spot } = entry;
    if (entry.older !== undefined || spot.left < entry.need) return false;
    const { seq } = entry.delay;
    for (let above = spot.parent; above !== undefined; above = above.parent) {
      this.visits++;
      if (above.first === undefined || above.first.delay.seq >= seq) continue;
      if (entry.blocker === undefined) {
        const blocker = above.last!.delay.seq < seq ? above.last! : above.first;
        entry.blocker = blocker;
        entry.nextDependent = blocker.firstDependent;
        blocker.firstDependent = entry;
      }
      return false;
    }
    return true;
  }
}
