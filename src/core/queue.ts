/**
 * The delay queue of one sync in lsyncd's order: which events wait, which are combined, what may run now
 * (spec/events.md, "The delay queue"). Indexed by path: entering or removing a delay costs its path's depth,
 * whatever the queue's length. Two delays that touch each other (same path, above, below) never run at once.
 */
import { asBytes, type BytePath } from './bytes.js';
import { Entry, QueuedDelay, type Delay } from './delay.js';
import type { EnterResult, EnterStep, QueueInput } from './enter.js';
import { isDirPath, type FsEvent, type Millis, type PathEventKind } from './event.js';
import { nested } from './path-tree.js';
import { SpotTree, type Spot } from './spot.js';
import { Stops } from './stops.js';
import { Waiting } from './waiting.js';

export type { EnterResult, EnterStep, QueueInput } from './enter.js';

export interface DelayQueueOptions {
  /** How long an event waits. */
  readonly delay?: Millis | undefined;
  /** False: the sync has no `onMove`, every move is split. */
  readonly moves: boolean;
}

/** What entering one event has done so far. */
interface Entering {
  readonly steps: EnterStep[];
  readonly scan: BytePath[];
}

/** An event about one path. */
interface PathInput {
  readonly kind: PathEventKind;
  readonly path: BytePath;
}

export class DelayQueue {
  private readonly tree = new SpotTree();
  private oldest: QueuedDelay | undefined;
  private newest: QueuedDelay | undefined;

  /** Queued Init and Blanket delays, oldest first; hardly ever more than one. */
  private readonly barriers: QueuedDelay[] = [];

  /** Queued Init, Blanket and Full delays, oldest first. */
  private readonly wholes: QueuedDelay[] = [];
  private readonly waiting = new Waiting();
  private count = 0;

  /** Queued delays that have been tried in vain. */
  private tried = 0;
  private seq = 0;
  private changes = 0;

  constructor(private readonly options: DelayQueueOptions) {}

  /** Delays queued, whatever their status. */
  get length(): number {
    return this.count;
  }

  /** Grows with every change: equal versions mean an unchanged queue. */
  get version(): number {
    return this.changes;
  }

  /** Tree nodes passed so far: the cost of what was done (for tests and benchmarks). */
  get visits(): number {
    return this.tree.visits;
  }

  /** From the oldest on. The queue may change meanwhile, but the delay just given must stay until the next step. */
  *[Symbol.iterator](): Generator<Delay> {
    for (let at = this.oldest; at !== undefined; at = at.newer) yield at;
  }

  /** Takes in an event that happened at `now`. */
  enter(event: QueueInput, now: Millis): EnterResult {
    this.changes++;
    const into: Entering = { steps: [], scan: [] };
    const delay = this.admit(event, now, into);
    return { steps: into.steps, delay, scan: into.scan };
  }

  /**
   * The delay to act on next: the oldest waiting one, unless its alarm lies ahead while the queue is shorter than
   * `maxDelays`; or a retry whose alarm has come.
   */
  firstReady(now: Millis, maxDelays: number): Delay | undefined {
    return this.waiting.ready(now, this.count - this.tried >= maxDelays);
  }

  /** When `firstReady` will give something if nothing else happens; undefined: never, or it does already. */
  nextAlarm(now: Millis, maxDelays: number): Millis | undefined {
    return this.firstReady(now, maxDelays) === undefined ? this.waiting.nextAlarm : undefined;
  }

  /**
   * Every delay neither active nor behind an active or refused one, in order, alarms aside but those of retries:
   * what one list may hold. Those only behind others of the list are in it too.
   * @param test false refuses a delay, 'break' ends the walk before it
   * @param now retries whose alarm lies ahead of it stay behind
   */
  getEvents(test: (delay: Delay) => boolean | 'break' = () => true, now: Millis = Infinity): Delay[] {
    const taken: Delay[] = [];
    const stops = new Stops();
    for (let at = this.oldest; at !== undefined; at = at.newer) {
      const early = at.tries > 0 && at.alarm > now;
      const verdict = at.status !== 'active' && !early && !stops.hinder(at) && test(at);
      if (verdict === 'break') break;
      if (verdict) taken.push(at);
      else stops.add(at);
      if (stops.all) break;
    }
    return taken;
  }

