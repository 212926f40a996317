import type { BytePath } from './bytes.js';

/** What an action that did the rest could not do. */
export interface PartialFailures {
  /** Relative to the source, with a leading slash, without one at the end. */
  readonly paths: ReadonlySet<BytePath>;
  /** Directories that could not be read: everything below them is in doubt. With slashes on both ends. */
  readonly trees: ReadonlySet<BytePath>;
  /** False when there is more, which has no path below source or target. */
  readonly complete: boolean;
}
