import { readFileSync, statSync } from 'node:fs';
import { toText, type ByteString } from '../core/bytes.js';
import type { Delay } from '../core/delay.js';
import { LsyncdError } from '../core/errors.js';
import { installGlobals } from '../lua/globals/install.js';
import { lockGlobals } from '../lua/globals/lock.js';
import { EventObjects } from '../lua/objects/event.js';
import type { Agent, ScriptHost } from '../lua/objects/host.js';
import { InletFactory } from '../lua/objects/inlet.js';
import { ListObjects } from '../lua/objects/list.js';
import { LuaError, LuaExit, LuaVm, isFunction, type LuaFunction, type LuaValue } from '../lua/vm.js';
import { fromBuffer, toBuffer } from '../sys/bytes.js';
import { errnoText } from '../sys/errno.js';
import { CallbackTranslator } from './callbacks.js';
import { declareSyncs, type CommandLineSync } from './command-line.js';
import { defaultTable, generalDefaults } from './defaults.js';
import { SettingsFunction, type Settings } from './settings.js';
import { StuckScripts } from './stuck.js';
import { SyncFunction } from './sync-function.js';
import type { ConfiguredSync } from './sync.js';
import { TunnelFunction } from './tunnel.js';

export interface LoadOptions {
  readonly host: ScriptHost;
  /** Where relative paths begin. */
  readonly cwd: ByteString;
  /** Command line options; they win over `settings{}`. */
  readonly overrides: Partial<Settings>;
  /** Startups that fail for now are retried. */
  readonly insist: boolean;
  /** Lua files run before everything else. */
  readonly scripts?: readonly ByteString[];
  /** Syncs in place of a config file. */
  readonly syncs?: readonly CommandLineSync[];
  /** Further ssh options for these. */
  readonly sshopts?: ByteString | undefined;
}

/** What `collect` made of an exit code. */
export type CollectVerdict = 'done' | 'again' | 'die' | 'suspend';

/** A config that has run: its settings, its syncs and the way to call their functions. */
export class LuaProgram {
  private constructor(
    private readonly vm: LuaVm,
    private readonly settingsFunction: SettingsFunction,
    readonly syncs: readonly ConfiguredSync[],
    private readonly events: EventObjects,
    private readonly lists: ListObjects,
    private readonly inlets: InletFactory,
    private readonly defaultInit: LuaValue,
    private readonly defaultFull: LuaValue,
  ) {}

  get settings(): Settings {
    return this.settingsFunction.current;
  }

  /** Things the config's author should know; logged once at start. */
  get warnings(): readonly string[] {
    return this.settingsFunction.warnings;
  }

  /**
   * Runs a config file, or the syncs of a command line.
   * @throws LsyncdError with lsyncd's text (spec/cli.md, "Errors before the start"); LuaExit when the config
   *   ended the program itself.
   */
  static load(file: ByteString | undefined, options: LoadOptions): LuaProgram {
    const source = file === undefined ? undefined : readConfig(file);
    const stuck = new StuckScripts(options.host);
    const vm = LuaVm.create({ watchdog: stuck.watchdog });
    const events = new EventObjects(vm);
    const lists = new ListObjects(vm);
    const inlets = new InletFactory(vm, events, lists);
    const settings = new SettingsFunction(vm, options.overrides);
    const spawner = installGlobals({ vm, host: options.host, events, lists });
    settings.install();
    const insist = () => options.insist || settings.current.insist === true;
    const agentOf = (value: LuaValue) => spawner.agent(value);
    const defaults = defaultTable({
      vm,
      host: options.host,
      events,
      inlets,
      lists,
      start: (agent, command) => spawner.start(agent, command),
      agentOf,
      insist,
    });
    vm.globals.set('default', defaults);
    const [defaultInit, defaultFull] = [defaults.get('init'), defaults.get('full')];
    const translator = new CallbackTranslator(vm, options.host, events, (event, binary, args) =>
      spawner.start(event, { binary, args }),
    );
    const syncs = new SyncFunction({
      vm,
      inlets,
      translator,
      cwd: options.cwd,
      settings: () => settings.current,
      general: () => generalDefaults(vm, defaults),
    });
    syncs.install();
    const tunnels = new TunnelFunction(vm);
    tunnels.install();
    for (const script of options.scripts ?? []) run(vm, script, readConfig(script));
    if (file !== undefined && source !== undefined) run(vm, file, source);
    else prepared('the command line', () => declareSyncs(vm, options.syncs ?? [], options.sshopts));
    checkSettings(vm);
    syncs.seal();
    tunnels.seal();
    if (syncs.made.length === 0) throw new LsyncdError('LSY_NOTHING', 'Nothing to watch!');
    lockGlobals(vm);
    stuck.loaded();
    return new LuaProgram(vm, settings, syncs.made, events, lists, inlets, defaultInit, defaultFull);
  }

