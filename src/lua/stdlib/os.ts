import { closeSync, lstatSync, openSync, readFileSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { asBytes, fromText, toText, type ByteString } from '../../core/bytes.js';
import { toBuffer } from '../../sys/bytes.js';
import { LuaArgumentError, LuaExit, LuaRaise } from '../errors.js';
import { LuaFloat, toNumber, type LuaTable, type LuaValue } from '../values.js';
import type { LuaVm } from '../vm.js';
import { install, type Args } from './args.js';
import { badConversion, breakTime, format, makeTime, type BrokenTime } from './date.js';
import { attempt } from './handles.js';
import { runShell } from './shell.js';

/** Lua's `os` library. `execute` blocks everything until the command ends, as in lsyncd. */
export function openOs(vm: LuaVm): void {
  install(vm, 'os', {
    clock: () => {
      const { user, system } = process.cpuUsage();
      return exact((user + system) / 1e6);
    },
    date: (args) => date(vm, args),
    difftime: (args) => exact(args.number(0) - args.number(1)),
    execute: (args) => (args.absent(0) ? true : runShell(args.string(0), {}).result),
    exit: (args) => {
      const given = args.at(0);
      throw new LuaExit(
        given === undefined || given === true ? 0 : given === false ? 1 : args.size(0) & 0xff,
      );
    },
    getenv: (args) => environment(args.string(0)),
    remove: (args) => {
      const path = args.string(0);
      return attempt(() => {
        const at = toBuffer(path);
        if (lstatSync(at).isDirectory()) rmdirSync(at);
        else unlinkSync(at);
        return [true];
      }, path);
    },
    rename: (args) => {
      const [from, to] = [args.string(0), args.string(1)];
      return attempt(() => {
        renameSync(toBuffer(from), toBuffer(to));
        return [true];
      });
    },
    setlocale: (args) => {
      args.option(1, 'all', ['all', 'collate', 'ctype', 'monetary', 'numeric', 'time']);
      const name = args.optString(0, asBytes('C'));
      return ['', 'C', 'POSIX'].includes(name) ? asBytes('C') : undefined;
    },
    time: (args) => (args.absent(0) ? Math.floor(Date.now() / 1000) : timeOf(vm, args)),
    tmpname: () => {
      const path = `/tmp/lua_${randomBytes(4).toString('hex').slice(0, 6)}`;
      closeSync(openSync(path, 'wx', 0o600));
      return asBytes(path);
    },
  });
}

/** A float, also when it is integral. */
const exact = (value: number): number | LuaFloat => (Number.isInteger(value) ? new LuaFloat(value) : value);

function environment(name: ByteString): ByteString | undefined {
  const value = process.env[toText(name)];
  if (value === undefined || !value.includes('\uFFFD'))
    return value === undefined ? undefined : fromText(value);
  // Node has decoded bytes that were not UTF-8: take them from where the process was started.
  try {
    const raw = readFileSync('/proc/self/environ', 'latin1').split('\0');
    const found = raw.find((entry) => entry.startsWith(`${name}=`));
    if (found !== undefined) return asBytes(found.slice(name.length + 1));
  } catch {
    // no such file on this system
  }
  return fromText(value);
}

function date(vm: LuaVm, args: Args): LuaValue {
  let text: string = args.optString(0, asBytes('%c'));
  const at = args.absent(1) ? Math.floor(Date.now() / 1000) : args.size(1);
  const utc = text.startsWith('!');
  if (utc) text = text.slice(1);
  const broken = breakTime(at, utc);
  if (Number.isNaN(broken.year))
    throw new LuaRaise('time result cannot be represented in this installation', 1);
  if (text === '*t') return fill(vm.table({}), broken);
  const bad = badConversion(text);
  if (bad !== undefined) throw new LuaArgumentError(0, `invalid conversion specifier '${bad}'`);
  return asBytes(format(text, broken));
}

function fill(table: LuaTable, t: BrokenTime): LuaTable {
  const { sec, min, hour, day, month, year, yday, isdst } = t;
  for (const [key, value] of Object.entries({ sec, min, hour, day, month, year, wday: t.wday + 1, yday }))
    table.set(key, value);
  table.set('isdst', isdst);
  return table;
}

function timeOf(vm: LuaVm, args: Args): LuaValue {
  const table = args.at(0);
  if (typeof table !== 'object' || table.type !== 'table') return args.wrongType(0, 'table');
  const field = (key: string, otherwise?: number): number => {
    const value = table.index(key);
    const number = toNumber(typeof value === 'string' ? vm.parseNumber(value) : value);
    if (number === undefined || !Number.isInteger(number)) {
      if (value !== undefined) throw new LuaRaise(`field '${key}' is not an integer`, 1);
      if (otherwise === undefined) throw new LuaRaise(`field '${key}' missing in date table`, 1);
      return otherwise;
    }
    const bases: Readonly<Record<string, number>> = { year: 1900, month: 1 };
    const base = bases[key] ?? 0;
    if (Math.abs(number - base) > 2 ** 31 - 1) throw new LuaRaise(`field '${key}' is out-of-bound`, 1);
    return number;
  };
  // In lua5.3's order, which decides what it complains about first.
  const [sec, min, hour] = [field('sec', 0), field('min', 0), field('hour', 12)];
  const [day, month, year] = [field('day'), field('month'), field('year')];
  const dst = table.index('isdst');
  const at = makeTime(year, month, day, hour, min, sec, dst === undefined ? undefined : dst !== false);
  // C's mktime says failure with -1, so that second does not exist for it.
  if (Number.isNaN(at) || at === -1)
    throw new LuaRaise('time result cannot be represented in this installation', 1);
  fill(table, breakTime(at, false));
  return at;
}
