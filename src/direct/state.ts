import type { BytePath } from '../core/bytes.js';
import type { ContentIo } from './content.js';

/** Which directory a root is. */
export interface RootIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
  /** Another file system than the directory above it has. */
  readonly mounted: boolean;
}

/** What an engine needs. */
export interface DirectEngineOptions {
  /** Absolute, with its slash. */
  readonly source: BytePath;
  /** Absolute or below the working directory, with its slash. */
  readonly target: BytePath;
  /** False: only the top directory. */
  readonly subdirs?: boolean;
  /** Files at once (default 4). */
  readonly workers?: number;
  readonly log: (category: 'Exec' | 'Warn', message: string) => void;
  /** For tests: faults between the engine and the disk. */
  readonly io?: ContentIo;
}

/** What an engine knows and keeps between its runs. */
export interface EngineState extends Required<DirectEngineOptions> {
  sourceRoot: RootIdentity | undefined;
  targetRoot: RootIdentity | undefined;
  /** The target directory is our own making: its mode and owner, too. */
  madeTarget: boolean;
  /** Stale temporary files have been looked for. */
  swept: boolean;
  /** Says something about a path once. */
  warnOnce(path: BytePath, message: string): void;
}
