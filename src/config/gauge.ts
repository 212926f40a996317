import { asBytes } from '../core/bytes.js';
import { LuaRaise, type LuaTable, type LuaVm, isTable } from '../lua/vm.js';

/** Keys every sync may have (spec/config.md, "Keys of every sync"); the last line is what ours adds. */
const generalKeys = [
  ...['action', 'checkgauge', 'collect', 'crontab', 'delay', 'exitcodes', 'init', 'full', 'maxDelays'],
  ...['maxProcesses', 'onAttrib', 'onCreate', 'onModify', 'onDelete', 'onStartup', 'onMove', 'onFull'],
  ...['prepare', 'source', 'target', 'tunnel', '_source'],
  ...[
    'name',
    'exclude',
    'excludeFrom',
    'filter',
    'filterFrom',
    'subdirs',
    'monitor',
    'quarantineAfter',
    'rescanInterval',
  ],
  ...['maxDelete', 'allowEmptySource'],
];

/** The gauge all syncs inherit, as a Lua table so that scripts can read it as `default.checkgauge`. */
export function generalGauge(vm: LuaVm): LuaTable {
  return vm.table(Object.fromEntries(generalKeys.map((key) => [key, true])));
}

/** Old 2.0 names, and what to write instead. */
const renamed: Readonly<Record<string, string>> = {
  rsyncOpts: 'use rsync = { ... } with named options, or rsync = { _extra = { ... } }',
  rsyncOps: 'use rsync = { ... } with named options, or rsync = { _extra = { ... } }',
};

/**
 * Refuses keys the gauge does not know (a typo must not pass).
 * @throws LuaRaise naming the parameter, at stack `level`.
 */
export function checkAgainstGauge(
  vm: LuaVm,
  config: LuaTable,
  gauge: LuaTable,
  level: number,
  above = '',
): void {
  for (const [key, value] of config.entries()) {
    if (typeof key !== 'string' || key === '_merge' || key === '_verbatim') continue;
    const allowed = gauge.get(key);
    if (allowed === undefined || allowed === false) {
      const hint = renamed[key] === undefined ? '' : ` ${renamed[key]}.`;
      throw new LuaRaise(
        asBytes(`Parameter "${above}${key}" unknown. ( if this is not a typo add it to checkgauge )${hint}`),
        level,
      );
    }
    if (!isTable(allowed)) continue;
    if (!isTable(value)) throw new LuaRaise(asBytes(`Parameter "${above}${key}" must be a table.`), level);
    checkAgainstGauge(vm, value, allowed, level, `${above}${key}.`);
  }
}
