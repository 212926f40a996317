import { asBytes, type ByteString } from '../../core/bytes.js';
import type { Delay } from '../../core/delay.js';
import type { EventObjects } from '../objects/event.js';
import type { Agent, Command, ScriptHost, Work } from '../objects/host.js';
import type { ListObjects } from '../objects/list.js';
import { LuaRaise, isTable, type LuaCall, type LuaValue, type LuaVm } from '../vm.js';

/** Turns the words of a `spawn` call into a command: tables flattened, nils dropped, `'<', text` is stdin. */
function commandOf(vm: LuaVm, values: readonly LuaValue[]): Command {
  const binary = values[0];
  if (typeof binary !== 'string')
    throw new LuaRaise('calling spawn(agent, binary, ...): binary is not a string', 1);
  const piped = values[1] === asBytes('<');
  const args: ByteString[] = [];
  const flatten = (value: LuaValue): void => {
    if (value === undefined) return;
    if (isTable(value)) {
      for (let i = 1; i <= value.length; i++) flatten(value.get(i));
    } else args.push(vm.tostring(value));
  };
  values.slice(piped ? 3 : 1).forEach(flatten);
  if (!piped) return { binary, args };
  return { binary, args, stdin: values[2] === undefined ? asBytes('') : vm.tostring(values[2]) };
}

/** `spawn` and `spawnShell` (spec/config.md, "Functions"). */
export class SpawnFunctions {
  constructor(
    private readonly vm: LuaVm,
    private readonly host: Pick<ScriptHost, 'spawn' | 'fading' | 'log'>,
    private readonly events: EventObjects,
    private readonly lists: ListObjects,
  ) {}

  install(): void {
    const { vm } = this;
    vm.globals.set(
      'spawn',
      vm.fn('spawn', (call) => this.spawn(call, rest(call, 1))),
    );
    vm.globals.set(
      'spawnShell',
      vm.fn('spawnShell', (call) =>
        this.spawn(call, [asBytes('/bin/sh'), asBytes('-c'), call.args[1], asBytes('sh'), ...rest(call, 2)]),
      ),
    );
  }

  /** The agent a value stands for. @throws LuaRaise when it is neither event nor list. */
  agent(value: LuaValue): Agent {
    const list = this.lists.resolve(value);
    if (list !== undefined) return list;
    const ref = this.events.resolve(value);
    if (ref === undefined)
      throw new LuaRaise(`spawning with an ${isTable(value) ? 'unknown' : 'invalid'} agent`, 1);
    return { sync: ref.sync, delays: [ref.delay], isList: false };
  }

  private spawn(call: LuaCall, words: readonly LuaValue[]): void {
    this.agent(call.args[0]);
    this.start(call.args[0], commandOf(this.vm, words));
  }

  /** Starts a command, or work, for an event or list. @throws LuaRaise when that is not waiting. */
  start(agentValue: LuaValue, command: Command | Work): void {
    const agent = this.agent(agentValue);
    if (this.host.fading()) {
      this.host.log(asBytes('Normal'), asBytes('ignored process spawning while fading'));
      return;
    }
    // A list may hold what is blocked by others of the same list.
    const free = ({ status }: Delay) => status === 'wait' || (agent.isList && status === 'block');
    if (!agent.delays.every(free)) throw new LuaRaise('spawn() called on an non-waiting event', 1);
    this.host.spawn(agent, command);
  }
}

/** Arguments from `from` on, with the nils inside kept so that positions do not shift. */
function rest(call: LuaCall, from: number): LuaValue[] {
  return Array.from({ length: Math.max(0, call.argc - from) }, (_, i) => call.args[from + i]);
}
