import { LsyncdError } from '../core/errors.js';
import { toText, type ByteString } from '../core/bytes.js';
import { parseMaxDelete, type MaxDelete } from '../core/max-delete.js';
import { toNumber, type LuaTable, type LuaValue } from '../lua/vm.js';
import type { Settings } from './settings.js';

/** What `maxDelete` may be, for error messages. */
export const maxDeleteForms = 'a number of deletions, or a percentage such as "10%"';

/** A value of `maxDelete`; `wrong` when it is none. */
export function maxDeleteOf(value: LuaValue): MaxDelete | 'off' | 'wrong' {
  if (value === undefined || value === false) return 'off';
  const given = typeof value === 'string' ? value : toNumber(value);
  return (given === undefined ? undefined : parseMaxDelete(given)) ?? 'wrong';
}

/** A sync's `maxDelete`: its own key, or the settings'; undefined: no limit. */
export function syncMaxDelete(config: LuaTable, settings: Settings): MaxDelete | undefined {
  const found = maxDeleteOf(config.get('maxDelete') ?? settings.maxDelete);
  return typeof found === 'string' ? undefined : found;
}

/**
 * The same for a sync whose actions are commands.
 * @throws LsyncdError for a percentage: only a native sync knows what its target holds
 */
export function commandMaxDelete(
  name: ByteString,
  config: LuaTable,
  settings: Settings,
): MaxDelete | undefined {
  const limit = syncMaxDelete(config, settings);
  if (limit?.kind === 'percent')
    throw new LsyncdError(
      'LSY_MAX_DELETE',
      `${toText(name)}: maxDelete = "${limit.most}%" needs to know how much the target holds, which only a native sync does`,
      'give this sync a number of deletions (maxDelete = 1000), or maxDelete = false',
    );
  return limit;
}

/** May a sync make its target as empty as its source? Its own key, or the settings', or what is usual for it. */
export function allowsEmptySource(config: LuaTable, settings: Settings, usual: boolean): boolean {
  const own = config.get('allowEmptySource');
  return own === undefined ? (settings.allowEmptySource ?? usual) : own !== false;
}
