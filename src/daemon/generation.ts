import { freePort } from '../action/tunnel.js';
import { asBytes } from '../core/bytes.js';
import type { FilterRules } from '../core/filter.js';
import { Scheduler, type Scheduled } from '../core/scheduler.js';
import type { LuaProgram } from '../config/program.js';
import { rescanInterval } from '../config/settings.js';
import { isTable, LuaError, LuaExit } from '../lua/vm.js';
import type { ScriptHost } from '../lua/objects/host.js';
import type { Monitor, MonitorListener, MonitorReport, WatchRoot } from '../monitor/monitor.js';
import type { Logger } from '../report/logger.js';
import { monotonicNow } from '../sys/clock.js';
import { Alarms } from './alarms.js';
import { Crontab } from './crontab.js';
import type { Children } from './children.js';
import { MissingRoots } from './missing-roots.js';
import { Polling } from './polling.js';
import type { RunningSync, Surroundings } from './running-sync.js';
import { ScriptSyncRuntime } from './script-sync.js';
import type { StatusReporter } from './status-reporter.js';
import { Tunnels } from './tunnels.js';

/** How one life between two (re)starts ended. */
export type GenerationEnd = { readonly code: number } | 'reset';

export interface GenerationParts {
  readonly program: LuaProgram;
  readonly logger: Logger;
  readonly children: Children;
  readonly makeMonitor: (listener: MonitorListener) => Monitor;
  readonly makeSync: (index: number, around: Surroundings) => RunningSync;
  readonly status: StatusReporter | undefined;
}

/** Longest time a JS timer can hold. */
const longestTimer = 2 ** 31 - 1;

/** How soon a sync is looked at again whose source is another directory than it was. */
const replacedPause = 1_000;

/** How often fading repeats that it waits for children. */
const fadingReminder = 60_000;

/**
 * One life of the program between two (re)starts: monitor, running syncs, scheduler and timers of one config.
 * Everything happens in cycles: something wakes it, alarms fire, the scheduler starts what is ready, the status
 * file is brought up to date, and a timer is set for the next thing due.
 */
export class Generation implements Surroundings {
  private readonly alarms = new Alarms();
  private readonly tunnels: Tunnels;
  private readonly syncs: readonly RunningSync[];
  private readonly scheduler: Scheduler;
  private readonly monitor: Monitor;
  private readonly missing: MissingRoots;
  private readonly polling: Polling;
  private crontab: Crontab | undefined;
  private timer: NodeJS.Timeout | undefined;
  private cycleDue = false;
  private mode: 'starting' | 'running' | 'fading' | 'over' = 'starting';
  private settle!: (end: GenerationEnd) => void;
  private endWhenIdle: GenerationEnd | undefined;
  private reminder: NodeJS.Timeout | undefined;
  private released: Promise<void> | undefined;

  /**
   * Resolves when this life is over; children and monitor have ended by then. Before a reset the monitor goes on
   * until `release`, so that nothing happens unseen while the successor places its watches.
   */
  readonly ended: Promise<GenerationEnd>;

  constructor(private readonly parts: GenerationParts) {
    const over = new Promise<GenerationEnd>((resolve) => (this.settle = resolve));
    this.ended = over.then(async (end) => {
      // A successor's tunnels may need the same ports.
      await this.tunnels.stop();
      if (end !== 'reset') await this.release();
      return end;
    });
    const { program } = parts;
    this.syncs = program.syncs.map((_, index) => parts.makeSync(index, this));
    this.tunnels = new Tunnels({
      now: monotonicNow,
      wake: () => this.wake(),
      log: (category, text) => parts.logger.log(category, text),
      start: (command) => parts.children.startTunnel(command),
      freePort,
    });
    this.scheduler = new Scheduler(
      this.syncs.map((running, id) =>
        this.whileThere(id, this.tunnels.gate(running.sync, running.config.tunnel)),
      ),
      program.settings.maxProcesses,
    );
    this.polling = new Polling({
      interval: program.settings.pollInterval,
      source: (id) => this.syncs[id]!.config.source,
      later: (ms, run) => {
        this.alarms.add(monotonicNow() + ms, run);
        this.wake();
      },
      compare: (id) => this.compare(id),
      warn: (message) => this.log('Warn', message),
    });
    this.monitor = parts.makeMonitor((report) => this.heard(report));
    this.missing = new MissingRoots({
      source: (id) => this.syncs[id]!.config.source,
      watch: (id) => this.monitor.watch([this.rootOf(this.syncs[id]!)]),
      back: (id) => {
        this.syncs[id]!.sourceBack();
        this.wake();
      },
    });
  }

