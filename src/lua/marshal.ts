import { asBytes, type ByteString } from '../core/bytes.js';
import { decode, decodeFloat, encodeNumber, luaString } from './codec.js';
import {
  lstring,
  Slot,
  tags,
  Udata,
  type LuaState,
  type RawTable,
  type RawUdata,
  type TString,
  type TValue,
} from './engine.js';
import { nilSlot, rawOf, TableRef, type TableHost } from './table.js';
import {
  isTable,
  LuaFloat,
  type LuaFunction,
  type LuaKey,
  type LuaOpaque,
  type LuaTable,
  type LuaValue,
} from './values.js';

/** A function inside the VM. */
class FunctionRef implements LuaFunction {
  readonly type = 'function';

  constructor(
    readonly identity: object,
    private readonly tag: number,
  ) {}

  isNative(): boolean {
    return this.tag !== tags.LUA_TLCL;
  }

  slot() {
    return new Slot(this.tag, this.identity);
  }
}

/** A userdata or thread inside the VM. */
class OpaqueRef implements LuaOpaque {
  constructor(
    readonly type: LuaOpaque['type'],
    readonly identity: unknown,
    private readonly tag: number,
  ) {}

  slot() {
    return new Slot(this.tag, this.identity);
  }
}

const typeNames: Readonly<Record<(LuaFloat | LuaTable | LuaFunction | LuaOpaque)['type'], string>> = {
  float: 'number',
  table: 'table',
  function: 'function',
  userdata: 'userdata',
  thread: 'thread',
  lightuserdata: 'userdata',
};

/** What only the machine itself can do. */
export interface Operators {
  /** The coroutine that runs. */
  state(): LuaState;
  index(table: LuaValue, key: LuaValue): LuaValue;
  equal(a: LuaValue, b: LuaValue): boolean;
}

/** Turns values into Lua's and back; the same table or function always into the same object. */
export class Marshal implements TableHost {
  private readonly refs = new WeakMap<object, TableRef | FunctionRef | OpaqueRef>();

  constructor(private readonly operators: Operators) {}

  state(): LuaState {
    return this.operators.state();
  }

  tableOf(raw: RawTable): TableRef {
    return this.ref(raw, () => new TableRef(this, raw));
  }

  indexed(table: TValue, key: TValue): LuaValue {
    return this.operators.index(this.toJs(table), this.toJs(key));
  }

  compared(a: TValue, b: TValue): boolean {
    return this.operators.equal(this.toJs(a), this.toJs(b));
  }

  /** A JS value as a Lua one. */
  toLua(value: LuaKey): TValue {
    if (value === undefined) return nilSlot();
    if (typeof value === 'string') return new Slot(tags.LUA_TLNGSTR, luaString(value));
    if (typeof value === 'number' || typeof value === 'bigint') return encodeNumber(value);
    if (typeof value === 'boolean') return new Slot(tags.LUA_TBOOLEAN, value);
    if (value instanceof LuaFloat) return new Slot(tags.LUA_TNUMFLT, value.value);
    if (value instanceof TableRef || value instanceof FunctionRef || value instanceof OpaqueRef)
      return value.slot();
    throw new TypeError('not a value of this Lua machine');
  }

  /** A Lua value as a JS one. */
  toJs(slot: TValue): LuaValue {
    const { type, value } = slot;
    switch (type) {
      case tags.LUA_TNIL:
        return undefined;
      case tags.LUA_TLNGSTR:
      case tags.LUA_TSHRSTR:
        return stringOf(value as TString);
      case tags.LUA_TNUMINT:
        return value as number | bigint;
      case tags.LUA_TNUMFLT:
        return decodeFloat(value);
      case tags.LUA_TBOOLEAN:
        return Boolean(value);
      case tags.LUA_TTABLE:
        return this.tableOf(value as RawTable);
      case tags.LUA_TLCL:
      case tags.LUA_TCCL:
      case tags.LUA_TLCF:
        return this.ref(value as object, () => new FunctionRef(value as object, type));
      case tags.LUA_TLIGHTUSERDATA:
        return new OpaqueRef('lightuserdata', value, type);
      default: {
        const kind = type === tags.LUA_TTHREAD ? 'thread' : 'userdata';
        return this.ref(value as object, () => new OpaqueRef(kind, value, type));
      }
    }
  }

  private ref<T extends TableRef | FunctionRef | OpaqueRef>(raw: object, make: () => T): T {
    // An object is always seen as the same kind of value.
    let found = this.refs.get(raw) as T | undefined;
    if (found === undefined) this.refs.set(raw, (found = make()));
    return found;
  }

  /** The userdata for a JS object. */
  userdata(data: object, metatable: LuaTable): LuaValue {
    const box = new Udata(this.state(), 0);
    box.data = data;
    box.metatable = rawOf(metatable);
    return this.toJs(new Slot(tags.LUA_TUSERDATA, box));
  }

  /** A field of a value's metatable; only tables and userdata have one of their own. */
  metafield(value: LuaValue, name: string): LuaValue {
    if (isTable(value)) return value.getMetatable()?.get(name);
    if (typeof value !== 'object' || value.type !== 'userdata') return undefined;
    const { metatable } = value.identity as RawUdata;
    return metatable === null ? undefined : this.tableOf(metatable).get(name);
  }
}

/** Lua's `type` of a value. */
export function typeName(value: LuaValue): string {
  if (value === undefined) return 'nil';
  if (typeof value === 'bigint') return 'number';
  if (typeof value === 'object') return typeNames[value.type];
  return typeof value;
}

/** Strings up to here are decoded once and remembered with their table key. */
const SHORT = 256;

function stringOf(string: TString): ByteString {
  const bytes = string.getstr();
  // The patched key of a string is a bar and its bytes.
  return bytes.length > SHORT ? decode(bytes) : asBytes(lstring.luaS_hashlongstr(string).slice(1));
}
