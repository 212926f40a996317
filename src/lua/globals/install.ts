import { readdirSync } from 'node:fs';
import { asBytes } from '../../core/bytes.js';
import type { EventObjects } from '../objects/event.js';
import type { ScriptHost } from '../objects/host.js';
import type { ListObjects } from '../objects/list.js';
import { fromBuffer, toBuffer } from '../../sys/bytes.js';
import { LuaArgumentError } from '../errors.js';
import { LuaRaise, toNumber, isTable, isFunction, type LuaValue, type LuaVm } from '../vm.js';
import { logFunction } from './log.js';
import { SpawnFunctions } from './spawn.js';
import { timestampOf, Timestamps } from './timestamp.js';

interface GlobalsParts {
  readonly vm: LuaVm;
  readonly host: ScriptHost;
  readonly events: EventObjects;
  readonly lists: ListObjects;
}

/** lsyncd's own globals but `settings`, `sync` and `default` (spec/config.md, "Functions"). */
export function installGlobals({ vm, host, events, lists }: GlobalsParts): SpawnFunctions {
  const spawner = new SpawnFunctions(vm, host, events, lists);
  const stamps = new Timestamps(vm);
  spawner.install();
  vm.globals.set(
    'log',
    logFunction(vm, (category, text) => host.log(category, text)),
  );
  vm.globals.set(
    'now',
    vm.fn('now', () => stamps.make(host.now())),
  );
  vm.globals.set(
    'terminate',
    vm.fn('terminate', (call) => {
      const code = toNumber(call.args[0]);
      if (code !== undefined) return host.terminate(code);
      const got = call.argc === 0 ? 'no value' : vm.typeName(call.args[0]);
      throw new LuaArgumentError(0, `number expected, got ${got}`);
    }),
  );
  vm.globals.set(
    'alarm',
    vm.fn('alarm', ({ args: [at, func, extra] }) => {
      const time = timestampOf(at);
      if (time === undefined || !isFunction(func))
        throw new LuaRaise('alarm expects a timestamp and a function', 1);
      host.alarm(time, () => void vm.call(func, [at, extra]));
    }),
  );
  vm.globals.set(
    'readdir',
    vm.fn('readdir', (call) => readdir(vm, call.args[0], (category, text) => host.log(category, text))),
  );
  for (const name of ['observefd', 'nonobservefd'])
    vm.globals.set(
      name,
      vm.fn(name, () => {
        throw new LuaRaise(`${name} is not available: no Lua socket library exists here`, 1);
      }),
    );
  installStrings(vm);
  return spawner;
}

/** Table name → is-directory, or nil when the directory can't be read. */
function readdir(vm: LuaVm, path: LuaValue, log: ScriptHost['log']): LuaValue {
  if (typeof path !== 'string') throw new LuaRaise('readdir expects a path', 1);
  const table = vm.table({});
  try {
    for (const entry of readdirSync(toBuffer(path), { withFileTypes: true, encoding: 'buffer' }))
      table.set(fromBuffer(entry.name), entry.isDirectory());
  } catch {
    log(asBytes('Error'), asBytes(`cannot open dir [${path}].`));
    return undefined;
  }
  return table;
}

function installStrings(vm: LuaVm): void {
  const string = vm.globals.get('string');
  if (!isTable(string)) return;
  string.set(
    'starts',
    vm.fn('starts', (call) => call.text(0).startsWith(asBytes(call.text(1)))),
  );
  string.set(
    'ends',
    vm.fn('ends', (call) => call.text(0).endsWith(asBytes(call.text(1)))),
  );
}
