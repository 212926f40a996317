import { lstatSync } from 'node:fs';
import { asBytes, fromText, type ByteString } from '../../core/bytes.js';
import type { Delay } from '../../core/delay.js';
import type { EventObjects } from '../../lua/objects/event.js';
import type { Command, ScriptHost, ScriptSync, Work } from '../../lua/objects/host.js';
import type { InletFactory } from '../../lua/objects/inlet.js';
import type { ListObjects } from '../../lua/objects/list.js';
import { isTable, LuaRaise, toNumber, type LuaTable, type LuaValue, type LuaVm } from '../../lua/vm.js';
import { toBuffer } from '../../sys/bytes.js';
import { checkAgainstGauge, generalGauge } from '../gauge.js';
import { tunnelOf } from '../tunnel.js';
import { includeRules } from './rsync-paths.js';
import { rsyncArguments, rsyncKeys } from './rsync-args.js';

/** What the rsync defaults need of the machine around them. */
export interface RsyncParts {
  readonly vm: LuaVm;
  readonly host: Pick<ScriptHost, 'log'>;
  readonly events: EventObjects;
  readonly lists: ListObjects;
  readonly inlets: InletFactory;
  /** Starts a command, or work in this process, for an event or list. */
  readonly start: (agent: LuaValue, command: Command | Work) => void;
  readonly exitCodes: LuaTable;
}

const onX = ['onAttrib', 'onCreate', 'onModify', 'onDelete', 'onMove', 'onStartup', 'onFull'];

/** Keys allowed in a sync of rsync's family: the general ones but callbacks, and rsync's own. */
export function rsyncGauge(vm: LuaVm, keys: readonly string[]): LuaTable {
  const gauge = generalGauge(vm);
  for (const key of onX) gauge.set(key, false);
  for (const key of ['delete', 'exclude', 'excludeFrom', 'filter', 'filterFrom', 'batchSizeLimit', ...keys])
    gauge.set(key, true);
  gauge.set('rsync', vm.table(Object.fromEntries(rsyncKeys.map((key) => [key, true]))));
  return gauge;
}

/** `default.rsync` (spec/defaults.md). */
export function rsyncDefault(parts: RsyncParts): LuaTable {
  const { vm } = parts;
  return vm.table({
    action: vm.fn('default.rsync.action', (call) => rsyncAction(parts, call.args[0])),
    init: vm.fn('default.rsync.init', (call) => rsyncFull(parts, call.args[0], 'startup')),
    full: vm.fn('default.rsync.full', (call) => rsyncFull(parts, call.args[0], 'full')),
    prepare: vm.fn('default.rsync.prepare', (call) =>
      prepareRsync(parts, call.args[0], toNumber(call.args[1]) ?? 1, call.args[2] === true),
    ),
    checkgauge: rsyncGauge(vm, ['target']),
    rsync: rsyncTable(vm),
    exitcodes: parts.exitCodes,
    delete: true,
    delay: 15,
  });
}

/** The defaults of the `rsync` table. */
export function rsyncTable(vm: LuaVm): LuaTable {
  return vm.table({ binary: fromText('/usr/bin/rsync'), links: true, times: true, protect_args: true });
}

/** Refuses a parameter with lsyncd's words. */
function needs(name: string, key: string, level: number): LuaRaise {
  return new LuaRaise(`default.${name} needs "${key}" configured`, level);
}

/**
 * `default.rsync.prepare(config, level, skipTarget)`: checks the keys, computes rsync's arguments.
 * @throws LuaRaise with lsyncd's words
 */
