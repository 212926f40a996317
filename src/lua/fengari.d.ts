/**
 * The parts of fengari (0.1.5 with patches/fengari+0.1.5.patch) that the bridge uses. Its inner modules are
 * named because the public API copies every string and hides the tables.
 */
declare module 'fengari/src/defs.js' {
  /** A Lua string's bytes. */
  export type LuaBytes = Uint8Array;

  type Tag =
    | 'LUA_TNIL'
    | 'LUA_TBOOLEAN'
    | 'LUA_TLIGHTUSERDATA'
    | 'LUA_TNUMFLT'
    | 'LUA_TNUMINT'
    | 'LUA_TSHRSTR'
    | 'LUA_TLNGSTR'
    | 'LUA_TTABLE'
    | 'LUA_TLCL'
    | 'LUA_TLCF'
    | 'LUA_TCCL'
    | 'LUA_TUSERDATA'
    | 'LUA_TTHREAD';

  const defs: { readonly constant_types: Readonly<Record<Tag, number>> };
  export default defs;
}

declare module 'fengari/src/lstate.js' {
  import type { TValue } from 'fengari/src/lobject.js';

  /** An active call. */
  export interface CallInfo {
    /** Where the called function stands on the stack; its arguments follow. */
    readonly funcOff: number;
    readonly previous: CallInfo | null;
  }

  /** What all coroutines of one machine share. */
  export interface GlobalState {
    /** Index 2 holds the globals. */
    readonly l_registry: TValue;
    /** Patched in: which JS errors pass every `pcall`. */
    uncatchable: ((error: unknown) => boolean) | null;
    /** Patched in: loop turns and calls between two calls of `ontick`. */
    readonly tickinterval: number;
    ticks: number;
    ontick: ((L: LuaState) => void) | null;
  }

  /** A coroutine, or the machine's main thread. */
  export interface LuaState {
    readonly stack: TValue[];
    top: number;
    readonly ci: CallInfo;
    readonly base_ci: CallInfo;
    readonly l_G: GlobalState;
  }

  /** A function made of JS: takes arguments from the stack, pushes results, returns how many. */
  export type NativeFunction = (L: LuaState) => number;
}

declare module 'fengari/src/lobject.js' {
  import type { LuaState } from 'fengari/src/lstate.js';
  import type { Table } from 'fengari/src/ltable.js';

  /** A tagged value; what `value` is depends on `type`. */
  export interface TValue {
    readonly type: number;
    readonly value: unknown;
  }

  export interface Udata {
    data: unknown;
    metatable: Table | null;
  }

  const lobject: {
    readonly TValue: new (type: number, value: unknown) => TValue;
    readonly Udata: new (L: LuaState, size: number) => Udata;
  };
  export default lobject;
}

declare module 'fengari/src/lstring.js' {
  import type { LuaBytes } from 'fengari/src/defs.js';
  import type { LuaState } from 'fengari/src/lstate.js';

  export interface TString {
    getstr(): LuaBytes;
  }

  const lstring: {
    /** A string that owns the given bytes. */
    luaS_bless(L: LuaState | null, bytes: LuaBytes): TString;
    /** The patched key of a string in tables: a bar and its bytes, one char each. */
    luaS_hashlongstr(string: TString): string;
  };
  export default lstring;
}

declare module 'fengari/src/ltable.js' {
  import type { LuaState } from 'fengari/src/lstate.js';
  import type { TValue } from 'fengari/src/lobject.js';

  export interface TableEntry {
    readonly key: TValue;
    /** Undefined once removed. */
    readonly value: TValue | undefined;
    /** The next entry. */
    readonly n: TableEntry | undefined;
  }

  export interface Table {
    readonly strong: ReadonlyMap<unknown, TableEntry>;
    /** The first entry. */
    readonly f: TableEntry | undefined;
    metatable: Table | null;
  }

  const ltable: {
    luaH_new(L: LuaState): Table;
    luaH_get(L: LuaState, table: Table, key: TValue): TValue;
    luaH_getint(table: Table, key: number): TValue;
    luaH_getn(table: Table): number;
    luaH_setfrom(L: LuaState, table: Table, key: TValue, value: TValue): void;
    invalidateTMcache(table: Table): void;
  };
  export default ltable;
}

declare module 'fengari' {
  import type { LuaBytes } from 'fengari/src/defs.js';
  import type { CallInfo, LuaState, NativeFunction } from 'fengari/src/lstate.js';

  /** What `lua_getinfo` tells of a call. */
  export interface LuaDebug {
    i_ci: CallInfo | null;
    readonly currentline: number;
    readonly short_src: LuaBytes;
    readonly name: LuaBytes | null;
  }

  const fengari: {
    readonly luaconf: { readonly LUA_MAXINTEGER: number | bigint };
    readonly lua: {
      readonly LUA_OK: number;
      readonly LUA_MULTRET: number;
      readonly lua_Debug: new () => LuaDebug;
      /** Sets what turns a JS error (light userdata) into a Lua value. */
      lua_atnativeerror(L: LuaState, handler: NativeFunction): NativeFunction | null;
      lua_checkstack(L: LuaState, slots: number): boolean;
      lua_concat(L: LuaState, count: number): void;
      lua_error(L: LuaState): never;
      lua_getinfo(L: LuaState, what: LuaBytes, ar: LuaDebug): number;
      lua_getstack(L: LuaState, level: number, ar: LuaDebug): number | boolean;
      lua_gettop(L: LuaState): number;
      lua_load(
        L: LuaState,
        reader: () => LuaBytes | null,
        data: null,
        chunkName: LuaBytes,
        mode: LuaBytes,
      ): number;
      lua_pcall(L: LuaState, args: number, results: number, handler: number): number;
      lua_pushcfunction(L: LuaState, f: NativeFunction): void;
      lua_settop(L: LuaState, index: number): void;
      /** Pushes the number; its length with the closing NUL, or 0. */
      lua_stringtonumber(L: LuaState, text: LuaBytes): number;
      lua_touserdata(L: LuaState, index: number): unknown;
    };
    readonly lauxlib: {
      luaL_argerror(L: LuaState, argument: number, message: LuaBytes): never;
      luaL_newstate(): LuaState;
      luaL_tolstring(L: LuaState, index: number): LuaBytes;
      luaL_where(L: LuaState, level: number): void;
    };
    readonly lualib: {
      luaL_openlibs(L: LuaState): void;
    };
  };
  export default fengari;
}
