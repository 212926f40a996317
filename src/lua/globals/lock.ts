import { asBytes } from '../../core/bytes.js';
import { LuaRaise, isTable, type LuaVm } from '../vm.js';

const exempt = (name: string): boolean => name === '_' || name.startsWith('__');

/**
 * After the config has run, globals can neither be made nor misspelt (spec/config.md, first paragraph).
 * Existing ones can still be changed.
 */
export function lockGlobals(vm: LuaVm): void {
  vm.globals.setMetatable(
    vm.table({
      __newindex: vm.fn('__newindex', ({ args: [table, key, value] }) => {
        const name = vm.tostring(key);
        if (!exempt(name))
          throw new LuaRaise(
            asBytes(
              `Lsyncd does not allow GLOBALS to be created on the fly. Declare "${name}" local or declare global on load.`,
            ),
            1,
          );
        if (isTable(table)) table.set(key, value);
      }),
      __index: vm.fn('__index', ({ args: [, key] }) => {
        const name = vm.tostring(key);
        if (exempt(name)) return undefined;
        throw new LuaRaise(asBytes(`Access of non-existing global "${name}"`), 1);
      }),
    }),
  );
}
