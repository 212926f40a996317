import { asBytes, type ByteString } from '../core/bytes.js';
import { lstring, Slot, tags, type TString, type TValue } from './engine.js';
import { LuaFloat } from './values.js';

/** Byte string → fresh bytes. */
export function encode(bytes: string): Uint8Array {
  const length = bytes.length;
  const out = new Uint8Array(length);
  for (let i = 0; i < length; i++) out[i] = bytes.charCodeAt(i);
  return out;
}

/** Bytes → byte string. */
export function decode(bytes: Uint8Array): ByteString {
  return asBytes(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'));
}

/** A Lua string that owns its bytes. */
export function luaString(bytes: string): TString {
  return lstring.luaS_bless(null, encode(bytes));
}

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;

/** JS number or bigint → a Lua number: safe integers and bigints become integers, the rest floats. */
export function encodeNumber(value: number | bigint): TValue {
  if (typeof value === 'bigint') {
    if (value < MIN || value > MAX) throw new RangeError(`${value} does not fit a Lua integer`);
    const small = Number(value);
    return new Slot(tags.LUA_TNUMINT, Number.isSafeInteger(small) ? small : value);
  }
  // `+ 0` turns -0, which JS arithmetic makes by accident, into 0.
  return Number.isSafeInteger(value)
    ? new Slot(tags.LUA_TNUMINT, value + 0)
    : new Slot(tags.LUA_TNUMFLT, value);
}

/** A float as Lua holds it → number when it has a fraction, else LuaFloat. */
export function decodeFloat(value: unknown): number | LuaFloat {
  const number = value as number;
  return Number.isFinite(number) && !Number.isInteger(number) ? number : new LuaFloat(number);
}

/** Drops a byte order mark and blanks out a first line that begins with `#`, keeping line numbers. */
export function skipHash(source: ByteString): ByteString {
  const text = source.startsWith('\xef\xbb\xbf') ? source.slice(3) : source;
  if (!text.startsWith('#')) return asBytes(text);
  const end = text.indexOf('\n');
  return asBytes(end < 0 ? '' : text.slice(end));
}
