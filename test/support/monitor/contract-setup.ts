import { it } from 'vitest';
import type { InotifyMode } from '../../../src/monitor/monitor.js';
import type { Observed } from './observed.js';

/** What a monitor can't do; the contract then asks for the result only, not for the way. */
export interface MonitorLimits {
  /** Moves come as `Delete` and `Create`. */
  readonly noMoves?: boolean;
  /** Events come when a tree is compared, not one for one. */
  readonly coarse?: boolean;
}

/** What the parts of the monitor contract have in common. */
export interface ContractSetup {
  readonly limits: MonitorLimits;
  /** For what only monitors can do that tell everything one for one. */
  readonly exact: typeof it | typeof it.skip;
  /** For what only monitors can do that know moves. */
  readonly withMoves: typeof it | typeof it.skip;
  /** The monitor made for this test. */
  readonly seen: () => Observed;
  /** One with another mode in its stead. */
  readonly open: (mode: InotifyMode) => Promise<Observed>;
  /** A target that was told of a sync's events equals the source. */
  readonly same: (id?: number) => void;
}

/** Root options with these patterns excluded. */
export function excludes(...patterns: string[]) {
  return { rules: { filters: [], excludes: patterns } };
}