  /** An action has begun to work on these: one agent, so they may touch each other. */
  start(delays: readonly Delay[]): void {
    this.changes++;
    for (const delay of delays) {
      if (delay.status === 'gone') continue;
      const own = owned(delay);
      own.status = 'active';
      this.waiting.remove(own);
    }
  }

  /** The action is done with these: they leave, and what they blocked may be free. */
  finish(delays: readonly Delay[]): void {
    for (const delay of delays) this.leave(owned(delay));
  }

  /**
   * The action is to be done again: back to waiting until `alarm` (or blocked, behind others of the same list).
   * @param alarm one for all, or by the number of failures in a row
   */
  again(delays: readonly Delay[], alarm: Millis | ((tries: number) => Millis)): void {
    this.changes++;
    for (const delay of delays) {
      const own = owned(delay);
      if (own.status !== 'active') continue;
      if (own.tries === 0) this.tried++;
      own.tries++;
      own.status = 'block';
      own.alarm = typeof alarm === 'number' ? alarm : alarm(own.tries);
      this.recheck(own);
    }
    this.recheckWhole();
    this.waiting.tidy(this.count);
  }

  /** Every retry is due now. */
  retryNow(now: Millis): void {
    this.changes++;
    for (let at = this.oldest; at !== undefined; at = at.newer) {
      if (at.tries === 0 || at.alarm <= now) continue;
      at.alarm = now;
      if (at.status === 'wait') this.waiting.add(at);
    }
    this.waiting.tidy(this.count);
  }

  /** Drops a delay for which nothing is to be done. */
  discard(delay: Delay): void {
    this.leave(owned(delay));
  }

  /** While fading: drops everything no action works on. */
  cancelWaiting(): void {
    for (const delay of [...this]) if (delay.status !== 'active') this.leave(owned(delay));
  }

  private admit(event: QueueInput, now: Millis, into: Entering): QueuedDelay {
    switch (event.kind) {
      case 'Init':
      case 'Blanket':
      case 'Full':
        return this.enterWhole(event, now, into);
      case 'Move':
        return this.enterMove(event, now, into);
      case 'Attrib':
      case 'Create':
      case 'Modify':
      case 'Delete':
        return this.enterPath(event, now, into);
    }
  }

  /** Init, Blanket, Full: never held back by `delay`, free when everything older has left or waits for a retry. */
  private enterWhole(
    event: QueueInput & { readonly kind: 'Init' | 'Blanket' | 'Full' },
    now: Millis,
    into: Entering,
  ): QueuedDelay {
    const path = event.kind === 'Full' ? event.path : asBytes('');
    const last = this.newest;
    if (event.kind === 'Full' && last?.etype === 'Full' && last.path === path && last.status !== 'active') {
      into.steps.push({ what: 'merge', event, delay: last });
      return last;
    }
    const delay = new QueuedDelay(++this.seq, event.kind, path, now);
    if (delay.isBarrier) this.barriers.push(delay);
    this.wholes.push(delay);
    return this.append(delay, event, into);
  }

  private enterMove(event: FsEvent & { readonly kind: 'Move' }, now: Millis, into: Entering): QueuedDelay {
    const { path, path2 } = event;
    if (!this.options.moves || nested(path, path2) || this.isInDoubt(path) || this.isHindered(path2)) {
      into.steps.push({ what: 'split', event });
      this.enterPath({ kind: 'Delete', path }, now, into);
      if (isDirPath(path2)) into.scan.push(path2);
      return this.enterPath({ kind: 'Create', path: path2 }, now, into);
    }
    const delay = new QueuedDelay(++this.seq, 'Move', path, this.due(now));
    delay.path2 = path2;
    delay.entry = new Entry(delay, this.tree.reach(path));
    this.tree.enter(delay.entry);
    delay.entry2 = new Entry(delay, this.tree.reach(path2));
    this.tree.enter(delay.entry2);
    return this.append(delay, event, into);
  }

