import type { Run } from './run.js';
import type { Paths } from './sandbox.js';

/** What one program did in one case; paths, times and addresses made comparable. */
export interface Observation {
  /** Calls of the recording binaries, in the order they were made: name and JSON-quoted arguments. */
  readonly calls: readonly string[];
  /** What each of those calls was given on its standard input. */
  readonly stdin: readonly string[];
  /** The log file. */
  readonly log: readonly string[];
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  /** The status file as last looked at (step `status`). */
  readonly status: readonly string[];
  /** The target directory at the end: kind, mode, name, content. */
  readonly tree: readonly string[];
  /** Exit code, or the name of the signal that ended it, or `running`. */
  readonly exit: number | string;
  /** The condition that was given up; both programs must agree on it, and for the real one it must be none. */
  readonly timedOut: string | undefined;
}

/** What of an observation is compared; `callsUnordered`: the calls, sorted. */
export type Key = Exclude<keyof Observation, 'timedOut'> | 'callsUnordered' | 'logUnordered';

/** One thing done to a running program, or waited for. */
export type Step = (run: Run) => Promise<void>;

/** A documented difference, and how what lsyncd did becomes what ours is to do. */
export interface Difference {
  /** Its row in docs/differences.md. */
  readonly id: string;
  readonly improve: (real: Observation) => Observation;
  /** True: it need not be met (in tables of cases of which some meet it). */
  readonly optional?: boolean;
}

export interface Case {
  readonly name: string;
  /** Text of the config file; none: no file is written. */
  readonly config?: (paths: Paths) => string;
  /** The words typed after the program's name; by default `-nodaemon` and the config file. */
  readonly args?: (paths: Paths) => readonly string[];
  /** Shell script run in the source before the start. */
  readonly setup?: string;
  /** By default: wait until it watches, then end it. The program is sent a TERM after them if it still runs. */
  readonly steps?: readonly Step[];
  readonly compare?: readonly Key[];
  readonly differs?: readonly Difference[];
  /** Lines the log file or the standard error of lsyncd must hold: what the case is about does happen. */
  readonly lines?: readonly (string | RegExp)[];
  /** True: a real rsync, cp, rm or mv is let loose; run only where the rest of the file system is out of reach. */
  readonly armed?: boolean;
  /** Working directory below the sandbox; by default its top. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Any change of one's own before the comparison, for both programs alike. */
  readonly prune?: (seen: Observation) => Observation;
}
