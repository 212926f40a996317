import type { LuaVm } from '../vm.js';
import { loaded } from './args.js';
import { openBase } from './base.js';
import { openCompat } from './compat.js';
import { FileStream, type Stream } from './file.js';
import { IoLibrary } from './io.js';
import { openOs } from './os.js';
import { openPackage } from './package.js';

/** Streams in place of the process's own. */
export interface StreamOptions {
  readonly stdin?: Stream;
  readonly stdout?: Stream;
  readonly stderr?: Stream;
}

/**
 * Completes Lua 5.3's standard library where fengari lacks it under Node. What differs from lua5.3: no weak
 * tables, no `__gc`, no C modules, the C locale only, `popen` not concurrent with its command.
 */
export function openStandardLibrary(vm: LuaVm, options: StreamOptions): void {
  const only = (read: boolean) => ({ read, write: !read, append: false });
  const streams = {
    stdin: options.stdin ?? new FileStream(0, only(true)),
    stdout: options.stdout ?? new FileStream(1, only(false)),
    stderr: options.stderr ?? new FileStream(2, only(false)),
  };
  vm.globals.set('fengari', undefined);
  loaded(vm).set('fengari', undefined);
  openBase(vm, streams);
  openPackage(vm);
  openOs(vm);
  openCompat(vm);
  new IoLibrary(vm, streams);
}
