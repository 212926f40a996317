import { asBytes, type ByteString } from '../../core/bytes.js';
import { LuaArgumentError } from '../errors.js';
import { LuaRaise, type LuaFunction, type LuaValue, type LuaVm } from '../vm.js';
import { isTimestamp } from './timestamp.js';

/** Joins values the way `log` prints them (spec/config.md, "Functions"). */
export function logText(vm: LuaVm, values: readonly LuaValue[]): ByteString {
  return asBytes(values.map((value) => shown(vm, value)).join(''));
}

/** What `log` has a form for; a function, say, it refuses. */
function isShowable(value: LuaValue): boolean {
  return typeof value !== 'object' || value.type === 'float' || value.type === 'table' || isTimestamp(value);
}

function shown(vm: LuaVm, value: LuaValue): string {
  if (value === undefined) return '(nil)';
  if (typeof value === 'boolean') return `(${value})`;
  if (typeof value !== 'object' || value.type === 'float') return vm.tostring(value);
  if (isTimestamp(value)) return `(Timestamp: ${vm.tostring(value)})`;
  if (value.type === 'table') return `(Table: ${vm.tostring(value).replace(/^table: /, '')})`;
  throw new LuaRaise(`attempt to concatenate a ${vm.typeName(value)} value`, 0);
}

/** The `log(Category, …)` global. */
export function logFunction(vm: LuaVm, log: (category: ByteString, text: ByteString) => void): LuaFunction {
  return vm.fn('log', (call) => {
    const category = call.args[0];
    const wrong = (index: number): LuaArgumentError => {
      const got = index < call.argc ? vm.typeName(call.args[index]) : 'no value';
      return new LuaArgumentError(index, `string expected, got ${got}`);
    };
    if (typeof category !== 'string') throw wrong(0);
    const rest = Array.from({ length: Math.max(0, call.argc - 1) }, (_, i) => call.args[i + 1]);
    const odd = rest.findIndex((value) => !isShowable(value));
    if (odd >= 0) throw wrong(odd + 1);
    log(category, logText(vm, rest));
  });
}
