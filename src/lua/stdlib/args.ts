import { asBytes, type ByteString } from '../../core/bytes.js';
import { LuaArgumentError, LuaRaise } from '../errors.js';
import { LuaFloat, type LuaNumber, type LuaTable, type LuaValue } from '../values.js';
import type { LuaCall, LuaResult, LuaVm } from '../vm.js';

/** Functions of a library by name. */
export type Library = Readonly<Record<string, (args: Args) => LuaResult>>;

/** Reads a call's arguments as Lua's library does, with its words for wrong ones. Indexes count from 0. */
export class Args {
  constructor(
    private readonly vm: LuaVm,
    private readonly call: LuaCall,
  ) {}

  get count(): number {
    return this.call.argc;
  }

  at(i: number): LuaValue {
    return this.call.args[i];
  }

  absent(i: number): boolean {
    return this.at(i) === undefined;
  }

  /** A string, or a number's text. */
  string(i: number): ByteString {
    const value = this.at(i);
    if (typeof value === 'string') return value;
    if (this.isNumber(value)) return this.vm.tostring(value);
    return this.wrongType(i, 'string');
  }

  optString(i: number, otherwise: ByteString): ByteString {
    return this.absent(i) ? otherwise : this.string(i);
  }

  /** An integer, exact; strings and floats that stand for one count. */
  integer(i: number): number | bigint {
    const value = this.numeric(i);
    if (typeof value === 'bigint') return value;
    if (typeof value === 'number' && Number.isInteger(value)) return value;
    const float = value instanceof LuaFloat ? value.value : NaN;
    if (Number.isSafeInteger(float)) return float;
    if (Math.abs(float) < 2 ** 63 || float === -(2 ** 63)) return BigInt(float);
    throw new LuaArgumentError(i, 'number has no integer representation');
  }

  /** An integer cut off at ±(2^53−1). */
  size(i: number): number {
    const value = this.integer(i);
    if (typeof value === 'number') return value;
    return value > 0n ? Number.MAX_SAFE_INTEGER : -Number.MAX_SAFE_INTEGER;
  }

  optSize(i: number, otherwise: number): number {
    return this.absent(i) ? otherwise : this.size(i);
  }

  /** A number's value; integers beyond 2^53 lose digits. */
  number(i: number): number {
    const value = this.numeric(i);
    return value instanceof LuaFloat ? value.value : Number(value);
  }

  /** One of some words. */
  option<const T extends string>(i: number, otherwise: string, options: readonly T[]): T {
    const given: string = this.optString(i, asBytes(otherwise));
    const found = options.find((option) => option === given);
    if (found === undefined) throw new LuaArgumentError(i, `invalid option '${given}'`);
    return found;
  }

  wrongType(i: number, expected: string): never {
    throw new LuaArgumentError(i, `${expected} expected, got ${this.typeName(i)}`);
  }

  private typeName(i: number): string {
    if (i >= this.count) return 'no value';
    const value = this.at(i);
    const name = this.vm.metafield(value, '__name');
    if (typeof name === 'string') return name;
    if (typeof value === 'object' && value.type === 'lightuserdata') return 'light userdata';
    return this.vm.typeName(value);
  }

  private numeric(i: number): LuaNumber {
    const value = this.at(i);
    if (this.isNumber(value)) return value;
    const parsed = typeof value === 'string' ? this.vm.parseNumber(value) : undefined;
    return parsed ?? this.wrongType(i, 'number');
  }

  isNumber(value: LuaValue): value is LuaNumber {
    return this.vm.typeName(value) === 'number';
  }
}

/** Puts functions into the global table `name` (`_G` for ''), which is made when missing. */
export function install(vm: LuaVm, name: string, library: Library): void {
  let into = name === '' ? vm.globals : vm.globals.get(name);
  if (typeof into !== 'object' || into.type !== 'table') {
    into = vm.table({});
    vm.globals.set(name, into);
    loaded(vm).set(name, into);
  }
  for (const [key, run] of Object.entries(library))
    into.set(
      key,
      // A result that may be nil is still one result; none at all is an empty list.
      vm.fn(key, (call) => run(new Args(vm, call)) ?? [undefined]),
    );
}

/** `package.loaded`. */
export function loaded(vm: LuaVm): LuaTable {
  const all = tableField(vm.globals.get('package'), 'loaded');
  if (all === undefined) throw new LuaRaise("'package.loaded' must be a table", 1);
  return all;
}

function tableField(value: LuaValue, key: string): LuaTable | undefined {
  const field = typeof value === 'object' && value.type === 'table' ? value.get(key) : undefined;
  return typeof field === 'object' && field.type === 'table' ? field : undefined;
}
