import { homedir } from 'node:os';
import { join } from 'node:path';
import { qingstorOptions } from '../config/qingstor-default.js';
import type { Settings } from '../config/settings.js';
import { callbackNames, type CallbackName, type ConfiguredSync } from '../config/sync.js';
import { asBytes, toText, toTextStrict, type ByteString } from '../core/bytes.js';
import { LsyncdError } from '../core/errors.js';
import { isFunction, isTable, toNumber, type LuaTable, type LuaValue } from '../lua/vm.js';
import { openBucket } from '../qingstor/bucket.js';
import { parseQsTarget, planQingStorSync, type QingStorPlan } from '../qingstor/command.js';
import { loadCredentials } from '../qingstor/credentials.js';
import { createQingStorEngine, type QingStorEngineOptions } from '../qingstor/engine.js';
import { StoreError } from '../qingstor/store.js';
import { openTransferIndex } from '../state/transfer-index.js';
import type { NativeSetup } from './native-sync.js';

export interface ChoiceOptions {
  /** Startups that fail are retried. */
  readonly insist: boolean;
  readonly warn: (message: string) => void;
  /** For what must outlive the program. */
  readonly stateDir: string;
  /** Debug lines by category. */
  readonly exec: (category: string, message: string) => void;
}

/** A native setup, or why there is none (undefined: nothing speaks of it). */
export type Choice = { readonly setup: NativeSetup } | { readonly reason: string | undefined };

/** How a bucket is reached, from a command line or the `qingstor` table. */
type Reach = QingStorPlan['reach'];

/**
 * Decides whether a sync runs natively: `default.qingstor`, or `qsctl sync` strings in all its callbacks with
 * nothing of its actions replaced by the config.
 * @throws LsyncdError for a native sync that can not work
 */