  /** Watches everything, then queues the startup actions. @throws LsyncdError when watching is impossible. */
  async start(previous?: Generation): Promise<void> {
    try {
      await this.monitor.watch(this.syncs.map((running) => this.rootOf(running)));
      this.syncs.forEach((_, id) => this.missing.watched(id));
    } catch (error) {
      // A signal ended this life before it had begun: that is no failure.
      if (this.isStarting) throw error;
    }
    await previous?.seenAll();
    if (!this.isStarting) {
      this.takeOver(previous);
      return;
    }
    this.mode = 'running';
    this.crontab = new Crontab(
      this.syncs.map((running) => ({ expressions: running.config.crontab, run: () => running.full() })),
    );
    for (const running of this.syncs) running.startup();
    this.rescanByTime();
    this.takeOver(previous);
    this.wake();
  }

  /** What waited in the predecessor's queues; also when this life is over before it began: the next one asks here. */
  private takeOver(previous: Generation | undefined): void {
    const carried = previous?.byName ?? new Map<string, RunningSync>();
    for (const running of this.syncs) {
      const before = carried.get(running.config.name);
      if (before?.config.source === running.config.source)
        running.takeOver(before.waitingEvents(), monotonicNow());
    }
  }

  private rootOf({ config }: RunningSync): WatchRoot {
    return { id: config.index, source: config.source, subdirs: config.subdirs, rules: config.rules() };
  }

  /** A sync whose source is missing, or another directory than it was, starts nothing. */
  private whileThere(id: number, sync: Scheduled): Scheduled {
    const there = (): boolean => !this.missing.has(id);
    const stands = (): boolean => there() && this.missing.stands(id);
    return {
      get running() {
        return sync.running;
      },
      run: (now, slots) => {
        if (stands()) sync.run(now, slots);
      },
      nextWake: (now) => {
        const next = there() ? sync.nextWake(now) : undefined;
        return next === undefined || stands() ? next : Math.max(next, now + replacedPause);
      },
    };
  }

  /** Resolves when everything that had happened before the call has been reported to the syncs. */
  private async seenAll(): Promise<void> {
    // Between two questions the monitor reads all that the kernel has.
    await this.monitor.watches();
    await this.monitor.watches();
  }

  /** The syncs by name, for a successor. */
  private get byName(): ReadonlyMap<string, RunningSync> {
    return new Map(this.syncs.map((running) => [running.config.name, running]));
  }

  /** Starts nothing new, waits for what runs, then ends with `end`. A second call changes nothing. */
  fade(end: GenerationEnd): void {
    if (this.mode === 'fading' || this.mode === 'over') return;
    this.mode = 'fading';
    this.endWhenIdle = end;
    if (end !== 'reset') for (const running of this.syncs) running.fade();
    const remind = () => {
      if (this.busy > 0) this.log('Normal', `waiting for ${this.busy} more child processes.`);
    };
    remind();
    this.reminder = setInterval(remind, fadingReminder);
    this.wake();
  }

  /** Ends now; children get a TERM. */
  abort(code: number): void {
    this.parts.children.kill('SIGTERM');
    this.finish({ code });
  }

  private get isStarting(): boolean {
    return this.mode === 'starting';
  }

  get fading(): boolean {
    return this.mode === 'fading' || this.mode === 'over';
  }

  // Surroundings of the syncs.

  get logger(): Logger {
    return this.parts.logger;
  }

  get children(): Children {
    return this.parts.children;
  }

  get program(): LuaProgram {
    return this.parts.program;
  }

  now(): number {
    return monotonicNow();
  }

  wake(): void {
    if (this.cycleDue || this.mode === 'over') return;
    this.cycleDue = true;
    setImmediate(() => {
      this.cycleDue = false;
      if (this.mode !== 'over') this.cycle();
    });
  }

  rulesChanged(index: number, rules: FilterRules): void {
    this.monitor.setRules(index, rules);
  }

  die(code: number): void {
    this.abort(code);
  }

  guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (error instanceof LuaExit) {
        this.abort(error.code);
        return;
      }
      if (!(error instanceof LuaError)) throw error;
      logLuaError(this.parts.logger, error);
      this.abort(255);
    }
  }

  /** What scripts can ask of the program. */
  readonly host: Omit<ScriptHost, 'log' | 'terminate' | 'now'> = {
    fading: () => this.fading,
    alarm: (at, run) => {
      this.alarms.add(at, run);
      this.wake();
    },
    spawn: (agent, command) => {
      const running = this.syncs.find(({ config }) => config === agent.sync);
      if (!(running instanceof ScriptSyncRuntime)) throw new Error(`no script sync ${agent.sync.name}`);
      running.spawn(agent, command);
    },
  };

  private get busy(): number {
    return this.scheduler.running;
  }

  private heard(report: MonitorReport): void {
    switch (report.kind) {
      case 'events':
        this.syncs[report.id]?.receive(report.events, report.at);
        return;
      case 'overflow':
        this.log('Normal', '--- OVERFLOW in event queue ---');
        this.rescan(report.since);
        return;
      case 'warning':
        this.log('Warn', report.message);
        return;
      case 'unwatched':
        this.polling.add(report.id);
        return;
      case 'root-gone':
        this.syncs[report.id]?.sourceGone();
        this.missing.add(report.id);
        return;
      case 'log':
        this.log(report.category, report.message);
        return;
      case 'failed':
        this.parts.logger.text('Error', report.message);
        this.abort(255);
    }
  }

  /** Has every sync find out what its events have not told. @param since see RunningSync */
  rescan(since?: number): void {
    for (const id of this.syncs.keys()) this.compare(id, since);
    this.wake();
  }

  /** The same for one sync, if its source is there. */
  private compare(id: number, since?: number): void {
    if (!this.missing.has(id)) this.syncs[id]!.rescan(since);
  }

  /** Each sync's `rescanInterval`. */
  private rescanByTime(): void {
    for (const [id, running] of this.syncs.entries()) {
      const seconds = rescanInterval(running.config.config, this.program.settings);
      if (seconds === undefined) continue;
      const later = (): void => this.alarms.add(monotonicNow() + seconds * 1000, again);
      const again = (): void => {
        this.compare(id);
        later();
      };
      later();
    }
  }

  /** Leave for all deletions that were held back. */
  permitDeletions(): void {
    const released = this.syncs.filter((running) => running.permitDeletions());
    if (released.length === 0) this.log('Normal', 'no deletions are held back.');
    this.wake();
  }

  private cycle(): void {
    const now = monotonicNow();
    if (this.mode === 'fading') {
      if (this.busy === 0) this.finish(this.endWhenIdle ?? { code: 0 });
    } else if (this.mode === 'running') {
      this.tunnels.cycle(now);
      this.guard(() => this.alarms.fire(now));
      if (!this.fading) this.scheduler.cycle(now);
      this.endOnepass();
    }
    this.parts.status?.update(this.syncs, this.tunnels, this.monitor, this.polling, now);
    this.setTimer();
  }

  /** With `onepass` the program ends once every startup action is over. */
  private endOnepass(): void {
    if (this.fading || this.program.settings.onepass !== true) return;
    const results = this.syncs.map(({ startupOk }) => startupOk);
    if (results.includes(undefined)) return;
    this.log('Normal', 'onepass: all startups are over, ending.');
    this.fade({ code: results.includes(false) ? 255 : 0 });
  }

  private setTimer(): void {
    clearTimeout(this.timer);
    if (this.mode !== 'running') return;
    const now = monotonicNow();
    const times = [
      this.scheduler.nextWake(now),
      this.alarms.next,
      this.tunnels.next,
      this.parts.status?.due(),
    ].filter((at) => at !== undefined);
    if (times.length === 0) return;
    const wait = Math.min(longestTimer, Math.max(0, Math.ceil(Math.min(...times) - now)));
    this.timer = setTimeout(() => this.wake(), wait);
  }

  private finish(end: GenerationEnd): void {
    if (this.mode === 'over') return;
    this.mode = 'over';
    clearTimeout(this.timer);
    clearInterval(this.reminder);
    this.crontab?.stop();
    this.missing.stop();
    this.settle(end);
  }

  /** Ends monitor and syncs. Idempotent. */
  release(): Promise<void> {
    this.released ??= Promise.all([
      this.monitor.close(),
      ...this.syncs.map((running) => running.close()),
    ]).then(() => undefined);
    return this.released;
  }

  private log(category: string, text: string): void {
    this.parts.logger.log(category, asBytes(text));
  }
}

/** A Lua error in a callback, as lsyncd shows it (spec/cli.md). */
export function logLuaError(logger: Logger, error: LuaError): void {
  const text = isTable(error.value)
    ? `(Table: ${error.bytes.replace(/^.*(0x[0-9a-f]+).*$/s, '$1')})`
    : error.bytes;
  logger.log('Error', asBytes(`in Lua: ${text}`));
  error.traceback.forEach((frame, i) => logger.log('Error', asBytes(`Backtrace ${i + 1} :${frame.where}`)));
}
