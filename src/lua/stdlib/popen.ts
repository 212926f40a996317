import { asBytes, type ByteString } from '../../core/bytes.js';
import type { LuaValue } from '../values.js';
import type { Stream } from './file.js';
import { runShell, type ShellEnd } from './shell.js';
import { errnoError } from './strerror.js';

/** `io.popen(command, "r")`: the command runs to its end when the stream is made, its output is read from memory. */
export class CommandOutput implements Stream {
  private readonly end: ShellEnd;
  private left: string;

  constructor(command: ByteString) {
    this.end = runShell(command, { capture: true });
    this.left = this.end.output;
  }

  read(count: number): ByteString {
    const taken = this.left.slice(0, count);
    this.left = this.left.slice(taken.length);
    return asBytes(taken);
  }

  unread(bytes: ByteString): void {
    this.left = bytes + this.left;
  }

  write(): never {
    throw errnoError('EBADF');
  }

  seek(): never {
    throw errnoError('ESPIPE');
  }

  close(): readonly LuaValue[] {
    return this.end.result;
  }
}

/** `io.popen(command, "w")`: what is written is collected, and the command runs when the stream is closed. */
export class CommandInput implements Stream {
  private readonly parts: ByteString[] = [];

  constructor(private readonly command: ByteString) {}

  read(): never {
    throw errnoError('EBADF');
  }

  unread(): never {
    throw errnoError('EBADF');
  }

  write(bytes: ByteString): void {
    this.parts.push(bytes);
  }

  seek(): never {
    throw errnoError('ESPIPE');
  }

  close(): readonly LuaValue[] {
    return runShell(this.command, { input: asBytes(this.parts.join('')) }).result;
  }
}
