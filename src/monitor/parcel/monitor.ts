/**
 * The portable monitor: @parcel/watcher's notifications are only a hint that something has changed (it misses files
 * in new directories, everything below moved ones and what overflows, see docs/monitors.md); what has changed is
 * found by comparing the tree with what it was. Comparisons also come by themselves, every `interval`.
 */
import watcher, { type AsyncSubscription } from '@parcel/watcher';
import { asBytes, toText, toTextStrict, type BytePath } from '../../core/bytes.js';
import { LsyncdError } from '../../core/errors.js';
import type { Millis } from '../../core/event.js';
import { compileRules, type FilterRules } from '../../core/filter.js';
import { monotonicNow } from '../../sys/clock.js';
import { errnoText } from '../../sys/errno.js';
import type { Monitor, MonitorListener, WatchEntry, WatchRoot } from '../monitor.js';
import { compare } from './compare.js';
import { look, take, type Seen, type Snapshot } from './snapshot.js';

export interface ParcelOptions {
  /** Longest time between two comparisons (60 s); hints bring them about sooner. */
  readonly interval?: Millis;
}

/** How long hints are gathered. */
const gathering: Millis = 50;
const defaultInterval: Millis = 60_000;

/** One root at work. */
class WatchedRoot {
  snapshot: Snapshot = new Map();
  private subscription: AsyncSubscription | undefined;
  private timer: NodeJS.Timeout | undefined;
  private due = Infinity;
  private work: Promise<void> = Promise.resolve();
  private hinted = false;
  private busy = false;
  private closed = false;
  private readonly told = new Set<BytePath>();
  private self: Seen | undefined;

  constructor(
    public root: WatchRoot,
    private readonly interval: Millis,
    private readonly listener: MonitorListener,
  ) {}

  /** Takes the first snapshot; notifications count from before it on. */
  async start(): Promise<void> {
    const { source } = this.root;
    this.self = look(source);
    if (this.self?.isDirectory !== true)
      throw new LsyncdError('LSY_NO_SOURCE', `Cannot access source directory: ${toText(source)}`);
    const path = toTextStrict(source);
    // Without a name it understands there are no hints: comparisons by time remain.
    if (path !== undefined)
      this.subscription = await watcher.subscribe(path.replace(/(.)\/$/, '$1'), () => this.hint());
    this.snapshot = (await this.look()) ?? this.snapshot;
    this.later(this.interval);
  }

  hint(): void {
    this.hinted = true;
    if (!this.busy) this.later(gathering);
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.work;
    await this.unsubscribe();
  }

  /** False once it is gone or closed. */
  get alive(): boolean {
    return !this.closed;
  }

  private async unsubscribe(): Promise<void> {
    const { subscription } = this;
    this.subscription = undefined;
    // It may have lost directories itself meanwhile, and complain of that.
    await subscription?.unsubscribe().catch(() => undefined);
  }

  private later(wait: Millis): void {
    if (this.closed) return;
    const due = monotonicNow() + wait;
    if (due >= this.due) return;
    clearTimeout(this.timer);
    this.due = due;
    this.timer = setTimeout(() => {
      this.due = Infinity;
      this.work = this.pass();
    }, wait);
  }

  /** Compares once, then leaves the processor alone for at least as long as that took. */
  private async pass(): Promise<void> {
    this.busy = true;
    this.hinted = false;
    const from = monotonicNow();
    if (look(this.root.source)?.identity !== this.self?.identity) {
      this.closed = true;
      this.listener({ kind: 'root-gone', id: this.root.id });
      await this.unsubscribe();
      return;
    }
    const next = await this.look();
    this.busy = false;
    if (next === undefined) return;
    const events = compare(this.snapshot, next);
    this.snapshot = next;
    const at = monotonicNow();
    if (events.length > 0) this.listener({ kind: 'events', id: this.root.id, at, events });
    // What changed while it was looked at shows in another look, whether there was a hint or not.
    const again = events.length > 0 || this.hinted;
    this.later(again ? Math.max(gathering, at - from) : this.interval);
  }

  private look(): Promise<Snapshot | undefined> {
    const { source, subdirs, rules } = this.root;
    return take({
      source,
      subdirs,
      filter: compileRules(rules),
      unreadable: (directory, error) => this.unreadable(directory, error),
      pause: () => new Promise((resolve) => setImmediate(() => resolve(!this.closed))),
    });
  }

  private unreadable(path: BytePath, error: unknown): void {
    const { code } = error as NodeJS.ErrnoException;
    // Gone meanwhile: the next look will tell.
    if (code === 'ENOENT' || code === 'ENOTDIR' || this.told.has(path)) return;
    this.told.add(path);
    const message = `Cannot look into ${path}: ${errnoText(error)}; what changes there goes unseen`;
    this.listener({ kind: 'warning', id: this.root.id, path, message });
  }
}

class ParcelMonitor implements Monitor {
  readonly name = 'parcel';
  private readonly roots = new Map<number, WatchedRoot>();
  private closed = false;

  constructor(
    private readonly options: ParcelOptions,
    private readonly listener: MonitorListener,
  ) {}

  async watch(roots: readonly WatchRoot[]): Promise<void> {
    for (const root of roots) {
      if (this.closed) throw new LsyncdError('LSY_MONITOR', 'the monitor has been closed');
      await this.roots.get(root.id)?.close();
      const watched = new WatchedRoot(root, this.options.interval ?? defaultInterval, this.listener);
      this.roots.set(root.id, watched);
      await watched.start();
    }
  }

  setRules(id: number, rules: FilterRules): void {
    const watched = this.roots.get(id);
    if (watched !== undefined) watched.root = { ...watched.root, rules };
  }

  /** Directories compared, as inotify's watches are shown. */
  watches(): Promise<readonly WatchEntry[]> {
    const entries = [...this.roots].sort(([a], [b]) => a - b);
    const alive = entries.filter(([, watched]) => watched.alive && !this.closed);
    const directories = alive.flatMap(([, { root, snapshot }]) => [
      root.source,
      ...[...snapshot.keys()]
        .filter((path) => root.subdirs && path.endsWith('/'))
        .map((path) => asBytes(root.source + path.slice(1))),
    ]);
    return Promise.resolve([...new Set(directories)].map((path, i) => ({ id: i + 1, path })));
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.roots.values()].map((watched) => watched.close()));
  }
}

/** Makes the portable monitor (`-monitor parcel`). */
export function createParcelMonitor(options: ParcelOptions, listener: MonitorListener): Monitor {
  return new ParcelMonitor(options, listener);
}
