import type { ChildEnd } from '../action/process.js';
import { RsyncErrors } from '../action/rsync-errors.js';
import { rareRetry } from '../core/backoff.js';
import { asBytes, type ByteString } from '../core/bytes.js';
import type { Delay } from '../core/delay.js';
import type { FsEvent, Millis } from '../core/event.js';
import { admitEvent, becameCreate, compileRules, type Filter, type FilterRules } from '../core/filter.js';
import type { PartialFailures } from '../core/partial.js';
import { stepText } from '../core/enter.js';
import { DelayQueue, type QueueInput } from '../core/queue.js';
import { beginAgent, collectResult, Sync, type CollectVerdict } from '../core/sync.js';
import type { ConfiguredSync, SyncPort } from '../config/sync.js';
import { LuaExit } from '../lua/vm.js';
import type { Agent, Command, DeletionLeave, Work } from '../lua/objects/host.js';
import type { SyncReport } from '../report/status.js';
import { epochNow } from '../sys/clock.js';
import { CommandDeletions } from './command-deletions.js';
import { MissingSource } from './missing-source.js';
import { collectPartial, partialTransfer, type PartialPort } from './partial-transfer.js';
import { newlyQuarantined, quarantineAfter, quarantineLines, within } from './quarantine.js';
import { Rescan } from './rescan.js';
import type { RunningSync, Surroundings } from './running-sync.js';
import { scanBelow } from './scan.js';

/** rsync's exit code when all is done but deletions beyond `--max-delete`. */
const deletionLimit = 25;

/** How long (ms) a comparison keeps the program before others get their turn. */
const rescanTurn = 20;

/** What an action told besides its exit code. */
interface Outcome {
  /** What a partial transfer has left out. */
  readonly failures?: () => PartialFailures;
  /** Deletions rsync was not allowed. */
  readonly skippedDeletions?: number | undefined;
}

/** A sync whose actions are scripts: events go through lsyncd's delay queue, callbacks start children. */
export class ScriptSyncRuntime implements RunningSync, SyncPort {
  readonly sync: Sync<DelayQueue>;
  private readonly queue: DelayQueue;
  private filter: Filter;
  private closed = false;
  private suspendedBy = 0;
  private readonly deletions: CommandDeletions;
  private readonly missing = new MissingSource();
  /** For syncs that have no action that brings everything: what is known of the source. */
  private readonly names: Rescan | undefined;

  constructor(
    readonly config: ConfiguredSync,
    private readonly around: Surroundings,
  ) {
    this.queue = new DelayQueue({ delay: config.delay, moves: config.wantsMoves });
    this.filter = compileRules(config.rules());
    const { program } = around;
    this.names = program.bringsAll(config) ? undefined : new Rescan(config, () => this.filter);
    const log = (category: string, text: string): void => this.log(category, text);
    this.deletions = new CommandDeletions(config, program.settings, this.queue, log);
    this.sync = new Sync(this.queue, config, {
      init: (delay) => around.guard(() => program.init(config, delay)),
      full: (delay) => around.guard(() => program.full(config, delay)),
      action: () => {
        this.deletions.sift();
        around.guard(() => program.action(config));
      },
    });
    config.bind(this);
  }

  /** Queues the startup action, if the sync has one. */
  startup(): void {
    const { program } = this.around;
    this.names?.begin(epochNow());
    // Without a startup action there is nothing that could empty the target.
    if (program.hasStartup(this.config) && this.deletions.waitsForContent()) return;
    if (program.hasInit(this.config)) this.enter({ kind: 'Init' }, this.around.now());
  }

  /** A failed startup ends the program or is retried: once it has left the queue all went well. */
  get startupOk(): boolean | undefined {
    for (const { etype } of this.queue) if (etype === 'Init') return undefined;
    return this.deletions.guard.reason === undefined;
  }

  /** Queues a full transfer, unless one waits already. */
  full(): void {
    if (this.deletions.waitsForContent()) return;
    this.queue.retryNow(this.around.now());
    for (const { etype, status } of this.queue) if (etype === 'Full' && status !== 'active') return;
    this.enterFull();
    this.around.wake();
  }

