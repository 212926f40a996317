/**
 * The queue of a sync whose action works on final states (object storage, local copies): one dirty mark a path
 * instead of one delay an event (spec/events.md, "native batch actions").
 *
 * The invariant: carry out the pending moves on the target, in order; then every path is equal to the source or
 * marked (itself, or by a deep mark above it). An event changes the source and marks its path. A move changes both
 * sides alike, so it may stay a move where its origin is not in doubt, its directory's marks going with it;
 * otherwise both its ends are marked. A batch takes moves and marks such that nothing touching is left behind
 * which has to be done before, and never anything that touches what is being worked on.
 */
import { asBytes, type BytePath } from './bytes.js';
import type { DelayStatus } from './delay.js';
import type { DirtyBatch, DirtyFailure, DirtyInput, DirtyMove, DirtyVerdict, Retry } from './dirty-batch.js';
import { coveredBy, lines, pathsOf, type DirtyLine, type DirtyWork, type TakenMark } from './dirty-work.js';
import { isDirPath, type EventType, type FsEvent, type Millis } from './event.js';
import { InWork } from './in-work.js';
import type { Mark } from './mark-tree.js';
import { Marks, type Doubt } from './marks.js';
import { nested } from './path-tree.js';
import { PendingMoves, type PendingMove } from './pending-moves.js';
import { TouchTree } from './touch-tree.js';

export interface DirtyQueueOptions {
  /** How long an event waits. */
  readonly delay?: Millis | undefined;
  /** How long an event may have been under way when it comes in (default 100 ms). */
  readonly settle?: Millis;
}

/** What `firstReady` gives: a full run (`Init`, `Full`), or work for `takeBatch`. */
export interface DirtyReady {
  readonly etype: EventType;
  readonly seq: number;
}

/** A comparison of everything, waiting or under way. */
interface FullRun {
  readonly seq: number;
  readonly etype: 'Init' | 'Full';
  readonly mayDelete: boolean;
  alarm: Millis;
  tries: number;
  /** While it runs: what was pending at its beginning, which it covers. */
  covered?: DirtyWork;
}

export class DirtyQueue {
  private readonly marks = new Marks();
  private readonly moves = new PendingMoves();
  private readonly active = new Map<DirtyBatch, DirtyWork>();
  private readonly inWork: InWork;
  private fulls: FullRun[] = [];
  private running: FullRun | undefined;
  private activeCount = 0;
  private seq = 0;
  private changes = 0;

  constructor(private readonly options: DirtyQueueOptions = {}) {
    this.inWork = new InWork(options.settle ?? 100);
  }

  /** Moves, marks and full runs, whether they wait or are worked on. */
  get length(): number {
    const { running } = this;
    const covered =
      running?.covered === undefined ? 0 : running.covered.moves.length + running.covered.marks.length;
    return (
      this.marks.size + this.moves.size + this.activeCount + this.fulls.length + (running ? 1 : 0) + covered
    );
  }

  /** Grows with every change. */
  get version(): number {
    return this.changes;
  }

  /** Tree nodes passed so far (for tests and benchmarks). */
  get visits(): number {
    return this.marks.visits;
  }

  /** Lines for the status file: what is worked on, then what waits. */
  *[Symbol.iterator](): Generator<DirtyLine> {
    const { running } = this;
    const whole = asBytes('');
    if (running !== undefined) yield { ...running, status: 'active', path: whole };
    for (const work of this.active.values()) yield* lines(work, () => 'active');
    for (const full of this.fulls)
      yield { ...full, status: this.active.size > 0 || running ? 'block' : 'wait', path: whole };
    const barred = running !== undefined || this.barrier !== undefined;
    const status = (path: BytePath): DelayStatus => (barred || this.inWork.isBusy(path) ? 'block' : 'wait');
    if (running?.covered !== undefined) yield* lines(running.covered, status);
    const marks = function* (this: DirtyQueue): Generator<TakenMark> {
      for (const mark of this.marks) yield { mark, path: this.marks.path(mark) };
    };
    yield* lines({ moves: this.moves, marks: marks.call(this) }, status);
  }

