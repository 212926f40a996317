import { backoff } from './backoff.js';
import type { Delay } from './delay.js';
import type { EventType, Millis } from './event.js';
import type { DelayQueue } from './queue.js';
import type { Scheduled } from './scheduler.js';

/** Something a queue has ready to be worked on. */
export interface Ready {
  readonly etype: EventType;
}

/** What a sync asks of its queue. */
export interface SyncQueue<R extends Ready = Ready> {
  /** Grows with every change. */
  readonly version: number;
  /** What to do next; the alarms do not count in a queue of `maxDelays` or more. */
  firstReady(now: Millis, maxDelays: number): R | undefined;
  /** When `firstReady` will give something if nothing else happens; undefined: never, or it does already. */
  nextAlarm(now: Millis, maxDelays: number): Millis | undefined;
}

/** What a queue gives as ready. */
export type ReadyOf<Q extends SyncQueue> = NonNullable<ReturnType<Q['firstReady']>>;

/** A sync's settings, read anew each time: scripts may change them. */
export interface SyncSpec {
  readonly maxDelays: number;
  readonly maxProcesses: number;
  readonly delay?: Millis | undefined;
}

/** What is done when something is ready; each may start a process, change the queue, or do nothing. */
export interface SyncHooks<R extends Ready> {
  init(ready: R): void;
  full(ready: R): void;
  action(ready: R): void;
}

/**
 * What `collect` made of a process's end. `die`: the config wants the program to end. `suspend`: nobody foresaw
 * that exit code, the sync is left alone for a while.
 */
export type CollectVerdict = 'done' | 'again' | 'die' | 'suspend';

/** How long a sync whose hook did nothing at all is left alone, unless its queue changes. */
const lazyPause: Millis = 1000;

/** One sync's side of the scheduling: a queue, a number of processes, and hooks that start them. */
export class Sync<Q extends SyncQueue> implements Scheduled {
  /** Processes (or native batches) at work. */
  running = 0;

  /** A held sync starts nothing until that ends; its queue goes on taking events. */
  held = false;

  /** Until then nothing is started; Infinity: for ever. */
  resumeAt: Millis = -Infinity;

  /** Suspensions since an action last succeeded. */
  suspensions = 0;
  private lazy: { readonly version: number; readonly until: Millis } | undefined;

  constructor(
    readonly queue: SyncQueue<ReadyOf<Q>> & Q,
    private readonly spec: SyncSpec,
    private readonly hooks: SyncHooks<ReadyOf<Q>>,
  ) {}

  /** True when another process may start, as far as this sync is concerned. */
  hasSlot(now: Millis): boolean {
    return !this.held && now >= this.resumeAt && this.running < this.spec.maxProcesses;
  }

  /**
   * Starts nothing for a while: a second, and longer each time no action has succeeded since the last.
   * @param random 0 ≤ random < 1
   */
  suspend(now: Millis, random: number): void {
    this.suspensions++;
    this.resumeAt = now + backoff(this.suspensions, 0, random);
  }

  /**
   * Calls the hooks for what is ready, while this sync and `slots` allow. A hook that changes nothing would be
   * asked the same question again: the sync is left until something changes.
   * @param slots true while another process may start, all syncs together
   */
  run(now: Millis, slots: () => boolean): void {
    while (this.hasSlot(now) && slots() && !this.isLazy(now)) {
      const ready = this.ready(now);
      if (ready === undefined) return;
      const { version } = this.queue;
      const { running } = this;
      if (ready.etype === 'Init') this.hooks.init(ready);
      else if (ready.etype === 'Full') this.hooks.full(ready);
      else this.hooks.action(ready);
      if (this.queue.version === version && this.running === running)
        this.lazy = { version, until: now + lazyPause };
    }
  }

  /** When `run` should be called again if nothing else happens; undefined: only after something happened. */
  nextWake(now: Millis): Millis | undefined {
    if (!this.hasSlot(now)) return this.nextResume(now);
    if (this.isLazy(now)) return this.lazy?.until;
    return this.ready(now) === undefined ? this.queue.nextAlarm(now, this.spec.maxDelays) : now;
  }

  /**
   * When a delay that failed at `now`, so many times in a row, is to be tried again: at first after the sync's
   * delay, a second at least.
   * @param random 0 ≤ random < 1
   */
  retryAt(now: Millis, tries = 1, random = 0): Millis {
    return now + backoff(tries, this.spec.delay ?? 0, random);
  }

  private nextResume(now: Millis): Millis | undefined {
    if (this.held || this.running >= this.spec.maxProcesses) return undefined;
    return this.resumeAt > now && this.resumeAt < Infinity ? this.resumeAt : undefined;
  }

  private ready(now: Millis): ReadyOf<Q> | undefined {
    return this.queue.firstReady(now, this.spec.maxDelays);
  }

  private isLazy(now: Millis): boolean {
    return this.lazy !== undefined && this.lazy.version === this.queue.version && now < this.lazy.until;
  }
}

/** An agent (one event or a list) has got its process. */
export function beginAgent(sync: Sync<DelayQueue>, delays: readonly Delay[]): void {
  sync.running++;
  sync.queue.start(delays);
}

/**
 * An agent's process has ended, and `collect` has judged it. `again`: its delays wait for `alarm` (default: see
 * `retryAt`). `die`: they wait too, as nothing was done, and nothing is started any more. `suspend`: they wait at
 * least until the sync is resumed.
 */
export function collectResult(
  sync: Sync<DelayQueue>,
  delays: readonly Delay[],
  verdict: CollectVerdict,
  now: Millis,
  { alarm = (tries) => sync.retryAt(now, tries), random = 0 }: CollectOptions = {},
): void {
  sync.running--;
  switch (verdict) {
    case 'done':
      sync.suspensions = 0;
      sync.queue.finish(delays);
      return;
    case 'again':
      sync.queue.again(delays, alarm);
      return;
    case 'die':
      sync.queue.again(delays, alarm);
      sync.resumeAt = Infinity;
      return;
    case 'suspend':
      sync.suspend(now, random);
      sync.queue.again(delays, (tries) => Math.max(sync.resumeAt, alarm(tries)));
  }
}

/** How what failed comes again. */
export interface CollectOptions {
  /** When, by the number of failures in a row. */
  readonly alarm?: (tries: number) => Millis;
  /** 0 ≤ random < 1, for the length of a suspension. */
  readonly random?: number;
}
