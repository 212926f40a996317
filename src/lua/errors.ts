import { asBytes, fromText, toText, type ByteString } from '../core/bytes.js';
import type { LuaValue } from './values.js';

/** One call on the stack. */
export interface Frame {
  /** `file:line`; the line is -1 in functions made of JS. */
  readonly where: string;
  /** What the function was called by, when that is known. */
  readonly name: string | undefined;
}

interface Failure {
  readonly bytes: ByteString;
  readonly value: LuaValue;
  readonly traceback: readonly Frame[];
  readonly cause?: unknown;
}

/** A Lua error that left the VM. */
export class LuaError extends Error {
  override readonly name = 'LuaError';

  /** The message's bytes; `message` is their text. */
  readonly bytes: ByteString;

  /** What `error` was given. */
  readonly value: LuaValue;

  /** The stack at the place of the error, innermost first. */
  readonly traceback: readonly Frame[];

  constructor(failure: Failure) {
    super(toText(failure.bytes), 'cause' in failure ? { cause: failure.cause } : undefined);
    this.bytes = failure.bytes;
    this.value = failure.value;
    this.traceback = failure.traceback;
  }
}

/** Thrown by a JS function to raise a Lua error at the place of the call. */
export class LuaRaise extends Error {
  override readonly name: string = 'LuaRaise';
  readonly bytes: ByteString;

  /** `level` as in Lua's `error`: 1 is the code that called the JS function, 2 its caller, 0 adds no position. */
  constructor(
    message: string,
    readonly level = 1,
  ) {
    // eslint-disable-next-line no-control-regex
    const bytes = /^[\x00-\xff]*$/.test(message) ? asBytes(message) : fromText(message);
    super(toText(bytes));
    this.bytes = bytes;
  }
}

/** Thrown by a JS function: argument `index` (from 0) is wrong; worded as Lua's own library does. */
export class LuaArgumentError extends LuaRaise {
  constructor(
    readonly index: number,
    message: string,
  ) {
    super(message, 1);
  }
}

/** Ends the script from inside (`os.exit`, `terminate`): no `pcall` stops it, `LuaVm.call` throws it on. */
export class LuaExit extends Error {
  override readonly name = 'LuaExit';

  constructor(
    /** Exit status, 0–255. */
    readonly code: number,
  ) {
    super(`exit ${code}`);
  }
}
