import { asBytes, type ByteString } from '../core/bytes.js';
import { encode, skipHash } from './codec.js';
import {
  lauxlib,
  lua,
  lualib,
  ltable,
  Slot,
  tags,
  type LuaState,
  type NativeFunction,
  type RawTable,
  type RawUdata,
  type TValue,
} from './engine.js';
import { LuaArgumentError, LuaError, LuaRaise } from './errors.js';
import { Marshal, typeName } from './marshal.js';
import { openStandardLibrary, type StreamOptions } from './stdlib/index.js';
import { Tracer } from './traceback.js';
import { Unwinding } from './unwind.js';
import type { LuaFunction, LuaNumber, LuaTable, LuaValue } from './values.js';
import { Watchdog, type WatchdogOptions } from './watchdog.js';

export { LuaError, LuaExit, LuaRaise } from './errors.js';

export { isFunction, isTable, LuaFloat, toNumber } from './values.js';

export type { LuaFunction, LuaTable, LuaValue } from './values.js';

/** One call of a JS function by Lua. */
export interface LuaCall {
  readonly args: readonly LuaValue[];
  /** How many arguments were given, nils at the end counted. */
  readonly argc: number;
  /** Argument `i` (from 0) as `tostring` shows it. */
  text(i: number): ByteString;
  /** `file:line:` of the code at a stack level: 1 called this function; empty when it is not known. */
  where(level: number): ByteString;
}

/** What a JS function gives Lua: one value, a list of values, or nothing. */
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- most functions for scripts return nothing
export type LuaResult = LuaValue | readonly LuaValue[] | void;

/** What a new table begins with: the items of a list, or named fields. */
export type TableInit = readonly LuaValue[] | Readonly<Record<string, LuaValue>>;

export interface VmOptions extends StreamOptions {
  readonly watchdog?: WatchdogOptions;
}

export interface CallOptions {
  /** How long this call may take before the watchdog calls it stuck, in milliseconds. */
  readonly stuckAfter?: number;
}

/** Lua functions the bridge itself calls. */
interface Helpers {
  readonly tostring: LuaFunction;
  readonly index: LuaFunction;
  readonly equal: LuaFunction;
}

/**
 * A Lua 5.3 machine (fengari with 64-bit integers). Nothing of fengari shows outside this folder, so the
 * engine can be exchanged here. Not reentrant across threads; JS and Lua may call each other to any depth
 * Lua allows (200 native frames).
 */
export class LuaVm {
  readonly globals: LuaTable;
  private readonly marshal: Marshal;
  private readonly tracer: Tracer;
  private readonly unwinding = new Unwinding();
  private readonly watchdog: Watchdog;
  private readonly releases: (() => void)[] = [];

  /** The coroutine that runs now; JS code called from it works on its stack. */
  private current: LuaState;

  private constructor(options: VmOptions) {
    const L = lauxlib.luaL_newstate();
    this.current = L;
    lualib.luaL_openlibs(L);
    this.marshal = new Marshal({
      state: () => this.current,
      index: (table, key) => this.call(this.helpers.index, [table, key])[0],
      equal: (a, b) => this.call(this.helpers.equal, [a, b])[0] === true,
    });
    this.tracer = new Tracer(this, this.marshal);
    this.unwinding.install(L);
    this.watchdog = new Watchdog(L, this.unwinding, options.watchdog);
    const registry = L.l_G.l_registry.value as RawTable;
    this.globals = this.marshal.tableOf(ltable.luaH_getint(registry, 2).value as RawTable);
    openStandardLibrary(this, options);
  }

  /** A new machine with the standard library. */
  static create(options: VmOptions = {}): LuaVm {
    return new LuaVm(options);
  }

  /** A new table: a list, or named fields. */
  table(init: TableInit = []): LuaTable {
    const table = this.marshal.tableOf(ltable.luaH_new(this.current));
    if (isList(init)) init.forEach((value, i) => table.set(i + 1, value));
    else for (const [key, value] of Object.entries(init)) table.set(key, value);
    return table;
  }

  /**
   * A JS function Lua can call. A `LuaRaise` it throws becomes a Lua error with position; other errors can be
   * caught by `pcall` and otherwise leave `call` as `LuaError.cause`; `LuaExit` ends everything.
   * @param name shown in JS stack traces.
   */
  fn(name: string, impl: (call: LuaCall) => LuaResult): LuaFunction {
    const native: NativeFunction = (L) => {
      const outer = this.current;
      this.current = L;
      try {
        return this.push(L, impl(this.callOf(L)));
      } catch (error) {
        return this.raise(L, error);
      } finally {
        this.current = outer;
      }
    };
    Object.defineProperty(native, 'name', { value: name });
    return this.functionOf(native);
  }

  /**
   * Compiles a chunk. A first line that begins with `#` is skipped; compiled (binary) chunks are refused.
   * @param chunkName a path, or `=text` for a name that is not a file.
   * @throws LuaError with Lua's own message.
   */
  load(source: ByteString, chunkName: string): LuaFunction {
    const L = this.current;
    const top = lua.lua_gettop(L);
    const name = /^[@=]/.test(chunkName) ? chunkName : `@${chunkName}`;
    const reader = once(encode(skipHash(source)));
    const status = lua.lua_load(L, reader, null, encode(name), encode('t'));
    const result = this.marshal.toJs(L.stack[L.top - 1]!);
    lua.lua_settop(L, top);
    if (status === lua.LUA_OK) return result as LuaFunction;
    throw this.tracer.failure(result);
  }