  /** Calls the sync's `action(inlet)`. @throws LuaError, LuaExit */
  action(sync: ConfiguredSync): void {
    this.callHook(sync, 'action', [this.inlets.of(sync)]);
  }

  /** Calls the sync's `init(event)`; true when the sync has one (`init = false`: no startup action). */
  init(sync: ConfiguredSync, delay: Delay): void {
    this.callHook(sync, 'init', [...this.events.of(sync, delay)]);
  }

  /** Whether its startup does anything: the default `init` only calls `onStartup`. */
  hasStartup(sync: ConfiguredSync): boolean {
    const init = sync.config.get('init');
    return isFunction(init) && (init !== this.defaultInit || isFunction(sync.config.get('onStartup')));
  }

  /** Whether it has an action that brings everything to the target, deletions too: more than callbacks. */
  bringsAll(sync: ConfiguredSync): boolean {
    const full = sync.config.get('full');
    return isFunction(full) && full !== this.defaultFull;
  }

  hasInit(sync: ConfiguredSync): boolean {
    return isFunction(sync.config.get('init'));
  }

  /** Calls the sync's `full(event)`. @throws LuaError, LuaExit */
  full(sync: ConfiguredSync, delay: Delay): void {
    this.callHook(sync, 'full', [...this.events.of(sync, delay)]);
  }

  /** Calls the sync's `collect(agent, exitcode)` and gives its verdict. @throws LuaError, LuaExit */
  collect(agent: Agent & { readonly sync: ConfiguredSync }, code: number): CollectVerdict {
    const value = agent.isList
      ? this.lists.of(agent.sync, agent.delays)
      : this.events.of(agent.sync, agent.delays[0]!)[0];
    const [verdict] = this.callHook(agent.sync, 'collect', [value, code]);
    return (['again', 'die', 'suspend'] as const).find((known) => known === verdict) ?? 'done';
  }

  private callHook(sync: ConfiguredSync, name: string, args: readonly LuaValue[]): readonly LuaValue[] {
    const hook = sync.config.get(name);
    return isFunction(hook) ? this.vm.call(hook, args) : [];
  }
}

function readConfig(file: ByteString): ByteString {
  const shown = toText(file);
  try {
    const path = toBuffer(file);
    if (statSync(path).isDirectory())
      throw new LsyncdError('LSY_CONFIG', `Config file '${shown}' is a directory`, 'name a Lua file');
    return fromBuffer(readFileSync(path));
  } catch (cause) {
    if (cause instanceof LsyncdError) throw cause;
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
      throw new LsyncdError('LSY_CONFIG', `Cannot find config file at '${shown}'.`, undefined, { cause });
    throw new LsyncdError(
      'LSY_CONFIG',
      `Cannot read config file at '${shown}': ${errnoText(cause)}`,
      undefined,
      { cause },
    );
  }
}

function run(vm: LuaVm, file: ByteString, source: ByteString): void {
  const shown = toText(file);
  let chunk: LuaFunction;
  try {
    chunk = vm.load(source, file);
  } catch (cause) {
    if (cause instanceof LuaError)
      throw new LsyncdError('LSY_LUA_SYNTAX', `error loading ${shown}: ${cause.message}`, undefined, {
        cause,
      });
    throw cause;
  }
  prepared(shown, () => void vm.call(chunk, []));
}

/** Runs what declares syncs; its Lua errors in lsyncd's words. */
function prepared(shown: string, work: () => void): void {
  try {
    work();
  } catch (cause) {
    if (cause instanceof LuaExit || !(cause instanceof LuaError)) throw cause;
    if (cause.cause instanceof LsyncdError) throw cause.cause;
    throw new LsyncdError('LSY_LUA_RUN', `error preparing ${shown}: ${cause.message}`, undefined, { cause });
  }
}

/** A config of lsyncd 2.0 replaces `settings` by a table. */
function checkSettings(vm: LuaVm): void {
  const settings = vm.globals.get('settings');
  if (!isFunction(settings))
    throw new LsyncdError(
      'LSY_OLD_SETTINGS',
      'Do not use settings = { ... }\n      please use settings{ ... } ( without the equal sign )',
    );
}
