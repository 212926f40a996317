import { asBytes, toText, type ByteString } from '../core/bytes.js';
import { maxDeleteForms, maxDeleteOf } from './guards.js';
import { LuaRaise, toNumber, type LuaTable, type LuaValue, type LuaVm, isTable } from '../lua/vm.js';

/** Global settings as the rest of the program reads them; seconds where lsyncd says seconds. */
export interface Settings {
  logfile?: ByteString;
  pidfile?: ByteString;
  nodaemon?: boolean;
  statusFile?: ByteString;
  statusInterval?: number;
  logfacility?: ByteString | number;
  logident?: ByteString;
  insist?: boolean;
  inotifyMode?: ByteString;
  maxProcesses?: number;
  maxDelays?: number;
  delay?: number;
  onepass?: boolean;
  /** Ours: failures in a row after which a path is quarantined. */
  quarantineAfter?: number;
  rescanInterval?: number;
  /** Ours: seconds between comparisons of a source that cannot be watched whole. */
  pollInterval?: number;
  /** Ours: more deletions than that in one go wait for leave; a count, or a percentage as text. */
  maxDelete?: number | ByteString;
  /** Ours: an empty source may empty its target. */
  allowEmptySource?: boolean;
  /** Ours: `"spawn"` runs `qsctl` commands as children, as lsyncd would. */
  qsctl?: ByteString;
  /** Ours: where what must outlive the program is kept. */
  stateDir?: ByteString;
}

type Kind = 'string' | 'boolean' | 'number' | 'string or number' | 'deletions';

/** Every key of spec/config.md's table, and ours; `_` keys are internal. */
const kinds: Readonly<Record<keyof Settings, Kind>> = {
  logfile: 'string',
  pidfile: 'string',
  nodaemon: 'boolean',
  statusFile: 'string',
  statusInterval: 'number',
  logfacility: 'string or number',
  logident: 'string',
  insist: 'boolean',
  inotifyMode: 'string',
  maxProcesses: 'number',
  maxDelays: 'number',
  delay: 'number',
  onepass: 'boolean',
  quarantineAfter: 'number',
  rescanInterval: 'number',
  pollInterval: 'number',
  maxDelete: 'deletions',
  allowEmptySource: 'boolean',
  qsctl: 'string',
  stateDir: 'string',
};

const isKey = (key: string): key is keyof Settings => Object.hasOwn(kinds, key);

/** Plain value of a setting. @throws LuaRaise when it has the wrong type. */
function convert(key: keyof Settings, value: LuaValue): string | number | boolean | undefined {
  const kind = kinds[key];
  if (value === undefined) return undefined;
  if (kind === 'boolean') return value !== false;
  const number = toNumber(value);
  if (kind === 'deletions') {
    const found = maxDeleteOf(value);
    if (found === 'wrong') throw new LuaRaise(`setting "${key}" must be ${maxDeleteForms}`, 1);
    return found === 'off' ? undefined : (number ?? (value as ByteString));
  }
  if (kind === 'number') {
    const given = number ?? (typeof value === 'string' ? Number.parseFloat(value) : Number.NaN);
    if (Number.isFinite(given) && given >= 0) return given;
    throw new LuaRaise(`setting "${key}" must be a number and >= 0`, 1);
  }
  if (typeof value === 'string') return value;
  if (kind === 'string or number' && number !== undefined) return number;
  throw new LuaRaise(`setting "${key}" must be a string`, 1);
}

/**
 * The `settings` global: called with a table it sets, with a string it reads back; a later call wins.
 * `overrides` are command line options: they win over everything.
 */
export class SettingsFunction {
  private readonly given = new Map<string, LuaValue>();
  private readonly values: Settings = {};
  readonly warnings: string[] = [];

  constructor(
    private readonly vm: LuaVm,
    private readonly overrides: Partial<Settings>,
  ) {}

  /** What is in force now. */
  get current(): Settings {
    return { ...this.values, ...this.overrides };
  }

  install(): void {
    this.vm.globals.set(
      'settings',
      this.vm.fn('settings', (call) => {
        const [asked] = call.args;
        if (typeof asked === 'string') return [this.read(asked)];
        if (!isTable(asked))
          throw new LuaRaise('settings expects a table { ... } or the name of a setting', 1);
        this.merge(asked);
        return undefined;
      }),
    );
  }

  private read(key: ByteString): LuaValue {
    const override = (this.overrides as Readonly<Record<string, LuaValue>>)[key];
    return override ?? this.given.get(key);
  }

  private merge(table: LuaTable): void {
    for (const [key, value] of table.entries()) {
      if (typeof key === 'string') this.set(key, value);
      else if (typeof value === 'string') this.set(value, true);
      else throw new LuaRaise('settings expects key = value', 1);
    }
  }

  private set(key: string, value: LuaValue): void {
    if (!isKey(key)) throw new LuaRaise(asBytes(`setting "${key}" unknown.`), 1);
    const plain = convert(key, value);
    if (key === 'delay')
      this.warnings.push('settings.delay overrides the delay of every sync (lsyncd 2.2 and 2.3 refuse it).');
    if (key === 'qsctl' && plain !== 'spawn' && plain !== 'native')
      throw new LuaRaise(
        `setting "qsctl" must be "native" or "spawn", not "${toText(asBytes(String(plain)))}"`,
        1,
      );
    if (key === 'pollInterval' && plain === 0)
      throw new LuaRaise('setting "pollInterval" must be a number and > 0', 1);
    this.given.set(key, value);
    Object.assign(this.values, { [key]: plain });
  }
}

/** Seconds after which a sync compares by itself: its own key, or the settings'; undefined: never. */
export function rescanInterval(config: LuaTable, settings: Settings): number | undefined {
  const own = config.get('rescanInterval');
  if (own === false) return undefined;
  const seconds = toNumber(own) ?? settings.rescanInterval ?? 0;
  return seconds > 0 ? seconds : undefined;
}
