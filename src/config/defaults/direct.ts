import { lstatSync } from 'node:fs';
import { asBytes, fromText, type ByteString } from '../../core/bytes.js';
import type { Delay } from '../../core/delay.js';
import type { ScriptSync } from '../../lua/objects/host.js';
import { LuaRaise, toNumber, type LuaTable, type LuaValue } from '../../lua/vm.js';
import { toBuffer } from '../../sys/bytes.js';
import { withoutSlash } from '../../sys/fs-bytes.js';
import { deletes, prepareRsync, rsyncFull, rsyncGauge, rsyncTable } from './rsync.js';
import { codeMeans, startupVerdict, type RsyncSshParts } from './rsyncssh.js';

/**
 * A shell's part of the work; `$1` is the path in the source, `$2` in the target, `$3` a move's new name there.
 * `-T` and `--`: a name is never taken for an option, nor what stands at the target for a directory to copy into.
 */
const scripts = {
  directory: 'test ! -L "$1" && test -d "$1" || exit 0; mkdir -p -- "$2" && chmod --reference="$1" -- "$2"',
  file: 'test -L "$1" || test ! -d "$1" || exit 0; cp -a -T -f -- "$1" "$2"',
  attributes: 'test -L "$1" || { chmod --reference="$1" -- "$2" && touch -r "$1" -- "$2"; }',
  remove: 'rm -rf -- "$2"',
  move: 'mv -T -f -- "$2" "$3" || { rm -rf -- "$2"; cp -a -T -f -- "$1" "$3"; }',
} as const;

/** `default.direct` (spec/defaults.md): a local directory, kept by one small command an event. */
export function directDefault(parts: RsyncSshParts): LuaTable {
  const { vm } = parts;
  const gauge = rsyncGauge(vm, ['target', 'rsyncExitCodes']);
  gauge.set('onMove', true);
  return vm.table({
    action: vm.fn('default.direct.action', (call) => action(parts, call.args[0])),
    init: vm.fn('default.direct.init', (call) => rsyncFull(parts, call.args[0], 'startup')),
    full: vm.fn('default.direct.full', (call) => rsyncFull(parts, call.args[0], 'full')),
    collect: vm.fn('default.direct.collect', (call) => collect(parts, call.args[0], call.args[1])),
    prepare: vm.fn('default.direct.prepare', (call) =>
      prepareRsync(parts, call.args[0], toNumber(call.args[1]) ?? 1, false),
    ),
    checkgauge: gauge,
    rsync: rsyncTable(vm),
    rsyncExitCodes: parts.exitCodes,
    onMove: true,
    delete: true,
    delay: 1,
    maxProcesses: 1,
  });
}

/** What is to be done about an event; undefined: nothing. */
function scriptFor({ etype, path }: Delay, mayDelete: boolean): string | undefined {
  const isDirectory = path.endsWith('/');
  switch (etype) {
    case 'Create':
    case 'Modify':
      return isDirectory ? scripts.directory : scripts.file;
    case 'Attrib':
      return isDirectory ? scripts.directory : scripts.attributes;
    case 'Delete':
      return mayDelete ? scripts.remove : undefined;
    case 'Move':
      return scripts.move;
    case 'Init':
    case 'Blanket':
    case 'Full':
      return undefined;
  }
}

/** `default.direct.action(inlet)`: the next ready event. */
function action(parts: RsyncSshParts, inlet: LuaValue): void {
  const { vm } = parts;
  const sync = parts.inlets.resolve(inlet);
  if (sync === undefined) throw new LuaRaise('default.direct.action expects an inlet', 1);
  const delay = sync.firstReady();
  if (delay === undefined) return;
  const script = scriptFor(delay, deletes(sync.config, 'running'));
  if (script === undefined) {
    sync.discard(delay);
    return;
  }
  const target = vm.tostring(sync.config.get('target'));
  const at = (path: ByteString): ByteString => withoutSlash(asBytes(target.replace(/\/$/, '') + path));
  const source = withoutSlash(asBytes(sync.source + (delay.path2 ?? delay.path).slice(1)));
  const more = delay.path2 === undefined ? [] : [at(delay.path2)];
  parts.start(parts.events.of(sync, delay)[0], {
    binary: fromText('/bin/sh'),
    args: [...['-c', script, 'sh'].map(asBytes), source, at(delay.path), ...more],
  });
}

/** Whether an event's path still is what it was: what has vanished or changed its kind has an event to come. */
function isThere(sync: ScriptSync, { path, path2 }: Delay): boolean {
  const wanted = path2 ?? path;
  const found = lstatSync(toBuffer(withoutSlash(asBytes(sync.source + wanted.slice(1)))), {
    throwIfNoEntry: false,
  });
  return found?.isDirectory() === wanted.endsWith('/');
}

/** Unlike lsyncd's, which ignores every result: what failed is tried again, unless it has vanished. */
function collect(parts: RsyncSshParts, agentValue: LuaValue, codeValue: LuaValue): LuaValue {
  const agent = parts.agentOf(agentValue);
  const code = toNumber(codeValue) ?? 255;
  const { sync } = agent;
  const [delay] = agent.delays;
  const say = (category: string, text: string) => parts.host.log(asBytes(category), asBytes(text));
  if (!agent.isList && (delay?.etype === 'Init' || delay?.etype === 'Full')) {
    const meaning = codeMeans(parts.vm, sync.config, 'rsyncExitCodes', code);
    const result = startupVerdict(parts, sync.source, meaning, code, say);
    return result === 'ok' ? undefined : asBytes(result);
  }
  if (code === 0 || delay === undefined) return undefined;
  if (delay.etype !== 'Delete' && !isThere(sync, delay)) return undefined;
  say('Normal', `Retrying ${delay.etype} ${sync.source}${delay.path}: ${code}`);
  return asBytes('again');
}