export function prepareRsync(
  { vm }: Pick<RsyncParts, 'vm'>,
  config: LuaValue,
  level: number,
  skipTarget: boolean,
): void {
  if (!isTable(config)) throw new LuaRaise('default.rsync.prepare expects a config table', 1);
  const rsync = config.get('rsync');
  if (isTable(rsync) && rsync.get('_computed') !== undefined)
    throw new LuaRaise('please do not use the internal rsync._computed parameter', level);
  const gauge = config.get('checkgauge');
  if (isTable(gauge)) checkAgainstGauge(vm, config, gauge, level);
  checkDelete(config, level);
  sizeLimit(config, level);
  if (!isTable(rsync)) throw new LuaRaise('Parameter "rsync" must be a table.', level);
  rsync.set('_computed', vm.table(rsyncArguments(vm, rsync)));
  if (skipTarget) return;
  const target = config.get('target');
  if (target === undefined) throw needs('rsync', 'target', level);
  config.set('target', directoryTarget(target, 'target', level));
}

/** `delete` has four forms; another word is a typo that would delete (or keep) what it should not. */
export function checkDelete(config: LuaTable, level: number): void {
  const value = config.get('delete');
  const allowed: readonly LuaValue[] = [undefined, true, false, fromText('startup'), fromText('running')];
  if (!allowed.includes(value))
    throw new LuaRaise('Parameter "delete" must be true, false, "startup" or "running".', level);
}

/**
 * A target with the slash rsync needs. An empty one is refused: lsyncd makes `/` of it, and deletes the
 * machine (docs/differences.md).
 */
export function directoryTarget(target: LuaValue, key: string, level: number): ByteString {
  if (typeof target !== 'string') throw new LuaRaise(`Parameter "${key}" must be a string.`, level);
  if (target === '')
    throw new LuaRaise(`Parameter "${key}" is empty: name the directory that is to be written to.`, level);
  if (/^[/.]*$/.test(target) && target.startsWith('/'))
    throw new LuaRaise(
      `Parameter "${key}" is the root of the file system: everything there would be deleted.`,
      level,
    );
  return /[/:]$/.test(target) ? target : asBytes(`${target}/`);
}

/** May a transfer of that time delete at the target? */
export function deletes(config: LuaTable, when: 'startup' | 'running'): boolean {
  const value = config.get('delete');
  return value === true || value === fromText(when);
}

/** Where rsync is told to write: another default of the family builds it from host and directory. */
const targetOf = (vm: LuaVm, config: LuaTable): ByteString => vm.tostring(config.get('target'));

/** The same by way of the sync's tunnel, if it has one. */
function through(vm: LuaVm, config: LuaTable, target = targetOf(vm, config)): ByteString {
  return tunnelOf(vm, config)?.target(target) ?? target;
}

/** The parts of a sync's config every rsync command line is made of. */
export function rsyncOf(
  vm: LuaVm,
  config: LuaTable,
): { binary: ByteString; computed: ByteString[]; table: LuaTable } {
  const table = config.get('rsync');
  if (!isTable(table)) throw new LuaRaise('Parameter "rsync" must be a table.', 1);
  const computed = table.get('_computed');
  return {
    table,
    binary: vm.tostring(table.get('binary') ?? fromText('/usr/bin/rsync')),
    computed: isTable(computed)
      ? Array.from({ length: computed.length }, (_, i) => vm.tostring(computed.get(i + 1)))
      : rsyncArguments(vm, table),
  };
}

const words = (...list: readonly string[]): ByteString[] => list.map(asBytes);

/** `--delete --ignore-errors`, with `maxDelete` a limit to it, or nothing. */
function deletion(sync: ScriptSync, when: 'startup' | 'running'): ByteString[] {
  const leave = sync.deletionLeave();
  if (!deletes(sync.config, when) || !leave.delete) return [];
  return words(
    '--delete',
    '--ignore-errors',
    ...(leave.most === undefined ? [] : [`--max-delete=${leave.most}`]),
  );
}

