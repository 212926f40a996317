import { realpathSync, statSync } from 'node:fs';
import { asBytes, toText, type BytePath, type ByteString } from '../core/bytes.js';
import type { Delay } from '../core/delay.js';
import { LsyncdError } from '../core/errors.js';
import type { Millis } from '../core/event.js';
import type { FilterRules } from '../core/filter.js';
import { toNumber, type LuaTable } from '../lua/vm.js';
import type { DeletionLeave, ScriptSync } from '../lua/objects/host.js';
import type { Tunnel } from './tunnel.js';
import { fromBuffer, toBuffer } from '../sys/bytes.js';

/** Callbacks that layer 3 strings and layer 2 functions can be given for. */
export const callbackNames = [
  ...(['onAttrib', 'onCreate', 'onModify', 'onDelete', 'onMove', 'onStartup', 'onFull'] as const),
] as const;
export type CallbackName = (typeof callbackNames)[number];

/** What a running sync does for scripts; bound when the daemon starts. */
export type SyncPort = Omit<ScriptSync, 'name' | 'source' | 'config' | 'rules'>;

/** One `sync{…}` of a config: plain data for the daemon, and the sync that scripts see. */
export class ConfiguredSync implements ScriptSync {
  private port: SyncPort | undefined;
  /** The user's layer 3 strings, before they became functions. */
  readonly strings = new Map<CallbackName, ByteString>();
  /** Times of full transfers. */
  crontab: readonly string[] = [];
  /** It runs only while this is up. */
  tunnel: Tunnel | undefined;

  constructor(
    /** Position in the config, from 0; the monitor's and scheduler's id. */
    readonly index: number,
    readonly name: ByteString,
    readonly source: BytePath,
    readonly config: LuaTable,
    /** The target as log lines show it. */
    readonly targetText: ByteString,
    private currentRules: FilterRules,
  ) {}

  /** Connects scripts with the running sync. */
  bind(port: SyncPort): void {
    this.port = port;
  }

  get delay(): Millis | undefined {
    const seconds = toNumber(this.config.get('delay'));
    return seconds === undefined ? undefined : seconds * 1000;
  }

  get maxDelays(): number {
    return toNumber(this.config.get('maxDelays')) ?? 1000;
  }

  get maxProcesses(): number {
    return toNumber(this.config.get('maxProcesses')) ?? 1;
  }

  get subdirs(): boolean {
    return this.config.get('subdirs') !== false;
  }

  /** Moves reach the sync whole only when it has an `onMove`. */
  get wantsMoves(): boolean {
    const onMove = this.config.get('onMove');
    return onMove !== undefined && onMove !== false;
  }

  rules(): FilterRules {
    return this.currentRules;
  }

  setRules(rules: FilterRules): void {
    this.currentRules = rules;
    this.port?.setRules(rules);
  }

  firstReady(): Delay | undefined {
    return this.port?.firstReady();
  }

  readyDelays(test: (delay: Delay) => boolean | 'break'): readonly Delay[] {
    return this.port?.readyDelays(test) ?? [];
  }

  discard(delay: Delay): void {
    this.running().discard(delay);
  }

  enterBlanket(): Delay {
    return this.running().enterBlanket();
  }

  enterFull(): Delay {
    return this.running().enterFull();
  }

  deletionLeave(): DeletionLeave {
    return this.port?.deletionLeave() ?? { delete: true };
  }

  private running(): SyncPort {
    if (this.port !== undefined) return this.port;
    throw new LsyncdError('LSY_NOT_RUNNING', `sync ${toText(this.name)} is not running yet`);
  }
}

/**
 * A source as it will be watched: absolute from `cwd`, symlinks of its own path resolved, trailing slash.
 * @throws LsyncdError when it is no accessible directory.
 */
export function resolveSource(text: ByteString, cwd: ByteString): BytePath {
  const path = text.startsWith('/') ? text : `${cwd}/${text}`;
  try {
    const real = realpathSync.native(toBuffer(asBytes(path)), 'buffer');
    if (!statSync(real).isDirectory()) throw new Error('not a directory');
    const found = fromBuffer(real);
    return found.endsWith('/') ? found : asBytes(`${found}/`);
  } catch (cause) {
    throw new LsyncdError('LSY_NO_SOURCE', `Cannot access source directory: ${toText(text)}`, undefined, {
      cause,
    });
  }
}
