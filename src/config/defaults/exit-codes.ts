import { asBytes } from '../../core/bytes.js';
import type { LuaTable, LuaVm } from '../../lua/vm.js';

/** What rsync's exit codes mean (spec/defaults.md, "Exit codes"). */
const rsync = {
  ok: [0, 23, 24],
  again: [3, 5, 6, 10, 11, 12, 14, 20, 21, 22, 30, 35, 255],
  die: [1, 2, 4, 25],
};

const ssh = { ok: [0], again: [255] };

function table(vm: LuaVm, codes: Readonly<Record<string, readonly number[]>>): LuaTable {
  const made = vm.table({ _verbatim: true });
  for (const [verdict, list] of Object.entries(codes))
    for (const code of list) made.set(code, asBytes(verdict));
  return made;
}

/** `default.rsyncExitCodes`. */
export const rsyncExitCodes = (vm: LuaVm): LuaTable => table(vm, rsync);

/** `default.sshExitCodes`. */
export const sshExitCodes = (vm: LuaVm): LuaTable => table(vm, ssh);
