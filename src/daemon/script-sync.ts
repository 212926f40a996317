import { asBytes, type ByteString } from '../core/bytes.js';
import type { Delay } from '../core/delay.js';
import type { FsEvent, Millis } from '../core/event.js';
import { admitEvent, becameCreate, compileRules, type Filter, type FilterRules } from '../core/filter.js';
import { DelayQueue, type EnterStep, type QueueInput } from '../core/queue.js';
import { beginAgent, collectResult, Sync } from '../core/sync.js';
import type { ConfiguredSync, SyncPort } from '../config/sync.js';
import type { Agent, Command } from '../lua/objects/host.js';
import type { SyncReport } from '../report/status.js';
import type { RunningSync, Surroundings } from './running-sync.js';
import { scanBelow } from './scan.js';

/** A sync whose actions are scripts: events go through lsyncd's delay queue, callbacks start children. */
export class ScriptSyncRuntime implements RunningSync, SyncPort {
  readonly sync: Sync<DelayQueue>;
  private readonly queue: DelayQueue;
  private filter: Filter;
  private closed = false;

  constructor(
    readonly config: ConfiguredSync,
    private readonly around: Surroundings,
  ) {
    this.queue = new DelayQueue({ delay: config.delay, moves: config.wantsMoves });
    this.filter = compileRules(config.rules());
    const { program } = around;
    this.sync = new Sync(this.queue, config, {
      init: (delay) => around.guard(() => program.init(config, delay)),
      full: (delay) => around.guard(() => program.full(config, delay)),
      action: () => around.guard(() => program.action(config)),
    });
    config.bind(this);
  }

  /** Queues the startup action, if the sync has one. */
  startup(): void {
    if (this.around.program.hasInit(this.config)) this.enter({ kind: 'Init' }, this.around.now());
  }

  /** A failed startup ends the program or is retried: once it has left the queue all went well. */
  get startupOk(): boolean | undefined {
    for (const { etype } of this.queue) if (etype === 'Init') return undefined;
    return true;
  }

  /** Queues a full transfer, unless one waits already. */
  full(): void {
    for (const { etype, status } of this.queue) if (etype === 'Full' && status !== 'active') return;
    this.enterFull();
    this.around.wake();
  }

  /** Takes in what the monitor saw. */
  receive(events: readonly FsEvent[], at: Millis): void {
    for (const event of events) this.receiveOne(event, at);
    this.around.wake();
  }

  private receiveOne(event: FsEvent, at: Millis): void {
    if (event.kind !== 'Move' && event.transformed !== undefined)
      this.log('Normal', `Transformed Move to ${event.kind} for ${this.config.name}`);
    const admitted = admitEvent(this.filter, event);
    if (admitted === undefined) {
      this.log('Filter', `excluded ${event.path}`);
      return;
    }
    this.enter(admitted, at);
    if (becameCreate(event, admitted) && admitted.path.endsWith('/')) this.enterBelow(admitted.path, at);
  }

  private enter(event: QueueInput, at: Millis): Delay {
    const { steps, delay, scan } = this.queue.enter(event, at);
    for (const step of steps) this.log('Delay', stepText(step));
    for (const directory of scan) this.enterBelow(directory, at);
    return delay;
  }

  /** A directory came into being by a rename: its content needs events of its own. */
  private enterBelow(directory: ByteString, at: Millis): void {
    for (const path of scanBelow(this.config.source, directory, this.filter, this.config.subdirs))
      this.enter({ kind: 'Create', path }, at);
  }

  // What scripts ask of the sync.

  setRules(rules: FilterRules): void {
    this.filter = compileRules(rules);
    this.around.rulesChanged(this.config.index, rules);
  }

  firstReady(): Delay | undefined {
    return this.queue.firstReady(this.around.now(), this.config.maxDelays);
  }

  readyDelays(test: (delay: Delay) => boolean | 'break'): readonly Delay[] {
    return this.queue.getEvents(test, this.around.now());
  }

  discard(delay: Delay): void {
    this.queue.discard(delay);
  }

  enterBlanket(): Delay {
    return this.enter({ kind: 'Blanket' }, this.around.now());
  }

  enterFull(): Delay {
    return this.enter({ kind: 'Full', path: asBytes('/') }, this.around.now());
  }

  // Actions.

  /** Starts a child for delays of this sync, which become active until it ends. */
  spawn(agent: Agent, command: Command): void {
    beginAgent(this.sync, agent.delays);
    this.around.children.start(command, (code) => {
      if (this.closed) return;
      this.around.guard(() => this.collect(agent, code));
      this.around.wake();
    });
  }

  private collect(agent: Agent, code: number): void {
    const { program } = this.around;
    this.log('Delay', agent.isList ? 'collected a list' : 'collected an event');
    const verdict = program.collect({ ...agent, sync: this.config }, code);
    for (const delay of agent.delays)
      this.log('Delay', `Finish of ${delay.etype} on ${this.config.source}${delay.path} = ${code}`);
    collectResult(this.sync, agent.delays, verdict, this.around.now());
    if (verdict !== 'die') return;
    this.log('Error', 'Critical exitcode.');
    this.around.die(255);
  }

  /** Fading: what only waits is dropped. */
  fade(): void {
    this.queue.cancelWaiting();
  }

  overflow(): boolean {
    return false;
  }

  sourceGone(): void {
    this.log(
      'Error',
      `The source directory ${this.config.source} of ${this.config.name} is gone: nothing more is seen of it.`,
    );
  }

  waitingEvents(): readonly FsEvent[] {
    const events: FsEvent[] = [];
    for (const { status, etype, path, path2 } of this.queue) {
      if (status === 'active' || etype === 'Init' || etype === 'Blanket' || etype === 'Full') continue;
      if (etype === 'Move') events.push({ kind: 'Move', path, path2: path2! });
      else events.push({ kind: etype, path });
    }
    return events;
  }

  takeOver(events: readonly FsEvent[], at: Millis): void {
    this.receive(events, at);
  }

  get version(): number {
    return this.queue.version;
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  report(): SyncReport {
    return {
      name: this.config.name,
      source: this.config.source,
      delays: [...this.queue].map((delay) => ({
        status: delay.status,
        etype: delay.etype,
        path: delay.path,
        path2: delay.path2,
      })),
      rules: this.config.rules(),
    };
  }

  private log(category: string, text: string): void {
    this.around.logger.log(category, asBytes(text));
  }
}

function stepText({ what, event, delay }: EnterStep): string {
  const path = 'path' in event ? event.path : '';
  const shown = 'path2' in event ? `${path} -> ${event.path2}` : path;
  const text = `${event.kind}: ${shown}`;
  switch (what) {
    case 'new':
      return `New ${text}`;
    case 'block':
      return `${text} blocked`;
    case 'merge':
      return `${text} merged into the ${delay?.etype ?? ''} that waits already`;
    case 'replace':
      return `${text} replaces the Delete`;
    case 'turn':
      return `${text} turns the queued Move into Delete ${delay?.path ?? ''}`;
    case 'split':
      return `${text} split into Delete and Create`;
  }
}