  /** Takes in what happened at `now`. */
  enter(event: DirtyInput, now: Millis, { mayDelete }: { readonly mayDelete: boolean }): void {
    this.changes++;
    const alarm = now + (this.options.delay ?? 0);
    const etype = event.kind;
    switch (etype) {
      case 'Init':
      case 'Full':
        if (!this.fulls.some((full) => full.etype === etype))
          this.fulls.push({ seq: ++this.seq, etype, mayDelete, alarm: now, tries: 0 });
        return;
      case 'Move':
        this.enterMove(event, now, mayDelete);
        return;
      case 'Delete':
        // A directory moved out of the tree gives one event for all that was in it.
        this.marks.mark(event.path, { etype, mayDelete, deep: isDirPath(event.path), alarm });
        return;
      case 'Attrib':
      case 'Create':
      case 'Modify':
        this.marks.mark(event.path, { etype, mayDelete, deep: false, alarm });
    }
  }

  /** What was in the way of a path may be gone: if it failed, it is tried as soon as if it had just changed. */
  hurry(path: BytePath, now: Millis): void {
    const mark = this.marks.get(path);
    if (mark === undefined || mark.tries === 0) return;
    this.changes++;
    const alarm = now + (this.options.delay ?? 0);
    this.marks.mark(path, { etype: mark.etype, mayDelete: false, deep: false, alarm });
  }

  /** What to do next, if anything is due (or the queue has `maxDelays` entries, so that alarms do not count). */
  firstReady(now: Millis, maxDelays: number): DirtyReady | undefined {
    if (this.running !== undefined) return undefined;
    const full = this.dueFull(now);
    if (full !== undefined) return this.active.size === 0 ? full : undefined;
    if (this.barrier !== undefined) return undefined;
    const { first } = this;
    if (first === undefined) return undefined;
    const fresh = this.moves.size + this.marks.size > this.marks.retrying;
    if (first.alarm > now && !(fresh && this.length >= maxDelays)) return undefined;
    return { etype: 'etype' in first ? first.etype : 'Move', seq: first.seq };
  }

  /** When `firstReady` will give something if nothing else happens; undefined: never, or it does already. */
  nextAlarm(now: Millis, maxDelays: number): Millis | undefined {
    if (this.running !== undefined || this.firstReady(now, maxDelays) !== undefined) return undefined;
    const times = this.fulls.map((full) => full.alarm);
    const first = this.barrier === undefined ? this.first?.alarm : undefined;
    if (first !== undefined) times.push(first);
    const ahead = times.filter((at) => at > now);
    return ahead.length === 0 ? undefined : Math.min(...ahead);
  }

  /**
   * Takes work out of the queue and marks it active; give the result to `finish`. Undefined: nothing can be taken.
   * @param limit most moves and paths together
   * @param all alarms aside, but for what has failed before
   */
  takeBatch(
    now: Millis,
    { limit = Infinity, all = false }: { readonly limit?: number; readonly all?: boolean } = {},
  ): DirtyBatch | undefined {
    if (this.running !== undefined || this.barrier !== undefined || this.dueFull(now) !== undefined)
      return undefined;
    let room = limit;
    const moves: PendingMove[] = [];

    /** Ends of the moves left behind: what touches them stays behind, too. */
    const skipped = new TouchTree();
    for (const move of this.moves) {
      const { from, to, alarm } = move;
      const free = (path: BytePath): boolean => !this.inWork.isBusy(path) && skipped.touching(path) === 0;
      if (room > 0 && (all || alarm <= now) && free(from) && free(to)) {
        moves.push(move);
        room--;
      } else {
        skipped.add(from);
        skipped.add(to);
      }
    }
    const marks: TakenMark[] = [];
    for (const mark of this.marks) {
      if (room <= 0) break;
      if (mark.alarm > now && !(all && mark.tries === 0)) continue;
      const path = this.marks.path(mark);
      if (this.inWork.isBusy(path) || skipped.touching(path) > 0) continue;
      marks.push({ mark, path });
      room--;
    }
    return moves.length + marks.length === 0 ? undefined : this.activate({ moves, marks });
  }

