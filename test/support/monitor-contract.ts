import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventsContract } from './monitor/contract-events.js';
import { paceContract } from './monitor/contract-pace.js';
import type { ContractSetup, MonitorLimits } from './monitor/contract-setup.js';
import { syncsContract } from './monitor/contract-syncs.js';
import { Observed, type MonitorFactory } from './monitor/observed.js';

/** Every monitor's duties (src/monitor/monitor.ts, spec/events.md "Watching"). */
export function monitorContract(name: string, factory: MonitorFactory, limits: MonitorLimits = {}): void {
  describe(`monitor contract: ${name}`, () => {
    let seen: Observed;
    beforeEach(() => {
      seen = new Observed(factory);
    });
    afterEach(() => seen.close());
    const setup: ContractSetup = {
      limits,
      exact: limits.coarse === true ? it.skip : it,
      withMoves: limits.noMoves === true || limits.coarse === true ? it.skip : it,
      seen: () => seen,
      open: async (mode) => {
        await seen.close();
        return (seen = new Observed(factory, mode));
      },
      same: (id = 0) => {
        const { target, source } = seen.compare(id);
        expect(target).toEqual(source);
      },
    };
    eventsContract(setup);
    syncsContract(setup);
    paceContract(setup);
  });
}
