import type { BytePath } from './bytes.js';
import type { Delay } from './delay.js';
import type { FsEvent } from './event.js';

/** What a delay queue takes in: what a monitor reports, and what the program itself wants done. */
export type QueueInput =
  | FsEvent
  /** The startup action, or an event of a script's own: about the whole source, and everything later waits for it. */
  | { readonly kind: 'Init' | 'Blanket' }
  /** Everything from a path on is to be brought to the target anew. */
  | { readonly kind: 'Full'; readonly path: BytePath };

/** One thing that entering an event did; one line of the `Delay` log category each. */
export interface EnterStep {
  /**
   * `new`: queued, and may run; `block`: queued behind another; `merge`: one that waits already will do;
   * `replace`: stands where a `Delete` stood; `turn`: a queued move became the `Delete` of its origin;
   * `split`: a move enters as `Delete` and `Create`.
   */
  readonly what: 'new' | 'block' | 'merge' | 'replace' | 'turn' | 'split';
  readonly event: QueueInput;
  /** The delay concerned; none for `split`. */
  readonly delay?: Delay;
}

/** What came of entering an event. */
export interface EnterResult {
  readonly steps: readonly EnterStep[];
  /** The delay that stands for the event now (for a split move: for its `Create`). */
  readonly delay: Delay;
  /** Directories that came by a move which is none any more: everything below them is to be entered as `Create`. */
  readonly scan: readonly BytePath[];
}

/** A step as the log's Delay lines tell it. */
export function stepText({ what, event, delay }: EnterStep): string {
  const path = 'path' in event ? event.path : '';
  const shown = 'path2' in event ? `${path} -> ${event.path2}` : path;
  const text = `${event.kind}: ${shown}`;
  switch (what) {
    case 'new':
      return `New ${text}`;
    case 'block':
      return `${text} blocked`;
    case 'merge':
      return `${text} merged into the ${delay?.etype ?? ''} that waits already`;
    case 'replace':
      return `${text} replaces the Delete`;
    case 'turn':
      return `${text} turns the queued Move into Delete ${delay?.path ?? ''}`;
    case 'split':
      return `${text} split into Delete and Create`;
  }
}
