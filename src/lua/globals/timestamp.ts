import { asBytes } from '../../core/bytes.js';
import type { Millis } from '../../core/event.js';
import { LuaFloat, LuaRaise, toNumber, isTable, type LuaTable, type LuaValue, type LuaVm } from '../vm.js';

const stamps = new WeakMap<object, Millis>();

/** The time in a timestamp value, or undefined when it is none. */
export function timestampOf(value: LuaValue): Millis | undefined {
  return isTable(value) ? stamps.get(value.identity) : undefined;
}

export function isTimestamp(value: LuaValue): boolean {
  return timestampOf(value) !== undefined;
}

/** A float, also when its value is whole: `5.0`. */
const floatOf = (value: number): LuaValue => (Number.isInteger(value) ? new LuaFloat(value) : value);

/** Makes timestamps: `+` and `−` seconds, comparing, subtracting, joining (spec/config.md, `now()`). */
export class Timestamps {
  private readonly meta: LuaTable;

  constructor(private readonly vm: LuaVm) {
    const seconds = (value: LuaValue): number => {
      const number = toNumber(value);
      if (number === undefined) throw new LuaRaise('Adding non-number to timestamp', 1);
      return number;
    };
    const both = (a: LuaValue, b: LuaValue): [Millis, Millis] => {
      const [x, y] = [timestampOf(a), timestampOf(b)];
      if (x === undefined || y === undefined)
        throw new LuaRaise('Cannot compare a timestamp with something else', 1);
      return [x, y];
    };
    const compare = (name: string, test: (a: Millis, b: Millis) => boolean) =>
      vm.fn(name, (call) => test(...both(call.args[0], call.args[1])));
    this.meta = vm.table({
      __add: vm.fn('__add', ({ args: [a, b] }) => {
        const at = timestampOf(a) ?? timestampOf(b);
        return this.make(at! + seconds(isTimestamp(a) ? b : a) * 1000);
      }),
      __sub: vm.fn('__sub', ({ args: [a, b] }) => {
        const at = timestampOf(a);
        if (at === undefined) throw new LuaRaise('Cannot subtract a timestamp from something else', 1);
        const other = timestampOf(b);
        return other === undefined ? this.make(at - seconds(b) * 1000) : floatOf((at - other) / 1000);
      }),
      __lt: compare('__lt', (a, b) => a < b),
      __le: compare('__le', (a, b) => a <= b),
      __eq: compare('__eq', (a, b) => a === b),
      __tostring: vm.fn('__tostring', ({ args: [a] }) => asBytes(((timestampOf(a) ?? 0) / 1000).toFixed(6))),
      __concat: vm.fn('__concat', ({ args: [a, b] }) => asBytes(vm.tostring(a) + vm.tostring(b))),
    });
  }

  /** A timestamp value. */
  make(at: Millis): LuaTable {
    const table = this.vm.table({});
    stamps.set(table.identity, at);
    table.setMetatable(this.meta);
    return table;
  }
}
