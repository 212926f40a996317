import { asBytes, fromText, toText, type ByteString } from '../../core/bytes.js';
import type { Delay } from '../../core/delay.js';
import type { Agent } from '../../lua/objects/host.js';
import { isTable, LuaRaise, toNumber, type LuaTable, type LuaValue, type LuaVm } from '../../lua/vm.js';
import { extraWords } from './rsync-args.js';
import {
  directoryTarget,
  prepareRsync,
  rsyncDelays,
  rsyncFull,
  rsyncGauge,
  rsyncTable,
  type RsyncParts,
} from './rsync.js';
import { unforeseen, type Verdict } from '../verdict.js';

export interface RsyncSshParts extends RsyncParts {
  readonly sshExitCodes: LuaTable;
  readonly agentOf: (value: LuaValue) => Agent;
  readonly insist: () => boolean;
  /** Ends the program. */
  readonly terminate: (code: number) => never;
}

const sshKeys = ['binary', 'identityFile', 'options', 'port', '_extra'];

/** `default.rsyncssh` (spec/defaults.md): rsync over ssh, moves by `mv` on the other side. */
export function rsyncSshDefault(parts: RsyncSshParts): LuaTable {
  const { vm } = parts;
  const gauge = rsyncGauge(vm, ['host', 'targetdir', 'rsyncExitCodes', 'sshExitCodes']);
  gauge.set('target', false);
  gauge.set('onMove', true);
  gauge.set('ssh', vm.table(Object.fromEntries(sshKeys.map((key) => [key, true]))));
  return vm.table({
    action: vm.fn('default.rsyncssh.action', (call) => action(parts, call.args[0])),
    init: vm.fn('default.rsyncssh.init', (call) => full(parts, call.args[0], 'startup')),
    full: vm.fn('default.rsyncssh.full', (call) => full(parts, call.args[0], 'full')),
    collect: vm.fn('default.rsyncssh.collect', (call) => collect(parts, call.args[0], call.args[1])),
    prepare: vm.fn('default.rsyncssh.prepare', (call) =>
      prepare(parts, call.args[0], toNumber(call.args[1]) ?? 1),
    ),
    checkgauge: gauge,
    rsync: rsyncTable(vm),
    ssh: vm.table({ binary: fromText('/usr/bin/ssh') }),
    rsyncExitCodes: parts.exitCodes,
    sshExitCodes: parts.sshExitCodes,
    onMove: true,
    delete: true,
    delay: 15,
    maxProcesses: 1,
  });
}

/** ssh's words between its name and the host. */
function sshArguments(vm: LuaVm, ssh: LuaTable): ByteString[] {
  const words: string[] = [];
  const identity = ssh.get('identityFile');
  if (identity !== undefined) words.push('-i', vm.tostring(identity));
  const options = ssh.get('options');
  if (isTable(options))
    for (const [key, value] of options.entries())
      words.push('-o', `${vm.tostring(key)}=${vm.tostring(value)}`);
  const port = ssh.get('port');
  if (port !== undefined) words.push('-p', vm.tostring(port));
  words.push(...extraWords(vm, ssh));
  return words.map(asBytes);
}