/** One rsync of everything, at start or by time. */
export function rsyncFull(
  parts: RsyncParts,
  event: LuaValue,
  what: 'startup' | 'full',
  target?: ByteString,
): void {
  const { vm, host } = parts;
  const ref = parts.events.resolve(event);
  if (ref === undefined) throw new LuaRaise('default.rsync.init expects an event', 1);
  const { sync } = ref;
  const { config, source } = sync;
  const { binary, computed, table } = rsyncOf(vm, config);
  const to = through(vm, config, target);
  const remove = deletion(sync, 'startup');
  const { filters, excludes } = sync.rules();
  const rules = [...filters, ...(filters.length > 0 ? excludes.map((e) => asBytes(`- ${e}`)) : excludes)];
  const way = `recursive ${what} rsync: ${source} -> ${to}`;
  const list =
    rules.length === 0 ? '' : `${filters.length > 0 ? ' filtering' : ' excluding'}\n${rules.join('\n')}`;
  host.log(asBytes('Normal'), asBytes(way + list));
  const from = filters.length > 0 ? '--filter=. -' : '--exclude-from=-';
  const also = remove.length > 0 && table.get('delete_excluded') === true ? words('--delete-excluded') : [];
  parts.start(event, {
    binary,
    ...(rules.length === 0 ? {} : { stdin: asBytes(rules.join('\n')) }),
    args: [
      ...(rules.length === 0 ? [] : words(from)),
      ...remove,
      ...also,
      ...computed,
      ...words('-r'),
      source,
      to,
    ],
    partial: true,
  });
}

/** Starts one rsync for these delays, which have been taken as one list. */
export function rsyncDelays(
  parts: RsyncParts,
  sync: ScriptSync,
  delays: readonly Delay[],
  target?: ByteString,
): void {
  const { vm, host } = parts;
  const { binary, computed } = rsyncOf(vm, sync.config);
  const rules = includeRules(delays);
  host.log(
    asBytes('Normal'),
    asBytes(`Calling rsync with filter-list of new/modified files/dirs\n${rules.join('\n')}`),
  );
  parts.start(parts.lists.of(sync, delays), {
    binary,
    stdin: asBytes(rules.join('\0')),
    args: [
      ...computed,
      ...words('-r'),
      ...deletion(sync, 'running'),
      ...words('--force', '--from0', '--include-from=-', '--exclude=*'),
      sync.source,
      through(vm, sync.config, target),
    ],
    partial: true,
  });
}

/** Bytes from which on a file goes in a transfer of its own; undefined: there is no such limit. */
function sizeLimit(config: LuaTable, level: number): number | undefined {
  const given = config.get('batchSizeLimit');
  if (given === undefined || given === false) return undefined;
  const limit = toNumber(given);
  if (limit === undefined || !(limit >= 0))
    throw new LuaRaise('Parameter "batchSizeLimit" must be a number of bytes.', level);
  return limit;
}

/** Whether what is there now is a file larger than that; deletions, moves and directories never are. */
function isLarge({ etype, path }: Delay, source: ByteString, limit: number): boolean {
  if (path.endsWith('/') || (etype !== 'Create' && etype !== 'Modify')) return false;
  const stats = lstatSync(toBuffer(asBytes(source + path)), { throwIfNoEntry: false });
  return stats?.isFile() === true && stats.size > limit;
}

/** `default.rsync.action(inlet)`: everything that is ready in one transfer, large files in their own. */
export function rsyncAction(parts: RsyncParts, inlet: LuaValue): void {
  const sync = parts.inlets.resolve(inlet);
  if (sync === undefined) throw new LuaRaise('default.rsync.action expects an inlet', 1);
  const isPath = ({ etype }: Delay): boolean => etype !== 'Init' && etype !== 'Blanket' && etype !== 'Full';
  const limit = sizeLimit(sync.config, 1);
  const large = (delay: Delay): boolean => limit !== undefined && isLarge(delay, sync.source, limit);
  let delays = sync.readyDelays((delay) => isPath(delay) && !large(delay));
  if (delays.length === 0) {
    let found: Delay | undefined;
    delays = sync.readyDelays((delay) => {
      if (found === undefined && isPath(delay)) found = delay;
      return delay === found;
    });
  }
  if (delays.length > 0) rsyncDelays(parts, sync, delays);
}
