/**
 * Byte strings: JS strings whose every char code is one byte (0–255). Linux file names, Lua strings and
 * child arguments need not be UTF-8; inside the program they are carried this way, lossless and usable as
 * Map keys, and are converted only at the edges (`src/sys/bytes.ts`).
 */
declare const brand: unique symbol;

/** Any sequence of bytes, one char each. */
export type ByteString = string & { readonly [brand]: 'ByteString' };

/** A path (absolute, or relative to a sync's source with a leading slash); never contains NUL. */
export type BytePath = ByteString;

const encoder = new TextEncoder();
// A byte order mark at the beginning belongs to the name like everything else.
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const looseDecoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Marks a string already known to hold one byte per char; the only cast in the program. */
export function asBytes(latin1: string): ByteString {
  return latin1 as ByteString;
}

/** Text → its UTF-8 bytes. */
export function fromText(text: string): ByteString {
  // eslint-disable-next-line no-control-regex
  if (/^[\x00-\x7f]*$/.test(text)) return asBytes(text);
  let out = '';
  for (const byte of encoder.encode(text)) out += String.fromCharCode(byte);
  return asBytes(out);
}

function unpack(bytes: ByteString): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i] = bytes.charCodeAt(i);
  return out;
}

/** UTF-8 bytes → text, or undefined when they are not valid UTF-8. */
export function toTextStrict(bytes: ByteString): string | undefined {
  // eslint-disable-next-line no-control-regex
  if (/^[\x00-\x7f]*$/.test(bytes)) return bytes;
  try {
    return strictDecoder.decode(unpack(bytes));
  } catch {
    return undefined;
  }
}

/** Bytes → text for people; invalid UTF-8 shows as U+FFFD. */
export function toText(bytes: ByteString): string {
  return toTextStrict(bytes) ?? looseDecoder.decode(unpack(bytes));
}