  private enterPath(event: PathInput, now: Millis, into: Entering): QueuedDelay {
    const spot = this.tree.reach(event.path);
    const touched = this.newestSame(spot)?.delay;
    if (touched !== undefined && touched.status !== 'active') {
      const { etype, path, path2 } = touched;
      if (etype === event.kind && path === event.path) {
        into.steps.push({ what: 'merge', event, delay: touched });
        return touched;
      }
      const anew = event.kind === 'Create' || event.kind === 'Delete';
      if (etype === 'Delete' && event.kind === 'Create' && path === event.path && !isDirPath(path))
        return this.replaceDelete(touched, event, into);
      if (etype === 'Move' && anew && path2 === event.path) this.turnMove(touched, event, into);
    }
    const delay = new QueuedDelay(++this.seq, event.kind, event.path, this.due(now));
    delay.entry = new Entry(delay, spot);
    this.tree.enter(delay.entry);
    return this.append(delay, event, into);
  }

  /**
   * A file deleted and created anew: the Create stands where the Delete stood. If a Create of it waits right
   * before the Delete, that one will do.
   */
  private replaceDelete(gone: QueuedDelay, event: PathInput, into: Entering): QueuedDelay {
    const entry = gone.entry!;
    const before = entry.older?.delay;
    const adjacent = before?.etype === 'Create' && before.path === event.path && before.status !== 'active';
    if (adjacent && this.newestSame(entry.spot, gone) === entry.older) {
      this.leave(gone);
      into.steps.push({ what: 'merge', event, delay: before });
      return before;
    }
    const delay = new QueuedDelay(gone.seq, 'Create', event.path, gone.alarm);
    delay.tries = gone.tries;
    this.substitute(gone, delay);
    into.steps.push({ what: 'replace', event, delay });
    return delay;
  }

  /**
   * A move whose destination is created anew or deleted would move what is no longer there: only the end of its
   * origin remains. It keeps its place on the destination, so that whatever waited for it still does.
   */
  private turnMove(move: QueuedDelay, event: PathInput, into: Entering): void {
    move.etype = 'Delete';
    move.path2 = undefined;
    into.steps.push({ what: 'turn', event, delay: move });
    // What came with the move is not transferred by it any more.
    if (event.kind === 'Create' && isDirPath(event.path)) into.scan.push(event.path);
  }

  /**
   * The newest delay on a spot, if it is the newest that touches it at all (nothing newer above, below, or a
   * barrier).
   * @param ignored left out: the newest entry of the spot
   */
  private newestSame(spot: Spot, ignored?: QueuedDelay): Entry | undefined {
    const entry = ignored === undefined ? spot.last : spot.last?.older;
    if (entry === undefined || spot.entered > entry.need) return undefined;
    const { seq } = entry.delay;
    const barrier = this.barriers.at(-1);
    if (barrier !== undefined && barrier.seq > seq) return undefined;
    const above = spot.parent === undefined ? undefined : this.tree.newestAbove(spot.parent);
    return above !== undefined && above.delay.seq > seq ? undefined : entry;
  }

  /** True when a queued delay other than Init, Blanket and Full touches this path. */
  private touches(path: BytePath): boolean {
    const { node, exact } = this.tree.probe(path);
    return exact ? this.tree.isTouched(node) : this.tree.newestAbove(node) !== undefined;
  }

  /** A move onto the destination of the last queued move is kept, and waits for that one. */
  private isHindered(path2: BytePath): boolean {
    if (!this.isInDoubt(path2)) return false;
    const last = this.newestSame(this.tree.reach(path2))?.delay;
    return last?.etype !== 'Move' || last.path2 !== path2;
  }

  /**
   * True when a move of this path is no plain rename at the target: something queued touches it, or an action on
   * everything will find its new place, and a rename after that would put there what is at the old place by then.
   */
  private isInDoubt(path: BytePath): boolean {
    return this.wholes.length > 0 || this.touches(path);
  }

  private due(now: Millis): Millis {
    return now + (this.options.delay ?? 0);
  }

