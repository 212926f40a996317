import type { BytePath, ByteString } from '../../core/bytes.js';
import type { Delay } from '../../core/delay.js';
import type { Millis } from '../../core/event.js';
import type { FilterRules } from '../../core/filter.js';
import type { PartialFailures } from '../../core/partial.js';
import type { LuaTable } from '../vm.js';

/** What a transfer may delete. */
export interface DeletionLeave {
  readonly delete: boolean;
  /** At most so many; undefined: no limit. */
  readonly most?: number;
}

/** A sync as scripts see it through events, lists and inlets. */
export interface ScriptSync {
  readonly name: ByteString;
  /** Absolute, with a trailing slash. */
  readonly source: BytePath;
  /** The sync's config table, with everything it inherited. */
  readonly config: LuaTable;
  rules(): FilterRules;
  setRules(rules: FilterRules): void;
  /** The delay to be worked on next, or undefined when none is ready. */
  firstReady(): Delay | undefined;
  /** The ready delays that pass the test, up to the first for which it says `break`. */
  readyDelays(test: (delay: Delay) => boolean | 'break'): readonly Delay[];
  /** Drops a waiting delay. */
  discard(delay: Delay): void;
  enterBlanket(): Delay;
  enterFull(): Delay;
  /** What a transfer that starts now may delete at the target, as far as the sync's `maxDelete` goes. */
  deletionLeave(): DeletionLeave;
}

/** What a process is started for: one event, or a list of one sync's. */
export interface Agent {
  readonly sync: ScriptSync;
  readonly delays: readonly Delay[];
  readonly isList: boolean;
}

/** A process to start. */
export interface Command {
  readonly binary: ByteString;
  readonly args: readonly ByteString[];
  /** What it reads; nothing when absent. */
  readonly stdin?: ByteString;
  /** It is an rsync: its exit codes 23 and 24 mean that some files could not be transferred. */
  readonly partial?: boolean;
}

/** How work in this process ended, as if it had been a command. */
export interface WorkEnd {
  readonly code: number;
  /** With code 23: what was not done. */
  readonly failures?: PartialFailures;
  /** Deletions beyond the sync's `maxDelete`; with code 25 all else is done. */
  readonly skippedDeletions?: number;
}

/** Work done in this process in a command's stead. */
export interface Work {
  /** For the log's `Exec` lines. */
  readonly what: ByteString;
  /** Rejects only when the signal aborts. */
  run(signal: AbortSignal): Promise<WorkEnd>;
}

/** What scripts ask of the program around them. */
export interface ScriptHost {
  /** Logs a line of a category. */
  log(category: ByteString, text: ByteString): void;
  /** Starts a process, or work in this one, for an agent, whose delays become active until it ends. */
  spawn(agent: Agent, command: Command | Work): void;
  /** True when nothing new may be started: the program is about to end or to start anew. */
  fading(): boolean;
  /** The clock timestamps and alarms go by. */
  now(): Millis;
  /** Calls `run` once it is `at`. */
  alarm(at: Millis, run: () => void): void;
  /** Ends the program with an exit code. */
  terminate(code: number): never;
}
