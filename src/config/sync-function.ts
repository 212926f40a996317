import { asBytes, fromText, type BytePath, type ByteString } from '../core/bytes.js';
import { LsyncdError } from '../core/errors.js';
import type { InletFactory } from '../lua/objects/inlet.js';
import {
  LuaRaise,
  toNumber,
  isTable,
  isFunction,
  type LuaCall,
  type LuaTable,
  type LuaValue,
  type LuaVm,
} from '../lua/vm.js';
import type { CallbackTranslator } from './callbacks.js';
import { crontabOf } from './crontab.js';
import { maxDeleteForms, maxDeleteOf } from './guards.js';
import { inheritSync } from './inherit.js';
import { rulesOf } from './rules.js';
import type { Settings } from './settings.js';
import { ConfiguredSync, resolveSource } from './sync.js';
import { tunnelOf } from './tunnel.js';

export interface SyncFunctionParts {
  readonly vm: LuaVm;
  readonly inlets: InletFactory;
  readonly translator: CallbackTranslator;
  /** Where relative sources begin. */
  readonly cwd: ByteString;
  readonly settings: () => Settings;
  /** What every sync inherits last. */
  readonly general: () => LuaTable;
}

/** The `sync` global (spec/config.md, "sync"): inherits, prepares, checks; gives the sync's inlet. */
export class SyncFunction {
  readonly made: ConfiguredSync[] = [];
  private sealed = false;

  constructor(private readonly parts: SyncFunctionParts) {}

  install(): void {
    const { vm } = this.parts;
    vm.globals.set(
      'sync',
      vm.fn('sync', (call) => this.create(call)),
    );
  }

  /** The config has run: no more syncs. */
  seal(): void {
    this.sealed = true;
  }

  private create(call: LuaCall): LuaValue {
    if (this.sealed) throw new LuaRaise('Sync can only be created during initialization.', 1);
    const [own] = call.args;
    if (!isTable(own)) throw new LuaRaise('sync expects a table: sync { ... }', 1);
    const config = this.inherit(own);
    this.applySettings(config);
    this.prepare(config);
    const source = this.source(call, config);
    checkNumbers(config);
    const index = this.made.length;
    const given = config.get('name');
    const name = given === undefined ? fromText(`Sync${index + 1}`) : this.parts.vm.tostring(given);
    config.set('name', name);
    if (this.made.some((other) => other.name === name))
      throw new LuaRaise(asBytes(`duplicate sync name "${name}"`), 1);
    const target = config.get('target');
    const targetText = target === undefined ? fromText('(nil)') : this.parts.vm.tostring(target);
    const sync = new ConfiguredSync(index, name, source, config, targetText, rulesOf(config));
    sync.crontab = crontabOf(config);
    sync.tunnel = tunnelOf(this.parts.vm, config);
    this.parts.translator.translate(sync);
    this.made.push(sync);
    return this.parts.inlets.of(sync);
  }

  private inherit(own: LuaTable): LuaTable {
    try {
      return inheritSync(this.parts.vm, own, this.parts.general());
    } catch (error) {
      if (error instanceof RangeError) throw new LuaRaise(error.message, 1);
      throw error;
    }
  }

  /** Global settings and command line options win over the sync's own values. */
  private applySettings(config: LuaTable): void {
    const settings = this.parts.settings();
    for (const key of ['delay', 'maxDelays', 'maxProcesses'] as const) {
      if (settings[key] !== undefined) config.set(key, settings[key]);
    }
  }

  private prepare(config: LuaTable): void {
    const prepare = config.get('prepare');
    // The level of the config's line: this function's frame is there only for code in Lua.
    if (isFunction(prepare)) this.parts.vm.call(prepare, [config, prepare.isNative() ? 2 : 3]);
  }

  private source(call: LuaCall, config: LuaTable): BytePath {
    const source = config.get('source');
    if (typeof source !== 'string')
      throw new LsyncdError('LSY_NO_SOURCE', `${call.where(1)} source missing from sync.`);
    const resolved = resolveSource(source, this.parts.cwd);
    config.set('_source', source);
    config.set('source', resolved);
    return resolved;
  }
}

function checkNumbers(config: LuaTable): void {
  const delay = config.get('delay');
  const number = toNumber(delay);
  if (delay !== undefined && (number === undefined || !(number >= 0)))
    throw new LuaRaise('delay must be a number and >= 0', 1);
  for (const key of ['maxDelays', 'maxProcesses', 'quarantineAfter']) {
    const value = config.get(key);
    const limit = toNumber(value);
    if (value !== undefined && (limit === undefined || !(limit >= 1)))
      throw new LuaRaise(`${key} must be a number and >= 1`, 1);
  }
  const interval = config.get('rescanInterval');
  if (interval !== undefined && interval !== false && !((toNumber(interval) ?? 0) > 0))
    throw new LuaRaise('rescanInterval must be a number of seconds and > 0', 1);
  if (maxDeleteOf(config.get('maxDelete')) === 'wrong')
    throw new LuaRaise(`maxDelete must be ${maxDeleteForms}`, 1);
}
