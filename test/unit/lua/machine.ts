import { asBytes, type ByteString } from '../../../src/core/bytes.js';
import type { Stream } from '../../../src/lua/stdlib/file.js';
import { LuaError, LuaVm, type LuaValue, type VmOptions } from '../../../src/lua/vm.js';

/** Runs a chunk named `chunk.lua`; its results. */
export function run(vm: LuaVm, source: string, name = 'chunk.lua'): readonly LuaValue[] {
  return vm.call(vm.load(asBytes(source), name));
}

/** The first result of a chunk in a machine of its own. */
export function evaluate(source: string, options: VmOptions = {}): LuaValue {
  return run(LuaVm.create(options), source)[0];
}

/** What `work` throws. @throws Error when it throws nothing, or no LuaError. */
export function failure(work: () => unknown): LuaError {
  try {
    work();
  } catch (error) {
    if (error instanceof LuaError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** A stream in memory. */
export class MemoryStream implements Stream {
  written = '';
  closed = 0;

  constructor(private left = '') {}

  read(count: number): ByteString {
    const taken = this.left.slice(0, count);
    this.left = this.left.slice(taken.length);
    return asBytes(taken);
  }

  unread(bytes: ByteString): void {
    this.left = bytes + this.left;
  }

  write(bytes: ByteString): void {
    this.written += bytes;
  }

  seek(): number {
    throw Object.assign(new Error('no seeking'), { code: 'ESPIPE' });
  }

  close(): readonly LuaValue[] {
    this.closed++;
    return [true];
  }
}
