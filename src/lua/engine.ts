/**
 * The one place that loads fengari. Its modules require each other in circles and come out whole only when
 * the package's main module is loaded first.
 */
import fengari from 'fengari';
import defs from 'fengari/src/defs.js';
import lobject from 'fengari/src/lobject.js';
import lstring from 'fengari/src/lstring.js';
import ltable from 'fengari/src/ltable.js';

// A script must never wrap a number silently, so the original is refused.
if (fengari.luaconf.LUA_MAXINTEGER !== 2n ** 63n - 1n)
  throw new Error('fengari is not patched (patches/fengari+0.1.5.patch): run npm install in the package');

export const { lua, lauxlib, lualib } = fengari;

export const tags = defs.constant_types;

export const { TValue: Slot, Udata } = lobject;

export { lstring, ltable };

export type { CallInfo, LuaState, NativeFunction } from 'fengari/src/lstate.js';
export type { TValue, Udata as RawUdata } from 'fengari/src/lobject.js';
export type { TString } from 'fengari/src/lstring.js';
export type { Table as RawTable } from 'fengari/src/ltable.js';
