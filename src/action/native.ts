/** The port of native actions: what the daemon asks of an action that works in this process on final states. */
import type { BytePath } from '../core/bytes.js';
import type { DirtyBatch, DirtyFailure } from '../core/dirty-batch.js';
import type { DeletionLimit, HeldDeletions } from '../core/max-delete.js';

/** True for a path that is none of the sync's business. */
export type Excluded = (path: BytePath) => boolean;

/** Paths and moves to bring to the target. */
export interface NativeBatch extends DirtyBatch {
  /** By the rules of now; the action asks for every path it finds by itself. */
  readonly excluded: Excluded;
  /** What may be deleted; more than that, and nothing is. */
  readonly limit?: DeletionLimit;
}

/** How to compare everything. */
export interface NativeFull {
  /** What the target has and the source has not is deleted. */
  readonly delete: boolean;
  readonly excluded: Excluded;
  /** What may be deleted; more than that, and nothing is. */
  readonly limit?: DeletionLimit;
  /** An empty source empties the target; otherwise nothing is deleted then. */
  readonly allowEmpty?: boolean;
}

/** Something that was not done, for the log too. */
export interface NativeFailure extends DirtyFailure {
  /** Text for people: what, and what can be done about it. Never holds a secret. */
  readonly message: string;
}

/** What a run has done, for the log. */
export interface NativeStats {
  /** Files transferred. */
  readonly files: number;
  readonly bytes: number;
  readonly deletions: number;
  readonly moves: number;
}

/** What a run came to. */
export interface NativeResult {
  readonly stats: NativeStats;
  /**
   * What was not done and has to come again; with one that has no path the run failed as a whole, and everything
   * has to.
   */
  readonly failures: readonly NativeFailure[];
  /** Deletions that were not carried out, since they were too many: none of them was. */
  readonly held?: HeldDeletions;
}

/**
 * Keeps a target equal to a source directory. One call at a time; a call may be repeated with the same work, and
 * brings the target to what the source is then, not to what it was when the event happened.
 */
export interface NativeAction {
  /** The target as messages name it. */
  readonly target: string;
  /** Compares everything and carries the differences over. Rejects only when the signal aborts. */
  full(how: NativeFull, signal: AbortSignal): Promise<NativeResult>;
  /** Carries out moves in order, then brings the paths' final states. Rejects only when the signal aborts. */
  run(batch: NativeBatch, signal: AbortSignal): Promise<NativeResult>;
  /** Frees what it holds (connections); no call runs then, and none follows. */
  close(): Promise<void>;
}
