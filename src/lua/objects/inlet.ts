import { asBytes, toText } from '../../core/bytes.js';
import { isTable, isFunction, LuaRaise } from '../vm.js';
import type { LuaCall, LuaFunction, LuaTable, LuaValue, LuaVm } from '../vm.js';
import type { EventObjects } from './event.js';
import type { ScriptSync } from './host.js';
import type { ListObjects } from './list.js';

/** Makes the inlets scripts get (spec/config.md, "inlet"); one a sync, its functions are called with a dot. */
export class InletFactory {
  private readonly tables = new Map<ScriptSync, LuaTable>();
  private readonly syncs = new WeakMap<object, ScriptSync>();

  constructor(
    private readonly vm: LuaVm,
    private readonly events: EventObjects,
    private readonly lists: ListObjects,
  ) {
    events.inlets = this;
  }

  /** The sync's inlet. */
  of(sync: ScriptSync): LuaTable {
    let inlet = this.tables.get(sync);
    if (inlet === undefined) {
      inlet = this.vm.table({ ...this.eventFunctions(sync), ...this.filterFunctions(sync) });
      this.tables.set(sync, inlet);
      this.syncs.set(inlet.identity, sync);
    }
    return inlet;
  }

  /** The sync behind an inlet, or undefined when the value is none. */
  resolve(value: LuaValue): ScriptSync | undefined {
    return isTable(value) ? this.syncs.get(value.identity) : undefined;
  }

  private eventFunctions(sync: ScriptSync): Record<string, LuaFunction> {
    const { vm, events } = this;
    return {
      getConfig: vm.fn('getConfig', () => sync.config),
      getSync: vm.fn('getSync', () => this.of(sync)),
      getEvent: vm.fn('getEvent', () => {
        const delay = sync.firstReady();
        return delay === undefined ? undefined : events.of(sync, delay);
      }),
      getEvents: vm.fn('getEvents', (call) => this.list(sync, call.args[0])),
      discardEvent: vm.fn('discardEvent', (call) => {
        const ref = events.resolve(call.args[0]);
        if (ref === undefined) throw new LuaRaise('discardEvent expects an event', 1);
        if (ref.delay.status !== 'wait') throw new LuaRaise('Ignored cancel of a non-waiting event.', 1);
        ref.sync.discard(ref.delay);
      }),
      createBlanketEvent: vm.fn('createBlanketEvent', () => events.of(sync, sync.enterBlanket())[0]),
      createFullEvent: vm.fn('createFullEvent', () => events.of(sync, sync.enterFull())[0]),
    };
  }

  private list(sync: ScriptSync, test: LuaValue): LuaTable {
    if (test !== undefined && !isFunction(test)) throw new LuaRaise('getEvents expects a function', 1);
    const delays = sync.readyDelays((delay) => {
      if (test === undefined) return true;
      const [verdict] = this.vm.call(test, [...this.events.of(sync, delay)]);
      if (verdict === asBytes('break')) return 'break';
      return verdict !== undefined && verdict !== false;
    });
    return this.lists.of(sync, delays);
  }

  private filterFunctions(sync: ScriptSync): Record<string, LuaFunction> {
    const { vm } = this;
    type Edit = (list: readonly string[], pattern: string) => readonly string[];
    const change = (edit: Edit) => (call: LuaCall) => {
      const rules = sync.rules();
      sync.setRules({ ...rules, excludes: edit([...rules.excludes], call.text(0)) });
    };
    return {
      addExclude: vm.fn(
        'addExclude',
        change((list, pattern) => [...list, pattern]),
      ),
      rmExclude: vm.fn(
        'rmExclude',
        change((list, pattern) => list.filter((p) => p !== pattern)),
      ),
      appendFilter: vm.fn('appendFilter', (call) => {
        const rule = call.args.length > 1 ? asBytes(`${call.text(0)} ${call.text(1)}`) : call.text(0);
        if (!/^[+-] ./s.test(rule)) throw new LuaRaise(`Unknown filter rule: "${toText(rule)}"`, 1);
        const rules = sync.rules();
        sync.setRules({ ...rules, filters: [...rules.filters, rule] });
      }),
      getExcludes: vm.fn('getExcludes', () => vm.table(sync.rules().excludes.map(asBytes))),
      getFilters: vm.fn('getFilters', () => vm.table(sync.rules().filters.map(asBytes))),
      hasFilters: vm.fn('hasFilters', () => sync.rules().filters.length > 0),
    };
  }
}
