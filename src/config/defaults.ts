import { asBytes, type ByteString } from '../core/bytes.js';
import type { EventObjects } from '../lua/objects/event.js';
import type { Agent, Command, ScriptHost, Work } from '../lua/objects/host.js';
import type { InletFactory } from '../lua/objects/inlet.js';
import type { ListObjects } from '../lua/objects/list.js';
import {
  LuaRaise,
  toNumber,
  type LuaTable,
  type LuaValue,
  type LuaVm,
  isTable,
  isFunction,
} from '../lua/vm.js';
import { directDefault } from './defaults/direct.js';
import { rsyncExitCodes, sshExitCodes } from './defaults/exit-codes.js';
import { rsyncDefault } from './defaults/rsync.js';
import { rsyncSshDefault } from './defaults/rsyncssh.js';
import { checkAgainstGauge, generalGauge } from './gauge.js';
import { qingstorDefault } from './qingstor-default.js';
import { unforeseen, type Verdict } from './verdict.js';

interface Parts {
  readonly vm: LuaVm;
  readonly host: ScriptHost;
  readonly events: EventObjects;
  readonly inlets: InletFactory;
  readonly lists: ListObjects;
  /** Starts a command, or work in this process, for an event or list. */
  readonly start: (agent: LuaValue, command: Command | Work) => void;
  readonly agentOf: (value: LuaValue) => Agent;
  readonly insist: () => boolean;
}

/** The `default` table: what syncs inherit and scripts can call or replace (spec/config.md, spec/events.md). */
export function defaultTable(parts: Parts): LuaTable {
  const { vm, host } = parts;
  const [rsyncCodes, sshCodes] = [rsyncExitCodes(vm), sshExitCodes(vm)];
  const rsyncParts = { ...parts, exitCodes: rsyncCodes };
  const sshParts = {
    ...rsyncParts,
    sshExitCodes: sshCodes,
    terminate: (code: number) => host.terminate(code),
  };
  const table = vm.table({
    action: vm.fn('default.action', (call) => action(parts, call.args[0])),
    init: vm.fn('default.init', (call) => startup(parts, call.args[0], ['onStartup'])),
    full: vm.fn('default.full', (call) => startup(parts, call.args[0], ['onFull', 'onStartup'])),
    collect: vm.fn('default.collect', (call) => collect(parts, call.args[0], call.args[1])),
    prepare: vm.fn('default.prepare', (call) => {
      const [config, level] = call.args;
      if (!isTable(config)) throw new LuaRaise('default.prepare expects a config table', 1);
      const gauge = config.get('checkgauge');
      if (isTable(gauge)) checkAgainstGauge(vm, config, gauge, (toNumber(level) ?? 1) + 0);
    }),
    checkgauge: generalGauge(vm),
    maxDelays: 1000,
    maxProcesses: 1,
    rsyncExitCodes: rsyncCodes,
    sshExitCodes: sshCodes,
    rsync: rsyncDefault(rsyncParts),
    rsyncssh: rsyncSshDefault(sshParts),
    direct: directDefault(sshParts),
    qingstor: qingstorDefault(vm),
  });
  return table;
}

/** Keys of `default` that every sync inherits. */
export function generalDefaults(vm: LuaVm, defaults: LuaTable): LuaTable {
  const keys = [
    'action',
    'checkgauge',
    'collect',
    'delay',
    'init',
    'full',
    'maxDelays',
    'maxProcesses',
    'prepare',
  ];
  const general = vm.table({});
  for (const key of keys) general.set(key, defaults.get(key));
  return general;
}

/** Takes the next ready event and calls its callback; an event that started nothing is dropped. */
function action({ vm, events, inlets }: Parts, inlet: LuaValue): void {
  const sync = inlets.resolve(inlet);
  if (sync === undefined) throw new LuaRaise('default.action expects an inlet', 1);
  const delay = sync.firstReady();
  if (delay === undefined) return;
  const callback = sync.config.get(`on${delay.etype}`);
  if (isFunction(callback)) vm.call(callback, [...events.of(sync, delay)]);
  if (delay.status === 'wait') sync.discard(delay);
}

