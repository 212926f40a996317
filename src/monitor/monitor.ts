import type { BytePath } from '../core/bytes.js';
import type { FilterRules } from '../core/filter.js';
import type { FsEvent, Millis } from '../core/event.js';

/** Which kernel notifications make a `Modify` (spec/config.md, `inotifyMode`). */
export type InotifyMode = 'CloseWrite' | 'Modify' | 'CloseWrite or Modify';

/** One sync's interest in a tree. */
export interface WatchRoot {
  /** The sync's index; comes back with its events. */
  readonly id: number;
  /** Absolute, symlinks resolved, with a trailing slash. */
  readonly source: BytePath;
  /** Watch only the top directory when false. */
  readonly subdirs: boolean;
  /** Excluded directories are neither watched nor scanned. */
  readonly rules: FilterRules;
}

/** What a monitor tells its listener, in the order it happened. */
export type MonitorReport =
  | {
      readonly kind: 'events';
      readonly id: number;
      /** When the monitor saw them (same clock as `monotonicNow`). */
      readonly at: Millis;
      readonly events: readonly FsEvent[];
    }
  /** The kernel dropped events: every root must be compared with its target. */
  | {
      readonly kind: 'overflow';
      /** Until then nothing was lost; ms since 1970. */
      readonly since: number;
    }
  /** Something under a root can't be watched; the monitor goes on with the rest. */
  | {
      readonly kind: 'warning';
      readonly id: number;
      /** Absolute. */
      readonly path: BytePath;
      /** A byte string, as the logger takes it. */
      readonly message: string;
    }
  /** Directories of a root have no watch, for want of watches or memory: they must be compared now and then. Once. */
  | { readonly kind: 'unwatched'; readonly id: number }
  /**
   * The root directory is not at its path any more: it or one above was deleted, moved away or unmounted, or something
   * was mounted over it. Nothing is reported for it until `watch` is called with it again.
   */
  | { readonly kind: 'root-gone'; readonly id: number }
  /** A debug line for `-log CATEGORY`; the message is a byte string. */
  | { readonly kind: 'log'; readonly category: 'Inotify'; readonly message: string }
  /** The monitor itself broke and reports nothing any more. */
  | { readonly kind: 'failed'; readonly message: string };

/** One watched directory, for the status file. */
export interface WatchEntry {
  readonly id: number;
  readonly path: BytePath;
}

/** Turns kernel notifications into events. */
export interface Monitor {
  readonly name: string;
  /**
   * Starts watching; resolves when every existing directory is watched. May be called again, for more roots or
   * for one that was gone. Rejects with a LsyncdError: LSY_NO_SOURCE, LSY_WATCH_LIMIT, LSY_INSTANCE_LIMIT …
   */
  watch(roots: readonly WatchRoot[]): Promise<void>;
  /** New filter rules for a root (Lua `addExclude` …); directories already watched stay so. */
  setRules(id: number, rules: FilterRules): void;
  /** Snapshot of all watches, ordered by id. */
  watches(): Promise<readonly WatchEntry[]>;
  /** Ends it; resolves when nothing of it runs any more. Idempotent. */
  close(): Promise<void>;
}

/** Called with every report; must not throw. */
export type MonitorListener = (report: MonitorReport) => void;