  /** Takes in what the monitor saw. */
  receive(events: readonly FsEvent[], at: Millis): void {
    if (this.deletions.guard.reason === 'empty source' && !this.deletions.waitsForContent()) {
      this.deletions.guard.settled();
      this.startup();
    }
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
    this.receiveKnown(admitted, at);
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
      this.receiveKnown({ kind: 'Create', path }, at);
  }

  private receiveKnown(event: FsEvent, at: Millis): void {
    this.names?.saw(event);
    this.enter(event, at);
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

  deletionLeave(): DeletionLeave {
    return this.deletions.leave;
  }

  // Actions.

  /** Starts a child, or work in this process, for delays of this sync, which become active until it ends. */
  spawn(agent: Agent, command: Command | Work): void {
    beginAgent(this.sync, agent.delays);
    const ended = (end: ChildEnd, outcome: Outcome): void => {
      if (this.closed) return;
      this.around.guard(() => this.collect(agent, command, end, outcome));
      this.around.wake();
    };
    if ('run' in command) {
      this.around.children.work(command, ({ code, failures, skippedDeletions }) =>
        ended({ code }, { ...(failures && { failures: () => failures }), skippedDeletions }),
      );
      return;
    }
    const errors = new RsyncErrors();
    const listens = command.partial === true || agent.delays[0]?.etype === 'Init';
    const target = this.config.config.get('targetdir') ?? this.config.config.get('target');
    const failures = () =>
      errors.failures(this.config.source, typeof target === 'string' ? target : undefined);
    this.around.children.start(
      command,
      (end) =>
        ended(end, {
          ...(command.partial === true ? { failures } : {}),
          skippedDeletions: errors.skippedDeletions,
        }),
      listens ? (bytes) => errors.add(bytes) : undefined,
    );
  }

  private collect(
    agent: Agent,
    command: Command | Work,
    end: ChildEnd,
    { failures, skippedDeletions }: Outcome,
  ): void {
    const { program } = this.around;
    const { code } = end;
    this.log('Delay', agent.isList ? 'collected a list' : 'collected an event');
    let verdict: CollectVerdict;
    const stopped = this.stoppedDeleting(agent, skippedDeletions, code);
    try {
      verdict = stopped ? 'done' : program.collect({ ...agent, sync: this.config }, code);
    } catch (error) {
      if (error instanceof LuaExit && !agent.isList && agent.delays[0]?.etype === 'Init')
        this.explainStartup('run' in command ? command.what : command.binary, end);
      throw error;
    }
    for (const delay of agent.delays)
      this.log('Delay', `Finish of ${delay.etype} on ${this.config.source}${delay.path} = ${code}`);
    if (verdict === 'done' && failures !== undefined && code === partialTransfer)
      this.collectPartial(agent, failures(), 'run' in command ? 'the copy' : 'rsync');
    else this.settle(agent, verdict, code);
  }

  /** rsync has met `maxDelete`: what is left to be deleted waits. True when it has done all else. */
  private stoppedDeleting({ delays, isList }: Agent, left: number | undefined, code: number): boolean {
    if (left === undefined || this.deletions.guard.most === undefined) return false;
    this.deletions.stopped(delays, isList, left);
    if (code !== deletionLimit) return false;
    const what = isList ? 'a list' : `${delays[0]!.etype} of ${this.config.source}`;
    this.log('Normal', `Finished ${what}, but for deletions: ${code}`);
    return true;
  }

  /** What the program ends of, in the words of the child, and what can be done about it. */
  private explainStartup(binary: ByteString, { code, stderrTail }: ChildEnd): void {
    const said = (stderrTail ?? '').split('\n').filter((line) => line !== '');
    this.log(
      'Error',
      `${this.config.name}: ${binary} ended with exit code ${code}${said.length > 0 ? ':' : '.'}`,
    );
    for (const line of said) this.log('Error', `  ${line}`);
    this.log('Error', 'With "insist" (or -insist) a startup is retried whose exit code means "again".');
  }

  private settle(agent: Agent, verdict: CollectVerdict, code: number): void {
    const { sync } = this;
    const { name } = this.config;
    const now = this.around.now();
    if (verdict === 'done' && sync.suspensions > 0) this.log('Normal', `${name} works again.`);
    collectResult(sync, agent.delays, verdict, now, { alarm: this.alarm(now), random: Math.random() });
    if (verdict === 'done') {
      this.deletions.done(agent.delays);
      return;
    }
    this.tellQuarantined(agent.delays);
    if (verdict === 'suspend') {
      this.suspendedBy = code;
      this.log(
        'Error',
        `${name} suspended: exit code ${code} is not in its "exitcodes". Tried again ${within(sync.resumeAt - now)}; other syncs go on.`,
      );
    } else if (verdict === 'die') {
      this.log('Error', 'Critical exitcode.');
      this.around.die(255);
    }
  }

  private collectPartial(agent: Agent, failures: PartialFailures, who: string): void {
    const port: PartialPort = {
      sync: this.sync,
      queue: this.queue,
      excludes: (path) => this.filter.excludes(path),
      enter: (event, at) => this.enter(event, at),
      alarm: (now) => this.alarm(now),
    };
    const { failed, told } = collectPartial(port, agent, failures, who, this.around.now());
    this.tellQuarantined(failed);
    this.log('Warn', `${this.config.name}: ${told}`);
  }

  private alarm(now: Millis): (tries: number) => Millis {
    const limit = this.quarantine;
    // What failed together comes again together.
    const random = Math.random();
    return (tries) => (tries >= limit ? now + rareRetry : this.sync.retryAt(now, tries, random));
  }

  private get quarantine(): number {
    return quarantineAfter(this.config.config, this.around.program.settings);
  }

  private tellQuarantined(delays: readonly Delay[]): void {
    for (const line of newlyQuarantined(this.config.source, delays, this.quarantine)) this.log('Error', line);
  }

  private *troubles(): Generator<ByteString> {
    const now = this.around.now();
    yield* this.missing.lines(this.config);
    yield* this.deletions.guard.lines();
    const { resumeAt } = this.sync;
    if (resumeAt > now && resumeAt < Infinity)
      yield asBytes(`Suspended: exit code ${this.suspendedBy}, next try ${within(resumeAt - now)}`);
    yield* quarantineLines(this.queue, this.quarantine, now);
  }

  /** Fading: what only waits is dropped. */
  fade(): void {
    this.queue.cancelWaiting();
  }

  /** Nothing that is queued is forgotten. */
  rescan(since?: number): void {
    const { names } = this;
    if (names === undefined) {
      this.full();
      return;
    }
    const events = names.missing(since, epochNow());
    const some = (): void => {
      if (this.closed) return;
      const until = this.around.now() + rescanTurn;
      for (let next = events.next(); next.done !== true; next = events.next()) {
        this.enter(next.value, this.around.now());
        if (this.around.now() < until) continue;
        setImmediate(some);
        break;
      }
      this.around.wake();
    };
    some();
  }

  sourceGone(): void {
    if (this.missing.gone) return;
    this.log('Error', this.missing.leaves(this.config));
    this.queue.cancelWaiting();
    this.deletions.guard.forget();
  }

  /** The startup action brings everything to the target; without one, everything there is is new. */
  sourceBack(): void {
    this.log('Normal', this.missing.returns(this.config));
    this.names?.begin(epochNow());
    if (this.around.program.hasStartup(this.config)) this.startup();
    else this.enterBelow(asBytes('/'), this.around.now());
  }

  permitDeletions(): boolean {
    const released = this.deletions.permit();
    if (released === undefined) return false;
    const now = this.around.now();
    if (released.reason === 'empty source') this.startup();
    else if (released.whole) this.enterFull();
    for (const path of released.paths) this.enter({ kind: 'Delete', path }, now);
    this.around.wake();
    return true;
  }

  waitingEvents(): readonly FsEvent[] {
    const events: FsEvent[] = this.deletions.waiting().map((path) => ({ kind: 'Delete', path }));
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
    return this.queue.version + this.deletions.guard.version + this.missing.version;
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
      troubles: [...this.troubles()],
    };
  }

  private log(category: string, text: string): void {
    this.around.logger.log(category, asBytes(text));
  }
}