  /**
   * A batch has ended. What failed comes back with the alarm `retry` says; a failed move comes back as its two
   * ends, deep, and so do moves after it that built on it.
   */
  finish(batch: DirtyBatch, failures: readonly DirtyFailure[], now: Millis, retry: Retry): void {
    const work = this.active.get(batch);
    if (work === undefined) return;
    this.changes++;
    this.active.delete(batch);
    this.activeCount -= work.moves.length + work.marks.length;
    this.inWork.end(pathsOf(work), now);
    if (failures.length > 0) this.takeBack(work, failures, retry);
  }

  /**
   * A full run begins: call when `firstReady` gave `Init` or `Full`. Everything pending is its business, too;
   * what comes in from now on waits for it.
   */
  startFull(): void {
    const full = this.barrier ?? this.fulls[0];
    if (full === undefined || this.running !== undefined || this.active.size > 0) return;
    this.changes++;
    this.fulls = this.fulls.filter((other) => other !== full);
    this.running = full;
    full.covered = this.withdraw({
      moves: [...this.moves],
      marks: [...this.marks].map((mark) => ({ mark, path: this.marks.path(mark) })),
    });
  }

  /**
   * The full run has ended. What was pending stays, its moves as deep marks: a comparison by size and time can not
   * tell all that an event knows (an older file of the same size moved into place). A failure without a path: it
   * failed as a whole and comes back. Single paths that failed come back as marks.
   */
  finishFull(failures: readonly DirtyFailure[], now: Millis, retry: Retry): void {
    const full = this.running;
    if (full?.covered === undefined) return;
    this.changes++;
    const { covered } = full;
    this.running = undefined;
    this.inWork.endAll(now);
    delete full.covered;
    for (const move of covered.moves) this.markEnds(move, { alarm: move.alarm });
    for (const { mark, path } of covered.marks) this.marks.mark(path, mark);
    const whole = failures.find((failure) => failure.path === undefined);
    if (whole === undefined) {
      for (const { path, verdict } of failures) {
        const back = { mayDelete: full.mayDelete, tries: 1, alarm: retry(1, verdict) };
        this.marks.mark(path!, { ...back, etype: 'Modify', deep: isDirPath(path!) });
      }
      return;
    }
    full.tries++;
    full.alarm = retry(full.tries, whole.verdict);
    this.fulls = [full, ...this.fulls.filter((other) => other.etype !== full.etype)];
  }

  /** While fading: drops everything no action works on. */
  cancelWaiting(): void {
    this.changes++;
    this.fulls = [];
    if (this.running?.covered !== undefined) this.running.covered = { moves: [], marks: [] };
    this.withdraw({
      moves: [...this.moves],
      marks: [...this.marks].map((mark) => ({ mark, path: this.marks.path(mark) })),
    });
  }

  /** A waiting Init: nothing else may begin. */
  private get barrier(): FullRun | undefined {
    return this.fulls.find((full) => full.etype === 'Init');
  }

  private dueFull(now: Millis): FullRun | undefined {
    const full = this.barrier ?? this.fulls[0];
    return full !== undefined && full.alarm <= now ? full : undefined;
  }

  private enterMove(event: FsEvent & { readonly kind: 'Move' }, now: Millis, mayDelete: boolean): void {
    const { path: from, path2: to } = event;
    const alarm = now + (this.options.delay ?? 0);
    if (!this.staysMove(from, to, now)) {
      this.markEnds({ from, to, mayDelete }, { alarm });
      return;
    }
    if (isDirPath(from)) this.marks.rebase(from, to);
    else this.marks.drop(this.marks.get(to));
    if (!this.moves.collapse(from, to)) {
      this.moves.add({ seq: ++this.seq, from, to, mayDelete, alarm });
      return;
    }
    // What the first move would have replaced at the target is still there.
    this.marks.mark(from, { etype: 'Delete', mayDelete, deep: isDirPath(from), alarm });
  }

