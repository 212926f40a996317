import type { BytePath } from './bytes.js';
import type { Millis } from './event.js';
import { TouchTree } from './touch-tree.js';

/** A rename not yet carried out at the target. */
export interface PendingMove {
  readonly seq: number;
  readonly from: BytePath;
  to: BytePath;
  readonly mayDelete: boolean;
  readonly alarm: Millis;
}

/** Moves to be carried out, in the order they happened. */
export class PendingMoves {
  private readonly moves = new Set<PendingMove>();

  /** Both ends of every move. */
  private readonly ends = new TouchTree();
  private readonly byDestination = new Map<BytePath, PendingMove>();

  get size(): number {
    return this.moves.size;
  }

  [Symbol.iterator](): IterableIterator<PendingMove> {
    return this.moves.values();
  }

  /** The oldest, which has the earliest alarm. */
  get first(): PendingMove | undefined {
    for (const move of this.moves) return move;
    return undefined;
  }

  add(move: PendingMove): void {
    this.moves.add(move);
    this.ends.add(move.from);
    this.ends.add(move.to);
    this.byDestination.set(move.to, move);
  }

  remove(move: PendingMove): void {
    this.moves.delete(move);
    this.ends.remove(move.from);
    this.release(move);
  }

  /**
   * a → `from`, then `from` → `to`, becomes a → `to` (and nothing when `to` is a), if no other move touches
   * `from` and `to`. It keeps the first one's place in the order, since later moves may reuse its origin.
   * @returns false: the new move has to be added on its own
   */
  collapse(from: BytePath, to: BytePath): boolean {
    const first = this.byDestination.get(from);
    if (first === undefined || this.ends.touching(from) !== 1) return false;
    const back = first.from === to;
    if (this.ends.touching(to) !== (back ? 1 : 0)) return false;
    if (back) {
      this.remove(first);
      return true;
    }
    this.release(first);
    first.to = to;
    this.ends.add(to);
    this.byDestination.set(to, first);
    return true;
  }

  private release(move: PendingMove): void {
    this.ends.remove(move.to);
    if (this.byDestination.get(move.to) === move) this.byDestination.delete(move.to);
  }
}