  /**
   * Calls a Lua function.
   * @throws LuaError with the stack at the place of the error; LuaExit; what the watchdog's `onStuck` threw.
   */
  call(f: LuaFunction, args: readonly LuaValue[] = [], options?: CallOptions): readonly LuaValue[] {
    const L = this.current;
    const top = lua.lua_gettop(L);
    if (!lua.lua_checkstack(L, args.length + 8))
      throw new LuaError({
        bytes: asBytes('stack overflow'),
        value: asBytes('stack overflow'),
        traceback: [],
      });
    const end = this.watchdog.begin(options?.stuckAfter);
    try {
      lua.lua_pushcfunction(L, this.tracer.handler);
      this.pushSlot(L, this.marshal.toLua(f));
      for (const arg of args) this.pushSlot(L, this.marshal.toLua(arg));
      const status = lua.lua_pcall(L, args.length, lua.LUA_MULTRET, top + 1);
      if (status !== lua.LUA_OK) throw this.tracer.failure(this.marshal.toJs(L.stack[L.top - 1]!));
      const results: LuaValue[] = [];
      for (let i = L.ci.funcOff + top + 2; i < L.top; i++) results.push(this.marshal.toJs(L.stack[i]!));
      return results;
    } finally {
      // An uncatchable error has already taken the stack down.
      if (lua.lua_gettop(L) > top) lua.lua_settop(L, top);
      end();
    }
  }

  /** Ends the machine: closes the files scripts left open. */
  close(): void {
    for (const release of this.releases.splice(0)) release();
  }

  /** Registers what `close` shall do. */
  onClose(release: () => void): void {
    this.releases.push(release);
  }

  /** A userdata that carries a JS object. */
  userdata(data: object, metatable: LuaTable): LuaValue {
    return this.marshal.userdata(data, metatable);
  }

  /** The JS object in a userdata, undefined for other values. */
  dataOf(value: LuaValue): unknown {
    if (typeof value !== 'object' || value.type !== 'userdata') return undefined;
    return (value.identity as RawUdata).data;
  }

  /** A field of a value's metatable. */
  metafield(value: LuaValue, name: string): LuaValue {
    return this.marshal.metafield(value, name);
  }

  /** A numeral as Lua reads it (`0x10`, ` 1e2 `), undefined when it is none. */
  parseNumber(text: ByteString): LuaNumber | undefined {
    const L = this.current;
    const top = lua.lua_gettop(L);
    const size = lua.lua_stringtonumber(L, encode(text));
    const value = size === text.length + 1 ? this.marshal.toJs(L.stack[L.top - 1]!) : undefined;
    lua.lua_settop(L, top);
    return value as LuaNumber | undefined;
  }

  /** Lua's `tostring`. @throws LuaError when `__tostring` fails. */
  tostring(value: LuaValue | string): ByteString {
    if (typeof value === 'string') return asBytes(value);
    if (value === undefined) return asBytes('nil');
    if (typeof value === 'boolean') return asBytes(value ? 'true' : 'false');
    return this.call(this.helpers.tostring, [value])[0] as ByteString;
  }

  /** Lua's `type`. */
  typeName(value: LuaValue): string {
    return typeName(value);
  }

  private callOf(L: LuaState): LuaCall {
    const args: LuaValue[] = [];
    for (let i = L.ci.funcOff + 1; i < L.top; i++) args.push(this.marshal.toJs(L.stack[i]!));
    return {
      args,
      argc: args.length,
      text: (i) => this.tostring(args[i]),
      where: (level) => this.tracer.where(L, level),
    };
  }

  private push(L: LuaState, given: LuaResult): number {
    if (given === undefined) return 0;
    const values = isList(given) ? given : [given];
    if (!lua.lua_checkstack(L, values.length)) throw new LuaRaise('too many results', 1);
    for (const value of values) this.pushSlot(L, this.marshal.toLua(value));
    return values.length;
  }

  /** Turns what a JS function threw into a Lua error. */
  private raise(L: LuaState, error: unknown): never {
    if (error instanceof LuaRaise) {
      lua.lua_checkstack(L, 20);
      if (error instanceof LuaArgumentError) lauxlib.luaL_argerror(L, error.index + 1, encode(error.bytes));
      lauxlib.luaL_where(L, error.level);
      this.pushSlot(L, this.marshal.toLua(error.bytes));
      if (error.level > 0) lua.lua_concat(L, 2);
      lua.lua_error(L);
    }
    if (error instanceof LuaError) {
      lua.lua_checkstack(L, 4);
      this.tracer.carry(error);
      this.pushSlot(L, this.marshal.toLua(error.value));
      lua.lua_error(L);
    }
    throw error;
  }

  private pushSlot(L: LuaState, slot: TValue): void {
    L.stack[L.top++] = slot;
  }

  /** Lua functions the bridge itself calls; made when first needed. */
  private get helpers(): Helpers {
    return (this.madeHelpers ??= this.makeHelpers());
  }
  private madeHelpers: Helpers | undefined;

  private functionOf(native: NativeFunction): LuaFunction {
    return this.marshal.toJs(new Slot(tags.LUA_TLCF, native)) as LuaFunction;
  }

  private makeHelpers(): Helpers {
    const chunk = (text: string) => this.load(asBytes(text), '=(bridge)');
    const tostring: NativeFunction = (L) => {
      lauxlib.luaL_tolstring(L, 1);
      return 1;
    };
    return {
      tostring: this.functionOf(tostring),
      index: chunk('local t, k = ... return t[k]'),
      equal: chunk('local a, b = ... return a == b'),
    };
  }
}

function isList(value: unknown): value is readonly LuaValue[] {
  return Array.isArray(value);
}

function once(bytes: Uint8Array): () => Uint8Array | null {
  let left: Uint8Array | null = bytes;
  return () => {
    const given = left;
    left = null;
    return given;
  };
}
