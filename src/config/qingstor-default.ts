import { asBytes } from '../core/bytes.js';
import { LuaRaise, type LuaTable, type LuaVm } from '../lua/vm.js';
import { generalGauge } from './gauge.js';

/** Options of the `qingstor = { … }` table of `default.qingstor` (docs/config.md). */
export const qingstorOptions = [
  'config',
  'zone',
  'endpoint',
  'workers',
  'partSize',
  'partThreshold',
  'rateLimit',
  'timeout',
  'retries',
];

/**
 * `default.qingstor`: the native engine as a layer 4 default. Its functions never run: the daemon sees the key
 * `_native` and gives the sync's events to the engine.
 */
export function qingstorDefault(vm: LuaVm): LuaTable {
  const gauge = generalGauge(vm);
  for (const key of ['onAttrib', 'onCreate', 'onModify', 'onDelete', 'onMove', 'onStartup', 'onFull'])
    gauge.set(key, false);
  for (const key of ['delete', '_native']) gauge.set(key, true);
  gauge.set('qingstor', vm.table(Object.fromEntries(qingstorOptions.map((key) => [key, true]))));
  const native = vm.fn('default.qingstor', () => {
    throw new LuaRaise('default.qingstor works natively: its action and init can not be called', 1);
  });
  return vm.table({
    _native: asBytes('qingstor'),
    action: native,
    init: native,
    full: native,
    checkgauge: gauge,
    delete: true,
    delay: 5,
    qingstor: vm.table({}),
  });
}