export async function nativeChoice(
  sync: ConfiguredSync,
  settings: Settings,
  options: ChoiceOptions,
): Promise<Choice> {
  if (sync.config.get('_native') === asBytes('qingstor')) return { setup: await fromTable(sync, options) };
  if (![...sync.strings.values()].some((text) => /(^|[\s/^"'])qsctl(\s|$|["'])/.test(text)))
    return { reason: undefined };
  if (settings.qsctl === asBytes('spawn')) return { reason: 'qsctl = "spawn" is set' };
  const replaced = replacedParts(sync);
  if (replaced !== undefined) return { reason: replaced };
  const strings: Partial<Record<CallbackName, ByteString>> = {};
  for (const [name, text] of sync.strings) strings[name] = text;
  const planned = planQingStorSync(strings, sync.targetText, sync.source);
  if ('reason' in planned) return { reason: planned.reason };
  return { setup: await fromPlan(sync, planned.plan, options) };
}

/** Functions of the config's own that a native engine could not honour. */
function replacedParts(sync: ConfiguredSync): string | undefined {
  for (const name of callbackNames)
    if (isFunction(sync.config.get(name)) && !sync.strings.has(name)) return `${name} is a function`;
  for (const name of ['action', 'collect', 'init', 'full']) {
    const hook = sync.config.get(name);
    if (name === 'init' && hook === false) continue;
    if (isFunction(hook) && !hook.isNative()) return `${name} is a function of the config's own`;
  }
  return undefined;
}

async function fromPlan(
  sync: ConfiguredSync,
  plan: QingStorPlan,
  options: ChoiceOptions,
): Promise<NativeSetup> {
  const { reach, engine, handles, mayDelete, startup } = plan;
  const action = await open(sync, plan.target, reach, engine, options);
  return {
    action,
    handles: (kind) => handles.has(kind),
    mayDelete: (kind) => mayDelete.has(kind),
    startup: sync.config.get('init') === false ? undefined : startup,
    insist: options.insist,
  };
}

async function fromTable(sync: ConfiguredSync, options: ChoiceOptions): Promise<NativeSetup> {
  const target = sync.config.get('target');
  if (typeof target !== 'string')
    throw new LsyncdError(
      'LSY_QS_TARGET',
      'default.qingstor needs "target" configured',
      'target = "qs://bucket/prefix"',
    );
  const table = sync.config.get('qingstor');
  const reach = isTable(table) ? reachOf(table) : {};
  const deletes = deleteOption(sync.config.get('delete'));
  const action = await open(sync, toText(target), reach, {}, options);
  const kinds: readonly string[] = ['Create', 'Modify', 'Delete', 'Move'];
  return {
    action,
    handles: (kind) => kinds.includes(kind),
    mayDelete: () => deletes.running,
    startup: sync.config.get('init') === false ? undefined : { delete: deletes.startup },
    insist: options.insist,
  };
}

/** `delete = true | false | "startup" | "running"`. */
function deleteOption(value: LuaValue): { readonly startup: boolean; readonly running: boolean } {
  if (value === true || value === undefined) return { startup: true, running: true };
  if (value === false) return { startup: false, running: false };
  if (value === asBytes('startup')) return { startup: true, running: false };
  if (value === asBytes('running')) return { startup: false, running: true };
  throw new LsyncdError('LSY_DELETE', 'delete must be true, false, "startup" or "running"');
}

const textOptions = new Set(['config', 'zone', 'endpoint']);

function reachOf(table: LuaTable): Reach {
  const reach: Record<string, string | number> = {};
  for (const key of qingstorOptions) {
    const value = table.get(key);
    if (value === undefined) continue;
    const number = toNumber(value);
    if (textOptions.has(key) && typeof value === 'string') reach[key] = toText(value);
    else if (!textOptions.has(key) && number !== undefined && number > 0) reach[key] = number;
    else
      throw new LsyncdError(
        'LSY_QS_OPTION',
        `qingstor.${key} must be ${textOptions.has(key) ? 'a string' : 'a number greater than 0'}`,
      );
  }
  return reach;
}

async function open(
  sync: ConfiguredSync,
  target: string,
  reach: Reach,
  engine: Partial<QingStorEngineOptions>,
  options: ChoiceOptions,
) {
  const { bucket, prefix } = parseQsTarget(target);
  const source = toTextStrict(sync.source);
  const account = await loadCredentials({
    env: process.env,
    home: process.env['HOME'] ?? homedir(),
    cwd: process.cwd(),
    ...(reach.config === undefined ? {} : { configFile: reach.config }),
    ...(reach.zone === undefined ? {} : { zone: reach.zone }),
  });
  for (const warning of account.warnings) options.warn(warning);
  const workers = reach.workers ?? 16;
  const { endpoint, zone, partSize, partThreshold, rateLimit, retries, timeout } = reach;
  const store = await openBucket({
    account,
    bucket,
    workers,
    onWarn: options.warn,
    journalDirectory: join(options.stateDir, 'uploads'),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(zone === undefined ? {} : { zone }),
    ...(partSize === undefined ? {} : { partSize }),
    ...(partThreshold === undefined ? {} : { partThreshold }),
    ...(rateLimit === undefined ? {} : { rateLimit }),
    ...(retries === undefined ? {} : { retries }),
    ...(timeout === undefined ? {} : { idleTimeoutMs: timeout * 1000 }),
  }).catch((error: unknown) => {
    if (!(error instanceof StoreError)) throw error;
    throw new LsyncdError(
      'LSY_QS_BUCKET',
      `${toText(sync.name)} (${source ?? ''} -> ${target}): ${error.message}`,
      error.details.remedy,
    );
  });
  const index = await openTransferIndex(
    options.stateDir,
    { source: sync.source, service: JSON.stringify([endpoint, zone]), bucket, prefix },
    options.warn,
  );
  return createQingStorEngine({
    store,
    ...(index === undefined ? {} : { index }),
    source: sync.source,
    target: toText(sync.targetText),
    prefix,
    workers,
    subdirs: sync.subdirs,
    log: options.exec,
    ...engine,
  });
}
