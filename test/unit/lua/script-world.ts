import { asBytes, type ByteString } from '../../../src/core/bytes.js';
import type { Delay } from '../../../src/core/delay.js';
import type { Millis } from '../../../src/core/event.js';
import type { FilterRules } from '../../../src/core/filter.js';
import { DelayQueue, type QueueInput } from '../../../src/core/queue.js';
import { installGlobals } from '../../../src/lua/globals/install.js';
import type { SpawnFunctions } from '../../../src/lua/globals/spawn.js';
import { EventObjects } from '../../../src/lua/objects/event.js';
import type { Agent, Command, DeletionLeave, ScriptHost, ScriptSync } from '../../../src/lua/objects/host.js';
import { InletFactory } from '../../../src/lua/objects/inlet.js';
import { ListObjects } from '../../../src/lua/objects/list.js';
import { LuaExit, LuaVm, type LuaTable, type LuaValue } from '../../../src/lua/vm.js';
import { run } from './machine.js';

/** A sync whose queue is the real one; time stands still. */
export class TestSync implements ScriptSync {
  readonly queue = new DelayQueue({ moves: true });
  readonly config: LuaTable;
  private current: FilterRules = { filters: [], excludes: [] };

  constructor(
    vm: LuaVm,
    readonly name: ByteString = asBytes('Sync1'),
    readonly source: ByteString = asBytes('/src/'),
    config: Readonly<Record<string, LuaValue>> = { target: asBytes('/dst/') },
  ) {
    this.config = vm.table(config);
  }

  /** Queues an event, ready at once. */
  enter(event: QueueInput): Delay {
    return this.queue.enter(event, 0).delay;
  }

  rules(): FilterRules {
    return this.current;
  }

  setRules(rules: FilterRules): void {
    this.current = rules;
  }

  firstReady(): Delay | undefined {
    return this.queue.firstReady(0, 1000);
  }

  readyDelays(test: (delay: Delay) => boolean | 'break'): readonly Delay[] {
    return this.queue.getEvents(test);
  }

  discard(delay: Delay): void {
    this.queue.discard(delay);
  }

  enterBlanket(): Delay {
    return this.enter({ kind: 'Blanket' });
  }

  enterFull(): Delay {
    return this.enter({ kind: 'Full', path: asBytes('/') });
  }

  deletionLeave(): DeletionLeave {
    return { delete: true };
  }
}

/** A machine with lsyncd's globals, and a record of what scripts asked for. */
export class ScriptWorld {
  readonly vm = LuaVm.create();
  readonly events = new EventObjects(this.vm);
  readonly lists = new ListObjects(this.vm);
  readonly inlets = new InletFactory(this.vm, this.events, this.lists);
  readonly spawner: SpawnFunctions;
  readonly logged: [string, string][] = [];
  readonly spawned: { readonly agent: Agent; readonly command: Command }[] = [];
  readonly alarms: { readonly at: Millis; readonly run: () => void }[] = [];
  clock = 0;
  fading = false;

  constructor() {
    const host: ScriptHost = {
      log: (category, text) => this.logged.push([category, text]),
      spawn: (agent, command) => {
        if ('run' in command) throw new Error('scripts start no work of ours');
        this.spawned.push({ agent, command });
        if (agent.sync instanceof TestSync) agent.sync.queue.start(agent.delays);
      },
      fading: () => this.fading,
      now: () => this.clock,
      alarm: (at, run) => this.alarms.push({ at, run }),
      terminate: (code) => {
        throw new LuaExit(code & 0xff);
      },
    };
    this.spawner = installGlobals({ vm: this.vm, host, events: this.events, lists: this.lists });
  }

  /** A new sync; its inlet is the global `inlet`. */
  sync(config?: Readonly<Record<string, LuaValue>>): TestSync {
    const sync = new TestSync(this.vm, asBytes('Sync1'), asBytes('/src/'), config);
    this.vm.globals.set('inlet', this.inlets.of(sync));
    return sync;
  }

  /** Queues an event; its objects are the globals `event` and `event2`. */
  event(sync: TestSync, event: QueueInput): Delay {
    const delay = sync.enter(event);
    const [origin, destination] = this.events.of(sync, delay);
    this.vm.globals.set('event', origin);
    this.vm.globals.set('event2', destination);
    return delay;
  }

  run(source: string): readonly LuaValue[] {
    return run(this.vm, source);
  }
}
