import { whyNotExecutable } from '../../action/process.js';
import { asBytes, fromText, toText, type BytePath, type ByteString } from '../../core/bytes.js';
import type { Delay } from '../../core/delay.js';
import { compileRules } from '../../core/filter.js';
import { DirectEngine, type DirectHow, type DirectResult } from '../../direct/engine.js';
import type { DirectEvent } from '../../direct/events.js';
import type { PartialFailures } from '../../core/partial.js';
import type { ScriptSync, Work, WorkEnd } from '../../lua/objects/host.js';
import { LuaRaise, toNumber, type LuaTable, type LuaValue } from '../../lua/vm.js';
import { hasDirectoryCalls } from '../../sys/at.js';
import { withoutSlash } from '../../sys/fs-bytes.js';
import { deletes, prepareRsync, rsyncFull, rsyncGauge, rsyncOf, rsyncTable } from './rsync.js';
import { codeMeans, startupVerdict, type RsyncSshParts } from './rsyncssh.js';

/** Events carried out in one go: the others get their turn, and the status file shows how far it is. */
const eventsAtOnce = 1000;

/** Failures told by name after one go; the rest is counted. */
const namedFailures = 20;

/** rsync's words for it (spec/defaults.md, "Exit codes"): some paths failed; everything did; only deletions were left out. */
const partial = 23;
const nothingDone = 11;
const deletionLimit = 25;

/** `default.direct` (spec/defaults.md): a local directory, kept without a child process an event. */
export function directDefault(parts: RsyncSshParts): LuaTable {
  const { vm } = parts;
  const gauge = rsyncGauge(vm, ['target', 'rsyncExitCodes']);
  gauge.set('onMove', true);
  const engines = new Engines(parts);
  return vm.table({
    action: vm.fn('default.direct.action', (call) => action(parts, engines, call.args[0])),
    init: vm.fn('default.direct.init', (call) => full(parts, engines, call.args[0], 'startup')),
    full: vm.fn('default.direct.full', (call) => full(parts, engines, call.args[0], 'full')),
    collect: vm.fn('default.direct.collect', (call) => collect(parts, engines, call.args[0], call.args[1])),
    prepare: vm.fn('default.direct.prepare', (call) => {
      const level = toNumber(call.args[1]) ?? 1;
      if (!hasDirectoryCalls())
        throw new LuaRaise('default.direct works on Linux with /proc only; use default.rsync here', level);
      prepareRsync(parts, call.args[0], level, false);
    }),
    checkgauge: gauge,
    rsync: rsyncTable(vm),
    rsyncExitCodes: parts.exitCodes,
    onMove: true,
    delete: true,
    delay: 1,
    maxProcesses: 1,
  });
}

/** An engine a sync: it remembers which directories source and target were. */
class Engines {
  private readonly all = new WeakMap<
    ScriptSync,
    { readonly target: ByteString; readonly engine: DirectEngine }
  >();

  constructor(private readonly parts: RsyncSshParts) {}

