import { constants } from 'node:os';
import { asBytes, fromText, type ByteString } from '../../core/bytes.js';
import { errnoText } from '../../sys/errno.js';
import type { LuaValue } from '../values.js';

/** C's texts of the errors that only scripts meet, beside those of `sys/errno`. */
const more: Readonly<Record<string, string>> = {
  E2BIG: 'Argument list too long',
  EAGAIN: 'Resource temporarily unavailable',
  EBADF: 'Bad file descriptor',
  EFBIG: 'File too large',
  EINVAL: 'Invalid argument',
  ENODEV: 'No such device',
  ENOMEM: 'Cannot allocate memory',
  ENXIO: 'No such device or address',
  EPIPE: 'Broken pipe',
  ESPIPE: 'Illegal seek',
  ETXTBSY: 'Text file busy',
};

/** The text and number of a Node system error. */
export function systemError(error: unknown): { readonly text: string; readonly errno: number } {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const errno = (constants.errno as Readonly<Record<string, number>>)[code] ?? 0;
  return { text: more[code] ?? errnoText(error), errno };
}

/** Lua's error triple: nil, `path: text`, number. */
export function failed(error: unknown, path?: ByteString): LuaValue[] {
  const { text, errno } = systemError(error);
  const bytes = fromText(text);
  return [undefined, path === undefined ? bytes : asBytes(`${path}: ${bytes}`), errno];
}

/** An error as Node's fs throws it, for operations Node itself does not refuse. */
export function errnoError(code: string): Error {
  return Object.assign(new Error(more[code] ?? code), { code });
}
