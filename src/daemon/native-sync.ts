import type { NativeAction, NativeFailure, NativeResult, NativeStats } from '../action/native.js';
import { allowsEmptySource, syncMaxDelete } from '../config/guards.js';
import type { ConfiguredSync, SyncPort } from '../config/sync.js';
import { backoff, rareRetry } from '../core/backoff.js';
import { asBytes, fromText, toText } from '../core/bytes.js';
import type { BytePath } from '../core/bytes.js';
import type { Delay } from '../core/delay.js';
import { DirtyQueue } from '../core/dirty.js';
import type { Retry } from '../core/dirty-batch.js';
import { isDirPath, type EventType, type FsEvent, type Millis } from '../core/event.js';
import { admitEvent, compileRules, type Filter, type FilterRules } from '../core/filter.js';
import { Sync } from '../core/sync.js';
import type { DeletionLeave } from '../lua/objects/host.js';
import type { SyncReport } from '../report/status.js';
import { DeletionGuard } from './deletion-guard.js';
import { MissingSource } from './missing-source.js';
import { newlyQuarantined, quarantineAfter, quarantineLines } from './quarantine.js';
import type { RunningSync, Surroundings } from './running-sync.js';
import { scanBelow } from './scan.js';

/** What a sync's config says about running natively. */
export interface NativeSetup {
  readonly action: NativeAction;
  /** Events that do anything; the others are dropped as lsyncd drops an event without a callback. */
  readonly handles: (kind: EventType) => boolean;
  /** May an event of that kind delete at the target? */
  readonly mayDelete: (kind: EventType) => boolean;
  /** Startup: none, compare and upload, or also delete. */
  readonly startup: { readonly delete: boolean } | undefined;
  readonly insist: boolean;
}

/** Failed paths told by name after one batch; the rest is counted. */
const namedFailures = 20;

/** A sync whose action works in this process on final states of paths. */
export class NativeSyncRuntime implements RunningSync, Omit<SyncPort, 'setRules'> {
  readonly sync: Sync<DirtyQueue>;
  private readonly queue: DirtyQueue;
  private filter: Filter;
  private readonly stop = new AbortController();
  private work: Promise<void> = Promise.resolve();

  /** What was wrong with the target as a whole when it was last tried. */
  private trouble: string | undefined;

  /** Paths whose failure has been logged, with the message. */
  private readonly told = new Map<string, string>();
  private started = false;
  /** The source was empty, and a comparison finds out what it holds now. */
  private looksAgain = false;
  /** Paths the startup could not bring to the target. */
  private startupFailures = 0;
  private readonly guard: DeletionGuard;
  private readonly missing = new MissingSource();

  constructor(
    readonly config: ConfiguredSync,
    private readonly setup: NativeSetup,
    private readonly around: Surroundings,
  ) {
    this.queue = new DirtyQueue({ delay: config.delay });
    this.filter = compileRules(config.rules());
    const { maxDelays, delay } = config;
    this.sync = new Sync(
      this.queue,
      { maxDelays, maxProcesses: 1, delay },
      {
        init: () => this.runFull(),
        full: () => this.runFull(),
        action: () => this.runBatch(),
      },
    );
    const { name, source, targetText: target } = config;
    const { settings } = around.program;
    this.guard = new DeletionGuard({
      ...{ name, source, target, log: (category, text) => this.log(category, text) },
      most: syncMaxDelete(config.config, settings),
      allowEmptySource: allowsEmptySource(config.config, settings, false),
    });
    config.bind(this);
  }

  startup(): void {
    const { startup } = this.setup;
    if (startup === undefined) this.started = true;
    else this.queue.enter({ kind: 'Init' }, this.around.now(), { mayDelete: startup.delete });
  }

  get startupOk(): boolean | undefined {
    return this.started ? this.startupFailures === 0 : undefined;
  }

  full(): void {
    this.rescan();
    this.around.wake();
  }

  receive(events: readonly FsEvent[], at: Millis): void {
    for (const event of events) {
      if (event.kind !== 'Move' && event.transformed !== undefined)
        this.log('Normal', `Transformed Move to ${event.kind} for ${this.config.name}`);
      const admitted = admitEvent(this.filter, event);
      if (admitted === undefined) this.log('Filter', `excluded ${event.path}`);
      else this.enter(admitted, at);
    }
    // Something is there at last: one comparison, and what comes meanwhile is queued anyway.
    if (events.length > 0 && this.guard.reason === 'empty source' && !this.looksAgain) {
      this.looksAgain = true;
      this.rescan();
    }
    this.around.wake();
  }