/** A word as rsync's own splitting of `--rsh` takes it: quoted where it holds a blank or quote. */
function rshWord(word: ByteString): string {
  if (!/[\s'"]/.test(word)) return word;
  return word.includes("'") ? `"${word.replaceAll('"', '""')}"` : `'${word}'`;
}

function prepare(parts: RsyncSshParts, config: LuaValue, level: number): void {
  const { vm } = parts;
  if (!isTable(config)) throw new LuaRaise('default.rsyncssh.prepare expects a config table', 1);
  prepareRsync(parts, config, level, true);
  if (toNumber(config.get('maxProcesses')) !== 1)
    throw new LuaRaise('default.rsyncssh must have maxProcesses set to 1.', level);
  for (const key of ['host', 'targetdir'])
    if (config.get(key) === undefined)
      throw new LuaRaise(`default.rsyncssh needs "${key}" configured`, level);
  const host = config.get('host');
  if (typeof host !== 'string' || host === '' || host.startsWith('-'))
    throw new LuaRaise(
      `Parameter "host" must be the name of a host, not "${toText(vm.tostring(host))}".`,
      level,
    );
  config.set('targetdir', directoryTarget(config.get('targetdir'), 'targetdir', level));
  const ssh = config.get('ssh');
  const rsync = config.get('rsync');
  if (!isTable(ssh) || !isTable(rsync)) throw new LuaRaise('Parameter "ssh" must be a table.', level);
  const computed = sshArguments(vm, ssh);
  ssh.set('_computed', vm.table(computed));
  const binary = vm.tostring(ssh.get('binary') ?? fromText('ssh'));
  // Without options of its own rsync finds ssh by itself.
  if (computed.length === 0 && binary === fromText('/usr/bin/ssh')) return;
  const rsh = [binary, ...computed].map(rshWord).join(' ');
  const list = rsync.get('_computed');
  if (isTable(list)) list.set(list.length + 1, asBytes(`--rsh=${rsh}`));
}

/** `HOST:TARGETDIR`, what rsync is told to write to. */
function remote(vm: LuaVm, config: LuaTable): ByteString {
  return asBytes(`${vm.tostring(config.get('host'))}:${vm.tostring(config.get('targetdir'))}`);
}

function full(parts: RsyncSshParts, event: LuaValue, what: 'startup' | 'full'): void {
  const ref = parts.events.resolve(event);
  if (ref === undefined) throw new LuaRaise('default.rsyncssh.init expects an event', 1);
  rsyncFull(parts, event, what, remote(parts.vm, ref.sync.config));
}

/** Moves go one by one, everything else up to the next move in one transfer. */
function action(parts: RsyncSshParts, inlet: LuaValue): void {
  const { vm, host } = parts;
  const sync = parts.inlets.resolve(inlet);
  if (sync === undefined) throw new LuaRaise('default.rsyncssh.action expects an inlet', 1);
  const first = sync.firstReady();
  if (first?.etype === 'Move') {
    const { config } = sync;
    host.log(asBytes('Normal'), asBytes(`Moving ${first.path.slice(1)} -> ${first.path2!.slice(1)}`));
    const directory = vm.tostring(config.get('targetdir'));
    const at = (path: string): ByteString => shellQuoted(directory.replace(/\/$/, '') + path);
    const ssh = config.get('ssh');
    if (!isTable(ssh)) throw new LuaRaise('Parameter "ssh" must be a table.', 1);
    parts.start(parts.events.of(sync, first)[0], {
      binary: vm.tostring(ssh.get('binary') ?? fromText('ssh')),
      args: [
        ...sshArguments(vm, ssh),
        vm.tostring(config.get('host')),
        asBytes('mv'),
        at(first.path),
        at(first.path2!),
        asBytes('||'),
        asBytes('rm'),
        asBytes('-rf'),
        at(first.path),
      ],
    });
    return;
  }
  const delays = sync.readyDelays(untilMove());
  if (delays.length > 0) rsyncDelays(parts, sync, delays, remote(vm, sync.config));
}

/** A word for the shell on the other side. */
function shellQuoted(text: string): ByteString {
  return asBytes(`'${text.replaceAll("'", `'"'"'`)}'`);
}

function untilMove(): (delay: Delay) => boolean | 'break' {
  return ({ etype }) => {
    if (etype === 'Move') return 'break';
    return etype !== 'Init' && etype !== 'Blanket' && etype !== 'Full';
  };
}

/** What a code means by one of the sync's tables. */
export function codeMeans(vm: LuaVm, config: LuaTable, key: string, code: number): Verdict {
  const codes = config.get(key);
  const entry = isTable(codes) ? codes.get(code) : undefined;
  if (entry === undefined) return code === 0 ? 'ok' : unforeseen(code);
  const text: string = vm.tostring(entry);
  return (['ok', 'again'] as const).find((known) => known === text) ?? 'die';
}

/** `default.rsyncssh.collect` (spec/defaults.md: "Log on end"). */
function collect(parts: RsyncSshParts, agentValue: LuaValue, codeValue: LuaValue): LuaValue {
  const agent = parts.agentOf(agentValue);
  const code = toNumber(codeValue) ?? 255;
  const { sync } = agent;
  const [delay] = agent.delays;
  const isMove = !agent.isList && delay?.etype === 'Move';
  const meaning = codeMeans(parts.vm, sync.config, isMove ? 'sshExitCodes' : 'rsyncExitCodes', code);
  const say = (category: string, text: string) => parts.host.log(asBytes(category), asBytes(text));
  if (!agent.isList && delay?.etype === 'Init') {
    const result = startupVerdict(parts, sync.source, meaning, code, say);
    return result === 'ok' ? undefined : asBytes(result);
  }
  const what = agent.isList ? '(list)' : `${delay!.etype} ${sync.source}${delay!.path}`;
  if (meaning === 'ok') say('Normal', `Finished ${what}: ${code}`);
  else if (meaning === 'again') say('Normal', `Retrying ${what}: ${code}`);
  else say('Error', `Failure ${what}: ${code}`);
  return meaning === 'ok' ? undefined : asBytes(meaning);
}

/** lsyncd's words for the end of a startup; ends the program where it must. */
export function startupVerdict(
  parts: RsyncSshParts,
  source: ByteString,
  meaning: Verdict,
  code: number,
  say: (category: string, text: string) => void,
): Verdict {
  if (meaning === 'ok') say('Normal', `Startup of "${source}" finished: ${code}`);
  else if (meaning === 'again' && parts.insist()) say('Normal', `Retrying startup of "${source}": ${code}`);
  else if (meaning === 'again') {
    say(
      'Error',
      `Temporary or permanent failure on startup of "${source}". Terminating since "insist" is not set.`,
    );
    return parts.terminate(-1);
  } else say('Error', `Failure on startup of "${source}": ${code}`);
  return meaning;
}
