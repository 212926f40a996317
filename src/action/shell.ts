import { asBytes, type ByteString } from '../core/bytes.js';

/** A program and its arguments. */
export interface CommandWords {
  readonly binary: ByteString;
  readonly args: readonly ByteString[];
}

/** A shell command; `args` are its `$1`, `$2`, … (spec/config.md, `spawnShell`). */
export function shellCommand(command: ByteString, args: readonly ByteString[] = []): CommandWords {
  return { binary: asBytes('/bin/sh'), args: [asBytes('-c'), command, asBytes('sh'), ...args] };
}
