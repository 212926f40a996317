import type { BytePath } from '../core/bytes.js';
import type { Globs } from './glob.js';
import type { KeySpace } from './keys.js';
import type { KnownFiles } from './known.js';
import type { RootIdentity } from './local.js';
import type { ObjectStore } from './store.js';

/** When is an existing object replaced? `changed`: another size, or an older time than the file's. */
export type Overwrite = 'changed' | 'always' | 'never';

/** How the comparison works; what is not given is as `qsctl sync` of version 1 does it. */
export interface EngineChoices {
  /** Keys left alone. */
  readonly globs?: Globs;
  readonly overwrite?: Overwrite;
  /** False: only objects that exist are replaced, none is added. */
  readonly create?: boolean;
  /** Directories become objects. */
  readonly markers?: boolean;
  readonly subdirs?: boolean;
  /** What vanished when it could not be deleted is deleted with the next event that may delete. */
  readonly rememberDeletes?: boolean;
}

/** How far a comparison of everything is. */
export interface EngineProgress {
  readonly phase: 'list' | 'compare';
  /** Objects listed, or things found in the source. */
  readonly seen: number;
  /** Files uploaded. */
  readonly files: number;
}

/** What an engine knows and keeps between its runs. */
export interface EngineState extends Required<EngineChoices> {
  readonly store: ObjectStore;
  /** Absolute, with its slash. */
  readonly source: BytePath;
  /** The target as messages name it. */
  readonly target: string;
  readonly keys: KeySpace;
  /** Transfers at once. */
  readonly workers: number;
  readonly log: (category: 'Exec' | 'Warn', message: string) => void;
  readonly progress: ((how: EngineProgress) => void) | undefined;
  /** What was transferred, across restarts. */
  readonly index: KnownFiles | undefined;
  /** Symlinks to directories, by path without slash: their keys are markers. */
  readonly links: Set<BytePath>;
  /** Vanished paths whose deletion waits for leave. */
  readonly owed: Set<BytePath>;
  /** The source when it was last seen. */
  root: RootIdentity | undefined;
  /** Objects the target held when it was last compared as a whole, deletions since then taken off. */
  holds: number | undefined;
  /** Says something about a path once. */
  warnOnce(path: BytePath, message: string): void;
}
