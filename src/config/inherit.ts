import { asBytes } from '../core/bytes.js';
import { isTable, type LuaTable, type LuaValue, type LuaVm } from '../lua/vm.js';

/** An integer key, whichever number type it came as. */
const isPosition = (key: LuaValue): boolean => typeof key === 'number' || typeof key === 'bigint';

/**
 * Builds a sync's config table (spec/config.md, "Inheritance"): its own named keys, then its list items in
 * order, recursively, then the general defaults. The user's tables are copied, never changed.
 * @throws RangeError when a table inherits from itself, or a list item is no table.
 */
export function inheritSync(vm: LuaVm, own: LuaTable, general: LuaTable): LuaTable {
  const config = vm.table({});
  inheritFrom(vm, config, own, []);
  mergeNamed(vm, config, general, false);
  return config;
}

const unknownItem = (i: number): string =>
  `Parameter "${i}" unknown. ( if this is not a typo add it to checkgauge )`;

function inheritFrom(vm: LuaVm, config: LuaTable, from: LuaTable, path: readonly unknown[]): void {
  if (path.includes(from.identity)) throw new RangeError('a table inherits from itself');
  mergeNamed(vm, config, from, false);
  for (let i = 1; i <= from.length; i++) {
    const parent = from.get(i);
    if (!isTable(parent)) throw new RangeError(unknownItem(i));
    inheritFrom(vm, config, parent, [...path, from.identity]);
  }
}

/** Copies keys not yet set; tables under one key merge; list items are left to the caller unless verbatim. */
function mergeNamed(vm: LuaVm, into: LuaTable, from: LuaTable, verbatim: boolean): void {
  const only = from.get('_merge');
  for (const [key, value] of from.entries()) {
    if ((isPosition(key) && !verbatim) || key === asBytes('_merge') || key === asBytes('_verbatim')) continue;
    if (isTable(only) && only.get(key) !== true) continue;
    const present = into.get(key);
    if (!isTable(value)) {
      if (present === undefined) into.set(key, value);
    } else if (present === undefined) {
      into.set(key, copyTable(vm, key, value));
    } else if (isTable(present) && value.get('_merge') !== false) {
      mergeTable(vm, present, value, keepsPositions(key, value));
    }
  }
}

function copyTable(vm: LuaVm, key: LuaValue, value: LuaTable): LuaTable {
  const copy = vm.table({});
  mergeTable(vm, copy, value, keepsPositions(key, value));
  const meta = value.getMetatable();
  if (meta !== undefined) copy.setMetatable(meta);
  return copy;
}

function keepsPositions(key: LuaValue, value: LuaTable): boolean {
  return key === asBytes('exitcodes') || value.get('_verbatim') === true;
}

function mergeTable(vm: LuaVm, into: LuaTable, from: LuaTable, verbatim: boolean): void {
  mergeNamed(vm, into, from, verbatim);
  if (verbatim) return;
  for (let i = 1; i <= from.length; i++) {
    const item = from.get(i);
    into.set(into.length + 1, isTable(item) ? copyTable(vm, i, item) : item);
  }
}