  /**
   * An event without a callback does nothing, but new permissions may heal what failed. A move without one is the
   * Delete and Create lsyncd makes of it: still a move where both would be carried out, else the Create of everything
   * at its new place.
   */
  private enter(event: FsEvent, at: Millis): void {
    const { handles, mayDelete } = this.setup;
    const asMove = handles('Move') || (handles('Create') && handles('Delete') && mayDelete('Delete'));
    if (event.kind === 'Move' && !asMove) {
      this.enter({ kind: 'Delete', path: event.path }, at);
      this.enter({ kind: 'Create', path: event.path2 }, at);
      if (!isDirPath(event.path2)) return;
      for (const path of scanBelow(this.config.source, event.path2, this.filter, this.config.subdirs))
        this.enter({ kind: 'Create', path }, at);
    } else if (event.kind === 'Move' || handles(event.kind)) {
      this.log('Delay', `${event.kind} ${event.path}${event.kind === 'Move' ? ` -> ${event.path2}` : ''}`);
      const remove = event.kind === 'Move' && !handles('Move') ? mayDelete('Delete') : mayDelete(event.kind);
      this.queue.enter(event, at, { mayDelete: remove });
    } else if (event.kind === 'Attrib') this.queue.hurry(event.path, at);
  }

  private runFull(): void {
    const what = this.started ? 'full' : 'startup';
    const remove = this.setup.startup?.delete ?? this.setup.mayDelete('Delete');
    this.queue.startFull();
    this.note(`Comparing everything: ${this.way()}`);
    this.begin(
      (signal) => {
        const { fullLimit: limit, allowsEmpty: allowEmpty } = this.guard;
        const how = { delete: remove, excluded: this.excluded, allowEmpty };
        return this.setup.action.full(limit === undefined ? how : { ...how, limit }, signal);
      },
      (result, seconds) => {
        this.looksAgain = false;
        this.queue.finishFull(result.failures, this.around.now(), this.retry);
        this.guard.ran(result, remove, this.queue.length === 0);
        if (wholeFailure(result) !== undefined) {
          if (!this.started) this.startupFailed(wholeFailure(result)!);
          return;
        }
        if (!this.started)
          this.startupFailures = result.failures.length + (result.held === undefined ? 0 : 1);
        this.started = true;
        if (what === 'startup') this.note(`Startup of ${this.way()} finished.`);
        this.note(`Finished comparing: ${summary(result.stats, seconds)}`);
      },
    );
  }

  /** lsyncd's words; without `insist` its end, too. */
  private startupFailed(failure: NativeFailure): void {
    if (this.setup.insist) {
      this.note(`Retrying startup of ${this.way()}: ${failure.message}`);
      return;
    }
    const text =
      failure.verdict === 'again'
        ? `Temporary or permanent failure on startup of ${this.way()}. Terminating since "insist" is not set.`
        : `Failure on startup of ${this.way()}.`;
    this.log('Error', text);
    this.around.die(255);
  }

  private runBatch(): void {
    const batch = this.queue.takeBatch(this.around.now(), { all: true });
    if (batch === undefined) return;
    const paths = batch.moves.length + batch.paths.length;
    const counted = `${paths} ${paths === 1 ? 'path' : 'paths'}`;
    this.note(`Syncing ${counted}: ${this.way()}`);
    this.begin(
      (signal) => {
        const { limit } = this.guard;
        const work = { ...batch, excluded: this.excluded };
        return this.setup.action.run(limit === undefined ? work : { ...work, limit }, signal);
      },
      (result, seconds) => {
        this.queue.finish(batch, result.failures, this.around.now(), this.retry);
        this.guard.ran(result, false, this.queue.length === 0);
        for (const { path } of batch.paths)
          if (!result.failures.some((f) => f.path === path)) this.told.delete(path);
        if (wholeFailure(result) === undefined)
          this.note(`Finished ${counted}: ${summary(result.stats, seconds)}`);
      },
    );
  }

  private begin(
    run: (signal: AbortSignal) => Promise<NativeResult>,
    finished: (result: NativeResult, seconds: number) => void,
  ): void {
    const from = this.around.now();
    this.sync.running++;
    this.work = run(this.stop.signal)
      .catch((error: unknown): NativeResult => failed(error, this.stop.signal))
      .then((result) => {
        this.sync.running--;
        if (this.stop.signal.aborted) return;
        finished(result, (this.around.now() - from) / 1000);
        this.tell(result);
        if (result.failures.length > 0)
          for (const line of newlyQuarantined(this.config.source, this.queue, this.quarantine))
            this.log('Error', line);
        this.around.wake();
      });
  }

