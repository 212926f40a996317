/** What an action of a dirty queue gets to do, and what it tells of what it could not do. */
import type { BytePath } from './bytes.js';
import type { FsEvent, Millis } from './event.js';

/** What a dirty queue takes in. `Init`: the first comparison of everything; `Full`: another one (events were lost). */
export type DirtyInput = FsEvent | { readonly kind: 'Init' | 'Full' };

/** A path whose final state is to be brought to the target: what is there now, or that nothing is. */
export interface DirtyPath {
  readonly path: BytePath;
  /** What has vanished from the source may be deleted at the target. */
  readonly mayDelete: boolean;
  /** The whole subtree is in doubt, not only the path itself. */
  readonly deep: boolean;
}

/** A rename to be carried out at the target. */
export interface DirtyMove {
  readonly from: BytePath;
  readonly to: BytePath;
  /** The origin may vanish from the target. */
  readonly mayDelete: boolean;
}

/** Work for one run of an action: first the moves, in order, then the paths, in any order. */
export interface DirtyBatch {
  readonly moves: readonly DirtyMove[];
  readonly paths: readonly DirtyPath[];
}

/** `again`: may heal by itself, try soon; `failed`: will not before somebody does something, try rarely. */
export type DirtyVerdict = 'again' | 'failed';

/** Something that was not done. */
export interface DirtyFailure {
  /**
   * A path of the batch, or below a deep one or a moved directory (deep in turn when it is a directory); none: the
   * run failed as a whole.
   */
  readonly path?: BytePath;
  readonly verdict: DirtyVerdict;
}

/** When to try again what has failed `tries` times in a row. */
export type Retry = (tries: number, verdict: DirtyVerdict) => Millis;
