import { asBytes, fromText, toText, type ByteString } from '../core/bytes.js';
import { decode, encode, luaString } from './codec.js';
import {
  lauxlib,
  lua,
  Slot,
  tags,
  Udata,
  type CallInfo,
  type LuaState,
  type NativeFunction,
  type RawUdata,
  type TValue,
} from './engine.js';
import { LuaError, type Frame } from './errors.js';
import type { Marshal } from './marshal.js';
import { rawOf } from './table.js';
import type { LuaTable, LuaValue } from './values.js';
import type { LuaVm } from './vm.js';

const SLN = encode('Sln');

/** `file:line` of the innermost Lua function from `level` on, or `?`. */
export function place(L: LuaState, level: number): string {
  const ar = new lua.lua_Debug();
  for (let i = level; lua.lua_getstack(L, i, ar); i++) {
    lua.lua_getinfo(L, SLN, ar);
    if (ar.currentline > 0) return toText(asBytes(`${decode(ar.short_src)}:${ar.currentline}`));
  }
  return '?';
}

/** Longest traceback kept from each end of a stack; the middle of a runaway recursion tells nothing. */
const KEPT = 20;

/**
 * Makes LuaErrors: records the stack where an error is raised, and carries JS errors through Lua as
 * userdata that print as their message.
 */
export class Tracer {
  /** The message handler of every call. */
  readonly handler: NativeFunction;
  private last: { readonly value: LuaValue; readonly frames: readonly Frame[] } | undefined;
  private metatable: LuaTable | undefined;

  constructor(
    private readonly vm: LuaVm,
    private readonly marshal: Marshal,
  ) {
    this.handler = (L) => {
      const value = marshal.toJs(L.stack[L.top - 1]!);
      // An error that came up through JS already knows the deeper stack.
      if (this.last === undefined || this.last.value !== value) this.last = { value, frames: frames(L) };
      return 1;
    };
    lua.lua_atnativeerror(marshal.state(), (L) => {
      const error = lua.lua_touserdata(L, 1);
      L.stack[L.top++] = this.wrap(L, error);
      return 1;
    });
  }

  /** A JS error about to be raised again in an outer Lua call. */
  carry(error: LuaError): void {
    this.last = { value: error.value, frames: error.traceback };
  }

  /** The error for a call that ended with `value`. */
  failure(value: LuaValue): LuaError {
    const traceback = this.last !== undefined && this.last.value === value ? this.last.frames : [];
    this.last = undefined;
    const cause = nativeError(value);
    if (cause !== undefined)
      return new LuaError({ bytes: messageOf(cause.error), value, traceback, cause: cause.error });
    return new LuaError({ bytes: this.text(value), value, traceback });
  }

  /** Lua's `luaL_where` without its last blank. */
  where(L: LuaState, level: number): ByteString {
    lauxlib.luaL_where(L, level);
    const text = this.marshal.toJs(L.stack[L.top - 1]!) as ByteString;
    lua.lua_settop(L, -2);
    return asBytes(text.trimEnd());
  }

  /** As lua5.3 itself shows an error object. */
  private text(value: LuaValue): ByteString {
    if (typeof value === 'string' || this.vm.typeName(value) === 'number') return this.vm.tostring(value);
    const shown = this.vm.tostring(value);
    const meta = typeof value === 'object' && value.type === 'table' ? value.getMetatable() : undefined;
    if (meta?.get('__tostring') !== undefined) return shown;
    return asBytes(`(error object is a ${this.vm.typeName(value)} value)`);
  }

  private wrap(L: LuaState, error: unknown): TValue {
    if (error instanceof RangeError && error.message === 'Maximum call stack size exceeded')
      return new Slot(tags.LUA_TLNGSTR, luaString('stack overflow'));
    if (
      error instanceof RangeError &&
      /allocation failed|Invalid (?:typed array|string) length/.test(error.message)
    )
      return new Slot(tags.LUA_TLNGSTR, luaString('not enough memory'));
    const box = new Udata(L, 0);
    box.data = new NativeErrorBox(error);
    this.metatable ??= this.makeMetatable();
    box.metatable = rawOf(this.metatable);
    return new Slot(tags.LUA_TUSERDATA, box);
  }

  private makeMetatable(): LuaTable {
    const { vm } = this;
    const show = (value: LuaValue) => {
      const native = nativeError(value);
      return native === undefined ? vm.tostring(value) : messageOf(native.error);
    };
    return vm.table({
      __name: asBytes('error'),
      __tostring: vm.fn('__tostring', ({ args: [value] }) => show(value)),
      __concat: vm.fn('__concat', ({ args: [a, b] }) => asBytes(show(a) + show(b))),
    });
  }
}

class NativeErrorBox {
  constructor(readonly error: unknown) {}
}

function nativeError(value: LuaValue): NativeErrorBox | undefined {
  if (typeof value !== 'object' || value.type !== 'userdata') return undefined;
  const { data } = value.identity as RawUdata;
  return data instanceof NativeErrorBox ? data : undefined;
}

const messageOf = (error: unknown): ByteString =>
  fromText(error instanceof Error ? error.message : String(error));

function frames(L: LuaState): Frame[] {
  const ar = new lua.lua_Debug();
  // Level 0 is the handler itself. Walking the chain: `lua_getstack` would count from the top for each level.
  if (!lua.lua_getstack(L, 1, ar)) return [];
  const levels: CallInfo[] = [];
  for (let ci = ar.i_ci; ci !== null && ci !== L.base_ci; ci = ci.previous) levels.push(ci);
  const kept = levels.length <= 2 * KEPT ? levels : [...levels.slice(0, KEPT), ...levels.slice(-KEPT)];
  return kept.map((ci) => {
    ar.i_ci = ci;
    lua.lua_getinfo(L, SLN, ar);
    const where = asBytes(`${decode(ar.short_src)}:${ar.currentline}`);
    return { where: toText(where), name: ar.name === null ? undefined : toText(decode(ar.name)) };
  });
}
