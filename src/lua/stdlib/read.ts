import { asBytes, type ByteString } from '../../core/bytes.js';
import { LuaArgumentError } from '../errors.js';
import type { LuaValue } from '../values.js';
import type { LuaVm } from '../vm.js';
import type { Args } from './args.js';
import type { Stream } from './file.js';

/** A numeral, a line without or with its end, everything, or so many bytes. */
export type Format = 'n' | 'l' | 'L' | 'a' | number;

/** The formats of a call, from argument `from` on; a line when none is given. */
export function formatsOf(args: Args, from: number): Format[] {
  if (args.count <= from) return ['l'];
  const formats: Format[] = [];
  for (let i = from; i < args.count; i++) {
    if (args.isNumber(args.at(i))) {
      formats.push(args.size(i));
      continue;
    }
    const letter = args.string(i).replace(/^\*/, '')[0];
    if (letter !== 'n' && letter !== 'l' && letter !== 'L' && letter !== 'a')
      throw new LuaArgumentError(i, 'invalid format');
    formats.push(letter);
  }
  return formats;
}

/** Reads in turn; stops behind the first that fails, which gives nil. @throws a Node system error. */
export function readAll(vm: LuaVm, stream: Stream, formats: readonly Format[]): LuaValue[] {
  const values: LuaValue[] = [];
  for (const format of formats) {
    const value = readOne(vm, stream, format);
    values.push(value);
    if (value === undefined) break;
  }
  return values;
}

function readOne(vm: LuaVm, stream: Stream, format: Format): LuaValue {
  switch (format) {
    case 'n':
      return readNumber(vm, stream);
    case 'l':
      return readLine(stream, false);
    case 'L':
      return readLine(stream, true);
    case 'a':
      return readCount(stream, Infinity) ?? asBytes('');
    default:
      return format <= 0 ? atEnd(stream) : readCount(stream, format);
  }
}

/** '' when there is something to read, nil at the end. */
function atEnd(stream: Stream): ByteString | undefined {
  const next = stream.read(1);
  stream.unread(next);
  return next === '' ? undefined : asBytes('');
}

function readCount(stream: Stream, count: number): ByteString | undefined {
  const parts: ByteString[] = [];
  for (let left = count; left > 0;) {
    const part = stream.read(left === Infinity ? 1 << 20 : left);
    if (part === '') break;
    parts.push(part);
    left -= part.length;
  }
  return parts.length === 0 ? undefined : asBytes(parts.join(''));
}

function readLine(stream: Stream, keepEnd: boolean): ByteString | undefined {
  const parts: string[] = [];
  for (;;) {
    const part = stream.read(4096);
    if (part === '') return parts.length === 0 ? undefined : asBytes(parts.join(''));
    const end = part.indexOf('\n');
    if (end < 0) {
      parts.push(part);
      continue;
    }
    stream.unread(asBytes(part.slice(end + 1)));
    parts.push(part.slice(0, keepEnd ? end + 1 : end));
    return asBytes(parts.join(''));
  }
}

/** Longest numeral Lua reads. */
const MAX_NUMERAL = 200;

/** Reads as many characters as may belong to a numeral, as Lua 5.3 does, also when they turn out to be none. */
function readNumber(vm: LuaVm, stream: Stream): LuaValue {
  let text = '';
  let next: string = stream.read(1);
  const take = () => {
    if (next === '' || text.length >= MAX_NUMERAL) {
      text = '';
      return false;
    }
    text += next;
    next = stream.read(1);
    return true;
  };
  const accept = (set: string) => next !== '' && set.includes(next) && take();
  const digits = (hex: boolean) => {
    let count = 0;
    while ((hex ? /[0-9a-fA-F]/ : /[0-9]/).test(next) && take()) count++;
    return count;
  };
  while (next !== '' && ' \t\n\v\f\r'.includes(next)) next = stream.read(1);
  accept('+-');
  let hex = false;
  let count = 0;
  if (accept('0')) {
    if (accept('xX')) hex = true;
    else count = 1;
  }
  count += digits(hex);
  if (accept('.')) count += digits(hex);
  if (count > 0 && accept(hex ? 'pP' : 'eE')) {
    accept('+-');
    digits(false);
  }
  stream.unread(asBytes(next));
  return vm.parseNumber(asBytes(text));
}