  /** Says what went wrong: the target as a whole once until that changes, each path once until it heals. */
  private tell(result: NativeResult): void {
    const whole = wholeFailure(result);
    if (whole === undefined && this.trouble !== undefined)
      this.note(`${this.setup.action.target} works again.`);
    if (whole !== undefined && whole.message !== this.trouble)
      this.log('Error', fromText(`${toText(this.config.name)}: ${whole.message}`));
    this.trouble = whole?.message;
    const fresh = result.failures.filter(
      ({ path, message }) => path !== undefined && this.told.get(path) !== message,
    );
    for (const { path, message } of fresh.slice(0, namedFailures)) {
      this.told.set(path!, message);
      this.log('Error', asBytes(`${this.config.source}${path} not synced: ${fromText(message)}`));
    }
    if (fresh.length > namedFailures)
      this.log('Error', `${this.config.name}: ${fresh.length - namedFailures} more paths not synced`);
  }

  private readonly retry: Retry = (tries, verdict) => {
    const hopeless = verdict === 'failed' || tries >= this.quarantine;
    const wait = hopeless ? rareRetry : backoff(tries, this.config.delay ?? 0, Math.random());
    return this.around.now() + wait;
  };

  private readonly excluded = (path: BytePath): boolean => this.filter.excludes(path);

  rescan(): void {
    const remove = this.setup.startup?.delete ?? this.setup.mayDelete('Delete');
    this.queue.enter({ kind: 'Full' }, this.around.now(), { mayDelete: remove });
  }

  sourceGone(): void {
    if (this.missing.gone) return;
    this.log('Error', this.missing.leaves(this.config));
    this.queue.cancelWaiting();
    this.guard.forget();
  }

  sourceBack(): void {
    this.note(this.missing.returns(this.config));
    this.rescan();
  }

  permitDeletions(): boolean {
    const released = this.guard.permit();
    if (released === undefined) return false;
    const now = this.around.now();
    if (released.whole) this.rescan();
    for (const path of released.paths) this.queue.enter({ kind: 'Delete', path }, now, { mayDelete: true });
    this.around.wake();
    return true;
  }

  fade(): void {
    this.queue.cancelWaiting();
  }

  /** Only deletions that wait for leave: everything else shows in a comparison. */
  waitingEvents(): readonly FsEvent[] {
    return this.guard.waiting().map((path) => ({ kind: 'Delete', path }));
  }

  /** What the predecessor had waiting shows in a comparison; a startup action is one. */
  takeOver(events: readonly FsEvent[], at: Millis): void {
    for (const event of events) this.enter(event, at);
    if (this.setup.startup === undefined) this.rescan();
  }

  get version(): number {
    return this.queue.version + this.guard.version + this.missing.version;
  }

  report(): SyncReport {
    return {
      name: this.config.name,
      source: this.config.source,
      delays: [...this.queue],
      rules: this.config.rules(),
      troubles: [
        ...this.missing.lines(this.config),
        ...this.guard.lines(),
        ...quarantineLines(this.queue, this.quarantine, this.around.now()),
      ],
    };
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.work;
    await this.setup.action.close();
  }

  // What scripts can ask of the sync: there are no events for them here.

  setRules(rules: FilterRules): void {
    this.filter = compileRules(rules);
    this.around.rulesChanged(this.config.index, rules);
  }

  firstReady(): undefined {
    return undefined;
  }

  readyDelays(): readonly Delay[] {
    return [];
  }

  discard(): void {
    // Nothing to drop.
  }

  deletionLeave(): DeletionLeave {
    return { delete: true };
  }

  enterBlanket(): Delay {
    throw new Error(`${this.config.name} works natively: it has no events`);
  }

  enterFull(): Delay {
    throw new Error(`${this.config.name} works natively: it has no events`);
  }

  private get quarantine(): number {
    return quarantineAfter(this.config.config, this.around.program.settings);
  }

  private way(): string {
    return `${this.config.source} -> ${this.config.targetText}`;
  }

  private note(text: string): void {
    this.log('Normal', text);
  }

  private log(category: string, text: string): void {
    this.around.logger.log(category, asBytes(text));
  }
}

function wholeFailure(result: NativeResult): NativeFailure | undefined {
  return result.failures.find((failure) => failure.path === undefined);
}

/** An action that broke the contract and threw: everything is to be done again. */
function failed(error: unknown, signal: AbortSignal): NativeResult {
  const message = signal.aborted ? 'ended' : `internal error: ${(error as Error).message}`;
  return { stats: { files: 0, bytes: 0, deletions: 0, moves: 0 }, failures: [{ verdict: 'again', message }] };
}

function summary({ files, bytes, deletions, moves }: NativeStats, seconds: number): string {
  return `${files} files, ${bytes} bytes, ${deletions} deletions, ${moves} moves, ${seconds.toFixed(1)} s`;
}
