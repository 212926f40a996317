import { asBytes, type ByteString } from '../../core/bytes.js';
import type { Delay } from '../../core/delay.js';
import { isTable, isFunction, LuaRaise } from '../vm.js';
import type { LuaFunction, LuaTable, LuaValue, LuaVm } from '../vm.js';
import type { Agent, ScriptSync } from './host.js';

/** Makes and recognises the lists `inlet.getEvents` gives (spec/config.md, "list"). */
export class ListObjects {
  private readonly agents = new WeakMap<object, Agent>();

  constructor(private readonly vm: LuaVm) {}

  /** A list of delays of one sync. */
  of(sync: ScriptSync, delays: readonly Delay[]): LuaTable {
    const { vm } = this;
    const list = vm.table({
      isList: true,
      config: sync.config,
      getPaths: vm.fn('getPaths', (call) => this.paths(delays, call.args[0])),
      getList: vm.fn('getList', (call) => this.paths(delays, call.args[0])),
      size: vm.fn('size', () => delays.length),
    });
    this.agents.set(list.identity, { sync, delays, isList: true });
    return list;
  }

  /** The agent behind a list, or undefined when the value is no list. */
  resolve(value: LuaValue): Agent | undefined {
    return isTable(value) ? this.agents.get(value.identity) : undefined;
  }

  private paths(delays: readonly Delay[], mutator: LuaValue): LuaTable {
    const out: ByteString[] = [];
    for (const delay of delays) {
      if (mutator === undefined) {
        out.push(delay.path);
        if (delay.path2 !== undefined) out.push(delay.path2);
      } else {
        if (!isFunction(mutator)) throw new LuaRaise('getPaths expects a function', 1);
        for (const path of this.mutate(mutator, delay)) out.push(path);
      }
    }
    return this.vm.table(out);
  }

  private mutate(mutator: LuaFunction, delay: Delay): ByteString[] {
    const given = this.vm.call(mutator, [asBytes(delay.etype), delay.path, delay.path2]);
    return given
      .slice(0, 2)
      .filter((path) => path !== undefined)
      .map((path) => this.vm.tostring(path));
  }
}
