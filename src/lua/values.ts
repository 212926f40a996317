import type { ByteString } from '../core/bytes.js';

/** A table inside a machine; the same table is always the same object. */
export interface LuaTable {
  readonly type: 'table';
  /** The table itself, as a key for maps; nothing else may be done with it. */
  readonly identity: object;
  /** Lua's `#`, without metamethods. */
  readonly length: number;
  /** Raw: without metamethods. */
  get(key: LuaKey): LuaValue;
  /**
   * Raw: without metamethods; `undefined` removes.
   * @throws RangeError when the key is nil or NaN.
   */
  set(key: LuaKey, value: LuaValue): void;
  /** As `pairs` without metamethods; the table may change meanwhile. */
  entries(): IterableIterator<[LuaValue, LuaValue]>;
  /** As `t[key]` in Lua, with `__index`. */
  index(key: LuaKey): LuaValue;
  setMetatable(metatable: LuaTable | undefined): void;
  getMetatable(): LuaTable | undefined;
  /** As `==` in Lua, with `__eq`. */
  equals(other: LuaValue): boolean;
}

/** A function inside a machine; the same function is always the same object. */
export interface LuaFunction {
  readonly type: 'function';
  readonly identity: object;
  /** Is it made of JS rather than Lua? */
  isNative(): boolean;
}

/** Something that only Lua code can work with. */
export interface LuaOpaque {
  readonly type: 'userdata' | 'thread' | 'lightuserdata';
  readonly identity: unknown;
}

/** A number of either Lua type: `number` for small integers and for floats with a fraction. */
export type LuaNumber = number | bigint | LuaFloat;

/**
 * A Lua value in JS. Strings are byte strings; nil is `undefined`; integers are numbers while they are safe,
 * else bigints; floats are numbers when they have a fraction, else `LuaFloat`.
 */
export type LuaValue = undefined | boolean | LuaNumber | ByteString | LuaTable | LuaFunction | LuaOpaque;

/** What a table can be asked for: any value, and names written in the program's text. */
export type LuaKey = LuaValue | string;

/** A Lua float whose value a JS number alone could not tell from an integer: `5.0`, `1e300`, `inf`, `nan`. */
export class LuaFloat {
  readonly type = 'float';

  constructor(readonly value: number) {}
}

/** A number of either Lua type as a JS number (integers beyond 2^53 lose digits), else undefined. */
export function toNumber(value: LuaValue): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  return value instanceof LuaFloat ? value.value : undefined;
}

export function isTable(value: LuaValue): value is LuaTable {
  return typeof value === 'object' && value.type === 'table';
}

export function isFunction(value: LuaValue): value is LuaFunction {
  return typeof value === 'object' && value.type === 'function';
}
