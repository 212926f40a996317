import type { FsEvent, Millis } from '../core/event.js';
import type { FilterRules } from '../core/filter.js';
import type { Scheduled } from '../core/scheduler.js';
import type { LuaProgram } from '../config/program.js';
import type { ConfiguredSync } from '../config/sync.js';
import type { Logger } from '../report/logger.js';
import type { SyncReport } from '../report/status.js';
import type { Children } from './children.js';

/** A sync at work: script or native. */
export interface RunningSync {
  readonly config: ConfiguredSync;
  /** For the scheduler. */
  readonly sync: Scheduled;
  /** Queues the startup action, if the sync has one. */
  startup(): void;
  /** The startup action is over: undefined while it goes on, else whether everything went well. */
  readonly startupOk: boolean | undefined;
  /** Queues a full transfer (crontab). */
  full(): void;
  /** Takes in what the monitor saw. */
  receive(events: readonly FsEvent[], at: Millis): void;
  /**
   * Events may have been missed: source and target, or what is known of the source, are compared.
   * @param since until then (ms since 1970) none was; default: since the last such comparison
   */
  rescan(since?: number): void;
  /** The source itself is gone: nothing is to be deleted at the target. */
  sourceGone(): void;
  /** It is back, and watched again: whatever happened meanwhile is to be found out. */
  sourceBack(): void;
  /** Carries out deletions that were held back; false when there are none. */
  permitDeletions(): boolean;
  /** Fading: what only waits is dropped. */
  fade(): void;
  /** Events that still wait, for a successor after a reload. */
  waitingEvents(): readonly FsEvent[];
  /** After a reload: what the predecessor had waiting, and whatever happened while nobody watched. */
  takeOver(events: readonly FsEvent[], at: Millis): void;
  /** For the status file. */
  report(): SyncReport;
  /** Changes whenever `report` would give something else. */
  readonly version: number;
  /** Ends it at once, transfers included. */
  close(): Promise<void>;
}

/** What a running sync needs of the program around it. */
export interface Surroundings {
  readonly logger: Logger;
  readonly children: Children;
  readonly program: LuaProgram;
  now(): Millis;
  /** Something may be ready: have a cycle soon. */
  wake(): void;
  /** New rules go to the monitor too. */
  rulesChanged(index: number, rules: FilterRules): void;
  /** Ends the program with an error that has been logged. */
  die(code: number): void;
  /** Runs Lua code; what it throws ends the program as lsyncd would. */
  guard(run: () => void): void;
}
