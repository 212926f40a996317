import { asBytes, fromText, type ByteString } from '../core/bytes.js';
import type { Millis } from '../core/event.js';
import type { CommandWords } from '../action/shell.js';
import { shellCommand } from '../action/shell.js';
import {
  isTable,
  LuaRaise,
  toNumber,
  type LuaCall,
  type LuaTable,
  type LuaValue,
  type LuaVm,
} from '../lua/vm.js';

/** Gives the local port the next transfer shall go through; undefined when no process of the tunnel lives. */
export type PortSource = () => number | undefined;

/** What `tunnel{…}` was given (spec/defaults.md, "tunnel"). */
interface TunnelOptions {
  readonly name: ByteString;
  /** One text for a shell, or a program and its arguments. */
  readonly command: readonly ByteString[] | ByteString;
  /** How many processes run at once. */
  readonly processes: number;
  /** How long a process must have lived to count as up. */
  readonly readyDelay: Millis;
  /** How long after its end a process is started again. */
  readonly retryDelay: Millis;
  /** What `^localhost` stands for; local ports are free there. */
  readonly localhost: ByteString;
}

const portVariable = '^localport';

/** A tunnel of a config: what to run for it, and the variables of commands and targets that go through it. */
export class Tunnel {
  private ports: PortSource | undefined;

  constructor(readonly options: TunnelOptions) {}

  /** True when every process of the command has a local port of its own. */
  get wantsPort(): boolean {
    const { command } = this.options;
    return (typeof command === 'string' ? [command] : command).some((word) => word.includes(portVariable));
  }

  /** The command of a process. */
  commandFor(port: number | undefined): CommandWords {
    const { command } = this.options;
    if (typeof command === 'string') return shellCommand(this.filled(command, port));
    const [binary, ...args] = command.map((word) => this.filled(word, port));
    return { binary: binary!, args };
  }

  /** Connects scripts with the running tunnel. */
  bind(ports: PortSource): void {
    this.ports = ports;
  }

  /** A transfer's target, or a layer 3 string; each call gives the next process its turn. */
  target(text: ByteString): ByteString {
    return text.includes(portVariable) ? this.filled(text, this.ports?.()) : this.filled(text, undefined);
  }

  private filled(text: ByteString, port: number | undefined): ByteString {
    const at = text.replaceAll('^localhost', () => this.options.localhost);
    return asBytes(port === undefined ? at : at.replaceAll(portVariable, String(port)));
  }
}

/** The tunnel of a sync's config; undefined when it has none. @throws LuaRaise when it is something else */
export function tunnelOf(vm: LuaVm, config: LuaTable): Tunnel | undefined {
  const value = config.get('tunnel');
  if (value === undefined || value === false) return undefined;
  const data = vm.dataOf(value);
  if (data instanceof Tunnel) return data;
  throw new LuaRaise('Parameter "tunnel" must be what tunnel { ... } gives.', 1);
}

const keys = ['command', 'mode', 'parallel', 'retryDelay', 'readyDelay', 'localhost', 'name'];

/** The `tunnel` global: makes the object for a sync's `tunnel` key. */
export class TunnelFunction {
  private made = 0;
  private sealed = false;
  private readonly metatable: LuaTable;

  constructor(private readonly vm: LuaVm) {
    this.metatable = vm.table({ __name: fromText('tunnel') });
  }

  install(): void {
    const { vm } = this;
    vm.globals.set(
      'tunnel',
      vm.fn('tunnel', (call) => this.create(call)),
    );
  }

  /** The config has run: no more tunnels. */
  seal(): void {
    this.sealed = true;
  }

  private create(call: LuaCall): LuaValue {
    if (this.sealed) throw new LuaRaise('tunnel can only be created during initialization.', 1);
    const [given] = call.args;
    if (!isTable(given)) throw new LuaRaise('tunnel expects a table: tunnel { ... }', 1);
    for (const [key] of given.entries()) {
      const name = this.vm.tostring(key);
      if (!keys.includes(name)) throw new LuaRaise(asBytes(`Parameter "tunnel.${name}" unknown.`), 1);
    }
    this.made++;
    return this.vm.userdata(new Tunnel(this.options(given)), this.metatable);
  }

  private options(given: LuaTable): TunnelOptions {
    const mode = text(given, 'mode') ?? fromText('command');
    if (mode !== fromText('command') && mode !== fromText('pool'))
      throw new LuaRaise('Parameter "tunnel.mode" must be "command" or "pool".', 1);
    const parallel = number(given, 'parallel', 1, 1);
    return {
      name: text(given, 'name') ?? fromText(`Tunnel${this.made}`),
      command: commandOf(given.get('command')),
      processes: mode === fromText('pool') ? Math.floor(parallel) : 1,
      readyDelay: number(given, 'readyDelay', 5, 0) * 1000,
      retryDelay: number(given, 'retryDelay', 10, 0) * 1000,
      localhost: text(given, 'localhost') ?? fromText('localhost'),
    };
  }
}

function text(given: LuaTable, key: string): ByteString | undefined {
  const value = given.get(key);
  if (value === undefined || typeof value === 'string') return value;
  throw new LuaRaise(`Parameter "tunnel.${key}" must be a string.`, 1);
}

function number(given: LuaTable, key: string, usual: number, least: number): number {
  const value = given.get(key);
  const found = value === undefined ? usual : toNumber(value);
  if (found !== undefined && found >= least && Number.isFinite(found)) return found;
  throw new LuaRaise(`Parameter "tunnel.${key}" must be a number and >= ${least}`, 1);
}

function commandOf(value: LuaValue): readonly ByteString[] | ByteString {
  if (typeof value === 'string' && value.trim() !== '') return value;
  if (value === undefined) throw new LuaRaise('tunnel needs "command" configured', 1);
  const words = isTable(value) ? Array.from({ length: value.length }, (_, i) => word(value.get(i + 1))) : [];
  if (words.length > 0 && words[0] !== '') return words;
  throw badCommand();
}

function word(value: LuaValue): ByteString {
  if (typeof value === 'string') return value;
  const found = toNumber(value);
  if (found === undefined) throw badCommand();
  return fromText(String(found));
}

const badCommand = (): LuaRaise =>
  new LuaRaise('Parameter "tunnel.command" must be a string or a list of strings.', 1);
