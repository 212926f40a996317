import { asBytes, type ByteString } from '../core/bytes.js';
import type { EventObjects } from '../lua/objects/event.js';
import type { ScriptHost } from '../lua/objects/host.js';
import { LuaRaise, isFunction, type LuaFunction, type LuaValue, type LuaVm } from '../lua/vm.js';
import { fillWords, parseLayer3, shellCommand, type Lookup } from './layer3.js';
import { callbackNames, type ConfiguredSync } from './sync.js';
import { tunnelOf } from './tunnel.js';

/** Starts a program for an event object. */
export type Start = (event: LuaValue, binary: ByteString, args: readonly ByteString[]) => void;

/** A shell text taken over from an old example with the quotes of two languages: no shell can run it. */
const doublyQuoted = /^\s*\[\[\s*if\s[^]*\bthen\b/;

/** Turns layer 3 strings of a sync into the functions they stand for (spec/config.md, "Layers"). */
export class CallbackTranslator {
  constructor(
    private readonly vm: LuaVm,
    private readonly host: Pick<ScriptHost, 'log'>,
    private readonly events: EventObjects,
    private readonly start: Start,
  ) {}

  /** Replaces every string callback in the sync's config; the strings stay in `sync.strings`. */
  translate(sync: ConfiguredSync): void {
    for (const name of callbackNames) {
      const value = sync.config.get(name);
      if (value === undefined || value === false || (name === 'onMove' && value === true)) continue;
      if (typeof value === 'string') {
        if (doublyQuoted.test(value))
          throw new LuaRaise(
            `Parameter "${name}" begins with [[if inside quotes: [[ ]] are quotes themselves, so write ${name} = [[if ... fi]] without others around them.`,
            1,
          );
        sync.strings.set(name, value);
        sync.config.set(name, this.function(sync, value));
      } else if (!isFunction(value)) {
        throw new LuaRaise(`Parameter "${name}" must be a string or a function.`, 1);
      }
    }
  }

  private function(sync: ConfiguredSync, text: ByteString): LuaFunction {
    const alike = parseLayer3(text);
    return this.vm.fn('layer 3 action', ({ args: [event, event2] }) => {
      // A tunnel's port is another one each time.
      const tunnel = tunnelOf(this.vm, sync.config);
      const command = tunnel === undefined ? alike : parseLayer3(tunnel.target(text));
      const lookup: Lookup = (field, end) => {
        const from = end === 'destination' ? event2 : event;
        if (from === undefined)
          throw new LuaRaise(asBytes(`^d.${field} has a value only in onMove: "${command.text}"`), 1);
        const value = this.events.field(from, field);
        return value === undefined ? asBytes('') : this.vm.tostring(value);
      };
      const type = this.vm.tostring(this.events.field(event, 'etype'));
      if (command.form === 'binary') {
        const [binary, ...args] = fillWords(command, lookup);
        this.note(`Event ${type} spawns action "${command.text}"`);
        this.start(event, binary ?? asBytes(''), args);
      } else {
        const { script, args, shown } = shellCommand(command, lookup);
        this.note(`Event ${type} spawns shell "${shown}"`);
        this.start(event, asBytes('/bin/sh'), [asBytes('-c'), script, asBytes('sh'), ...args]);
      }
    });
  }

  private note(text: string): void {
    this.host.log(asBytes('Normal'), asBytes(text));
  }
}