  /** True when the target has at `from` what the source had there, and nothing in doubt where it goes. */
  private staysMove(from: BytePath, to: BytePath, now: Millis): boolean {
    const known = this.running === undefined && !this.inWork.isUnsettled(from, now);
    return known && !nested(from, to) && this.marks.allowMove(from, to);
  }

  /** What a move would have done is to be found out by looking at both its ends. */
  private markEnds({ from, to, mayDelete }: DirtyMove, how: Pick<Doubt, 'alarm' | 'tries'>): void {
    const deep = isDirPath(from);
    this.marks.mark(from, { ...how, etype: 'Delete', mayDelete, deep });
    this.marks.mark(to, { ...how, etype: 'Create', mayDelete, deep });
  }

  /** The earliest of all that waits. */
  private get first(): Mark | PendingMove | undefined {
    const mark = this.marks.first;
    const move = this.moves.first;
    return mark === undefined || (move !== undefined && move.alarm < mark.alarm) ? move : mark;
  }

  private withdraw(work: DirtyWork): DirtyWork {
    for (const move of work.moves) this.moves.remove(move);
    for (const { mark } of work.marks) this.marks.drop(mark);
    return work;
  }

  private activate(work: DirtyWork): DirtyBatch {
    this.changes++;
    this.withdraw(work);
    this.activeCount += work.moves.length + work.marks.length;
    this.inWork.begin(pathsOf(work));
    const batch: DirtyBatch = {
      moves: work.moves.map(({ from, to, mayDelete }) => ({ from, to, mayDelete })),
      paths: work.marks.map(({ mark, path }) => ({
        path,
        mayDelete: mark.mayDelete,
        deep: mark.deep,
      })),
    };
    this.active.set(batch, work);
    return batch;
  }

  private takeBack(work: DirtyWork, failures: readonly DirtyFailure[], retry: Retry): void {
    const verdicts = new Map<BytePath | undefined, DirtyVerdict>();
    const failed = new TouchTree();
    for (const { path, verdict } of failures) {
      verdicts.set(path, verdict);
      if (path !== undefined) failed.add(path);
    }
    const whole = verdicts.get(undefined);
    verdicts.delete(undefined);

    /** Ends of moves that failed: a later move that touches them has moved the wrong thing. */
    const tainted = new TouchTree();
    for (const move of work.moves) {
      const ends = [move.from, move.to];
      const bad = whole !== undefined || ends.some((end) => failed.within(end) || tainted.touching(end) > 0);
      if (!bad) continue;
      ends.forEach((end) => tainted.add(end));
      this.markEnds(move, { tries: 1, alarm: retry(1, whole ?? 'again') });
    }
    this.giveUpMoves(tainted);
    const given = new Map(work.marks.map((taken) => [taken.path, taken.mark]));
    for (const [path, mark] of given) {
      const verdict = whole ?? verdicts.get(path);
      verdicts.delete(path);
      if (verdict === undefined) continue;
      const tries = mark.tries + 1;
      const { etype, mayDelete, deep } = mark;
      this.marks.mark(path, { etype, mayDelete, deep, tries, alarm: retry(tries, verdict) });
    }
    for (const [path, verdict] of verdicts) {
      // Something below a deep mark or a move.
      if (path === undefined) continue;
      const mayDelete = coveredBy(path, given)?.mayDelete ?? false;
      this.marks.mark(path, {
        etype: 'Modify',
        mayDelete,
        deep: isDirPath(path),
        tries: 1,
        alarm: retry(1, verdict),
      });
    }
  }

  /** Moves left behind by the batch that build on moves that failed: their ends are looked at, too. */
  private giveUpMoves(tainted: TouchTree): void {
    if (tainted.size === 0) return;
    for (const move of [...this.moves]) {
      const ends = [move.from, move.to];
      if (!ends.some((end) => tainted.touching(end) > 0)) continue;
      ends.forEach((end) => tainted.add(end));
      this.moves.remove(move);
      this.markEnds(move, { alarm: move.alarm });
    }
  }
}