  of(sync: ScriptSync): DirectEngine {
    const target = asBytes(this.parts.vm.tostring(sync.config.get('target')).replace(/\/*$/, '/'));
    const known = this.all.get(sync);
    if (known?.target === target) return known.engine;
    const engine = new DirectEngine({
      source: sync.source,
      target,
      subdirs: sync.config.get('subdirs') !== false,
      log: (category, message) => this.parts.host.log(asBytes(category), fromText(message)),
    });
    this.all.set(sync, { target, engine });
    return engine;
  }
}

function howOf(sync: ScriptSync, when: 'startup' | 'running'): DirectHow {
  const filter = compileRules(sync.rules());
  return { mayDelete: deletes(sync.config, when), excluded: (path) => filter.excludes(path) };
}

/** `default.direct.action(inlet)`: what is ready, in its order. */
function action(parts: RsyncSshParts, engines: Engines, inlet: LuaValue): void {
  const sync = parts.inlets.resolve(inlet);
  if (sync === undefined) throw new LuaRaise('default.direct.action expects an inlet', 1);
  let room = eventsAtOnce;
  const delays = sync.readyDelays((delay) => (eventOf(delay) === undefined ? false : room-- > 0 || 'break'));
  const work: Work = {
    what: asBytes(`default.direct: ${delays.length} events`),
    run: async (signal) => {
      const events = delays.flatMap((delay) => eventOf(delay) ?? []);
      const result = await engines.of(sync).run(events, howOf(sync, 'running'), signal);
      return endOf(parts, sync, result, ({ etype, path }) => ({ etype, path }));
    },
  };
  if (delays.length > 0) parts.start(parts.lists.of(sync, delays), work);
}

function eventOf({ etype, path, path2 }: Delay): DirectEvent | undefined {
  if (etype === 'Init' || etype === 'Blanket' || etype === 'Full') return undefined;
  return { etype, path, path2 };
}

/** `default.direct.init` and `full`: by rsync where there is one, with the options the config gives it. */
function full(parts: RsyncSshParts, engines: Engines, event: LuaValue, what: 'startup' | 'full'): void {
  const ref = parts.events.resolve(event);
  if (ref === undefined) throw new LuaRaise('default.direct.init expects an event', 1);
  const { sync } = ref;
  const { binary } = rsyncOf(parts.vm, sync.config);
  if (whyNotExecutable(binary) === undefined) {
    rsyncFull(parts, event, what);
    return;
  }
  const way = `${sync.source} -> ${parts.vm.tostring(sync.config.get('target'))}`;
  const text = `recursive ${what} copy: ${way} (there is no ${toText(binary)})`;
  parts.host.log(asBytes('Normal'), asBytes(text));
  parts.start(event, {
    what: asBytes(`default.direct: ${what}`),
    run: async (signal) => {
      const leave = sync.deletionLeave();
      const rules = howOf(sync, 'startup');
      const how: DirectHow = {
        ...rules,
        mayDelete: rules.mayDelete && leave.delete,
        mostDeletions: leave.most,
      };
      const result = await engines.of(sync).full(how, signal);
      return endOf(parts, sync, result, (path) => ({ path }));
    },
  });
}

/** Tells what failed, and ends as rsync would. */
function endOf<T>(
  { host }: RsyncSshParts,
  sync: ScriptSync,
  { failures, skippedDeletions }: DirectResult<T>,
  about: (one: T) => { readonly etype?: string; readonly path: BytePath | undefined },
): WorkEnd {
  const skipped = skippedDeletions > 0 ? { skippedDeletions } : {};
  if (failures.size === 0) return { code: skippedDeletions > 0 ? deletionLimit : 0, ...skipped };
  const paths = new Set<BytePath>();
  const trees = new Set<BytePath>();
  let everything = false;
  let told = 0;
  for (const [one, { message }] of failures) {
    const { etype, path } = about(one);
    if (path === undefined) everything = true;
    else if (etype === undefined && path.endsWith('/')) trees.add(path);
    else paths.add(withoutSlash(path));
    if (told++ >= namedFailures) continue;
    const shown = `${sync.source}${(path ?? '').slice(1)}`;
    host.log(
      asBytes('Normal'),
      asBytes(`Retrying ${etype ?? 'everything in'} ${shown}: ${fromText(message)}`),
    );
  }
  if (told > namedFailures) host.log(asBytes('Normal'), asBytes(`Retrying ${told - namedFailures} more`));
  if (everything) return { code: nothingDone };
  const left: PartialFailures = { paths, trees, complete: true };
  return { code: partial, failures: left, ...skipped };
}

/** Unlike lsyncd's, which ignores every result: what failed is tried again. */
function collect(
  parts: RsyncSshParts,
  engines: Engines,
  agentValue: LuaValue,
  codeValue: LuaValue,
): LuaValue {
  const agent = parts.agentOf(agentValue);
  const code = toNumber(codeValue) ?? 255;
  const { sync } = agent;
  const [delay] = agent.delays;
  const say = (category: string, text: string) => parts.host.log(asBytes(category), asBytes(text));
  const meaning = codeMeans(parts.vm, sync.config, 'rsyncExitCodes', code);
  if (!agent.isList && delay?.etype === 'Full') {
    if (meaning === 'ok') engines.of(sync).look();
    const word = meaning === 'ok' ? 'Finished' : meaning === 'again' ? 'Retrying' : 'Failure';
    say(meaning === 'die' ? 'Error' : 'Normal', `${word} Full ${sync.source}: ${code}`);
    return meaning === 'ok' ? undefined : asBytes(meaning);
  }
  if (!agent.isList && delay?.etype === 'Init') {
    const result = startupVerdict(parts, sync.source, meaning, code, say);
    if (result === 'ok') engines.of(sync).look();
    return result === 'ok' ? undefined : asBytes(result);
  }
  return code === 0 || code === partial ? undefined : asBytes('again');
}