  private append(delay: QueuedDelay, event: QueueInput, into: Entering): QueuedDelay {
    delay.older = this.newest;
    if (this.newest === undefined) this.oldest = delay;
    else this.newest.newer = delay;
    this.newest = delay;
    this.count++;
    this.recheck(delay);
    into.steps.push({ what: delay.status === 'wait' ? 'new' : 'block', event, delay });
    return delay;
  }

  /** Puts a delay where another stood. */
  private substitute(gone: QueuedDelay, delay: QueuedDelay): void {
    delay.entry = gone.entry;
    delay.entry2 = gone.entry2;
    if (delay.entry !== undefined) delay.entry.delay = delay;
    if (delay.entry2 !== undefined) delay.entry2.delay = delay;
    delay.older = gone.older;
    delay.newer = gone.newer;
    if (gone.older === undefined) this.oldest = delay;
    else gone.older.newer = delay;
    if (gone.newer === undefined) this.newest = delay;
    else gone.newer.older = delay;
    this.waiting.remove(gone);
    forget(gone);
    this.recheck(delay);
  }

  /** A blocked delay waits as soon as nothing older touches it. */
  private recheck(delay: QueuedDelay): void {
    if (delay.status !== 'block' || !this.isFree(delay)) return;
    delay.status = 'wait';
    this.waiting.add(delay);
  }

  /** What is about everything may be free now. */
  private recheckWhole(): void {
    if (this.wholes[0] !== undefined) this.recheck(this.wholes[0]);
  }

  private isFree(delay: QueuedDelay): boolean {
    const { entry, entry2 } = delay;
    if (entry === undefined) return this.isNext(delay);
    const barrier = this.barriers[0];
    if (barrier !== undefined && barrier.seq < delay.seq) return false;
    return this.tree.isFree(entry) && (entry2 === undefined || this.tree.isFree(entry2));
  }

  /**
   * True when nothing older can still happen before this delay, which is about everything: what waits for a retry
   * (or behind one) may take for ever. A move has to be first: it would put in its place what is wrong by then.
   */
  private isNext(delay: QueuedDelay): boolean {
    for (let at = this.oldest; at !== undefined && at !== delay; at = at.newer) {
      const waits = at.status === 'block' || (at.status === 'wait' && at.tries > 0);
      if (!waits || at.isBarrier || at.etype === 'Move') return false;
    }
    return true;
  }

  private leave(delay: QueuedDelay): void {
    if (delay.status === 'gone') return;
    this.changes++;
    this.count--;
    if (delay.tries > 0) this.tried--;
    this.waiting.remove(delay);
    delay.status = 'gone';
    if (delay.older === undefined) this.oldest = delay.newer;
    else delay.older.newer = delay.newer;
    if (delay.newer === undefined) this.newest = delay.older;
    else delay.newer.older = delay.older;
    const freed = (entry: Entry): void => this.recheck(entry.delay);
    const { entry, entry2 } = delay;
    if (entry !== undefined) this.tree.leave(entry, freed);
    if (entry2 !== undefined) this.tree.leave(entry2, freed);
    if (delay.isBarrier) this.openBarrier(delay);
    if (isWhole(delay)) this.wholes.splice(this.wholes.indexOf(delay), 1);
    forget(delay);
    this.recheckWhole();
    this.waiting.tidy(this.count);
  }

  /** A barrier has left: everything up to the next one is looked at again. */
  private openBarrier(barrier: QueuedDelay): void {
    this.barriers.splice(this.barriers.indexOf(barrier), 1);
    for (let at = barrier.newer; at !== undefined; at = at.newer) {
      this.recheck(at);
      if (at.isBarrier) break;
    }
  }
}

/** True for what is about everything. */
function isWhole({ isBarrier, etype }: QueuedDelay): boolean {
  return isBarrier || etype === 'Full';
}

/** The queue's side of a delay it gave out. */
function owned(delay: Delay): QueuedDelay {
  if (delay instanceof QueuedDelay) return delay;
  throw new TypeError('not a delay of a queue');
}

/** Cuts a delay's ties: a script may hold it long after the rest of the queue has gone. */
function forget(delay: QueuedDelay): void {
  delay.status = 'gone';
  delay.older = delay.newer = delay.entry = delay.entry2 = undefined;
}
