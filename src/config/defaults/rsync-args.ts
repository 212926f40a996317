import { asBytes, type ByteString } from '../../core/bytes.js';
import { isTable, type LuaTable, type LuaValue, type LuaVm } from '../../lua/vm.js';

/** Options with a one-letter flag (spec/defaults.md, "The `rsync` table"). */
const letters: Readonly<Record<string, string>> = {
  acls: 'A',
  backup: 'b',
  checksum: 'c',
  compress: 'z',
  copy_dirlinks: 'k',
  copy_links: 'L',
  cvs_exclude: 'C',
  dry_run: 'n',
  executability: 'E',
  group: 'g',
  hard_links: 'H',
  ignore_times: 'I',
  ipv4: '4',
  ipv6: '6',
  keep_dirlinks: 'K',
  links: 'l',
  one_file_system: 'x',
  omit_dir_times: 'O',
  omit_link_times: 'J',
  owner: 'o',
  perms: 'p',
  protect_args: 's',
  prune_empty_dirs: 'm',
  quiet: 'q',
  sparse: 'S',
  times: 't',
  update: 'u',
  verbose: 'v',
  whole_file: 'W',
  xattrs: 'X',
};

/** What `archive = true` switches on; `recursive` is always given. */
const archived = ['links', 'perms', 'times', 'group', 'owner', 'devices', 'specials'];

/** Long options in the order lsyncd gives them; `value` ones take the table's text. */
const longs: readonly (readonly [string, 'switch' | 'value'])[] = [
  ['append', 'switch'],
  ['append_verify', 'switch'],
  ['backup_dir', 'value'],
  ['bwlimit', 'value'],
  ['chmod', 'value'],
  ['chown', 'value'],
  ['copy_unsafe_links', 'switch'],
  ['groupmap', 'value'],
  ['existing', 'switch'],
  ['inplace', 'switch'],
  ['password_file', 'value'],
  ['rsh', 'value'],
  ['rsync_path', 'value'],
  ['suffix', 'value'],
  ['temp_dir', 'value'],
  ['timeout', 'value'],
  ['usermap', 'value'],
];

/** Every key of the `rsync` table; `_computed` is ours to fill. */
export const rsyncKeys: readonly string[] = [
  ...Object.keys(letters),
  ...longs.map(([key]) => key),
  ...['archive', 'binary', 'delete_excluded', 'devices', 'specials', '_extra'],
];

/** A long option's name: `backup_dir` → `--backup-dir`. */
const longName = (key: string): string => `--${key.replaceAll('_', '-')}`;

const isSet = (value: LuaValue): boolean => value !== undefined && value !== false;

/** The words of a list under `key`. */
export function extraWords(vm: LuaVm, table: LuaTable): ByteString[] {
  const extra = table.get('_extra');
  if (!isTable(extra)) return [];
  return Array.from({ length: extra.length }, (_, i) => vm.tostring(extra.get(i + 1)));
}

/**
 * The arguments an `rsync = { … }` table stands for, without recursion, deletion, source and target:
 * joined short flags, `_extra`, then long options (spec/defaults.md).
 */
export function rsyncArguments(vm: LuaVm, table: LuaTable): ByteString[] {
  const archive = table.get('archive') === true;
  const given = (key: string): boolean => {
    const value = table.get(key);
    return value === undefined ? archive && archived.includes(key) : isSet(value);
  };
  let flags = Object.keys(letters)
    .filter(given)
    .map((key) => letters[key]!)
    .join('');
  const words: string[] = [];
  const [devices, specials] = [given('devices'), given('specials')];
  if (devices && specials) flags += 'D';
  else if (devices) words.push('--devices');
  else if (specials) words.push('--specials');
  words.push(...extraWords(vm, table));
  for (const [key, kind] of longs) {
    const value = table.get(key);
    if (!isSet(value)) continue;
    words.push(kind === 'switch' ? longName(key) : `${longName(key)}=${vm.tostring(value)}`);
  }
  return [...(flags === '' ? [] : [`-${flags}`]), ...words].map(asBytes);
}