/** The default `init` and `full`: calls the first callback there is; nothing started drops the event. */
function startup({ vm, events }: Parts, event: LuaValue, callbacks: readonly string[]): void {
  const ref = events.resolve(event);
  if (ref === undefined) throw new LuaRaise('default.init expects an event', 1);
  const callback = callbacks.map((name) => ref.sync.config.get(name)).find(isFunction);
  if (callback !== undefined) vm.call(callback, [event]);
  if (ref.delay.status === 'wait') ref.sync.discard(ref.delay);
}

/** What an exit code means for a sync; undefined when its `exitcodes` table makes no sense of it. */
function verdictOf(vm: LuaVm, config: LuaTable, code: number): Verdict | undefined {
  const codes = config.get('exitcodes');
  if (!isTable(codes)) return code === 0 ? 'ok' : unforeseen(code);
  const entry = codes.get(code);
  if (entry === undefined && unforeseen(code) === 'again') return 'again';
  const text: string = entry === undefined ? '' : vm.tostring(entry);
  return text === 'ok' || text === 'again' || text === 'die' ? text : undefined;
}

/** The default `collect` (spec/events.md, "When a child ends"): logs, decides. */
function collect(parts: Parts, agentValue: LuaValue, codeValue: LuaValue): LuaValue {
  const agent = parts.agentOf(agentValue);
  const code = toNumber(codeValue) ?? 255;
  const verdict = verdictOf(parts.vm, agent.sync.config, code);
  const [delay] = agent.delays;
  const result =
    !agent.isList && delay?.etype === 'Init'
      ? collectStartup(parts, agent, verdict, code)
      : collectOther(parts, agent, verdict, code);
  return result === 'ok' ? undefined : asBytes(result);
}

function collectStartup(parts: Parts, agent: Agent, verdict: Verdict | undefined, code: number): Verdict {
  const target = agent.sync.config.get('target');
  const shown = target === undefined ? '(nil)' : parts.vm.tostring(target);
  const way = `${agent.sync.source} -> ${shown}`;
  const say = (category: string, text: string) => parts.host.log(asBytes(category), asBytes(text));
  switch (verdict) {
    case 'ok':
      say('Normal', `Startup of ${way} finished.`);
      return 'ok';
    case 'again':
      if (parts.insist()) {
        say('Normal', `Retrying startup of ${way}: ${code}`);
        return 'again';
      }
      say(
        'Error',
        `Temporary or permanent failure on startup of ${way}. Terminating since "insist" is not set.`,
      );
      return parts.host.terminate(-1);
    case 'die':
    case 'suspend':
      say('Error', `Failure on startup of ${way}.`);
      return parts.host.terminate(-1);
    case undefined:
      say('Error', `Unknown exitcode "${code}" on startup of ${way}.`);
      return 'die';
  }
}

function collectOther(parts: Parts, agent: Agent, verdict: Verdict | undefined, code: number): Verdict {
  const [delay] = agent.delays;
  const what = agent.isList
    ? {
        finished: `a list after exitcode: ${code}`,
        failed: `a list after exitcode = ${code}`,
        with: 'a list',
      }
    : eventText(agent, delay!, code);
  const say = (category: string, text: ByteString | string) =>
    parts.host.log(asBytes(category), asBytes(text));
  const tail = agent.isList ? ` with exitcode = ${code}` : '';
  switch (verdict) {
    case 'ok':
      say('Normal', `Finished ${what.finished}`);
      return 'ok';
    case 'again':
      say('Normal', `Retrying ${what.failed}`);
      return 'again';
    case 'die':
    case 'suspend':
      say('Error', `Failure with ${what.with}${tail}`);
      return verdict;
    case undefined:
      say(agent.isList ? 'Error' : 'Normal', `Unknown exitcode "${code}" with ${what.with}`);
      return 'suspend';
  }
}

function eventText(agent: Agent, delay: Agent['delays'][number], code: number) {
  const text = `${delay.etype} on ${agent.sync.source}${delay.etype === 'Blanket' ? '' : delay.path} = ${code}`;
  return { finished: text, failed: text, with: text };
}
