import type { BytePath } from './bytes.js';
import { isDirPath, type Millis, type PathEventKind } from './event.js';
import { Heap } from './heap.js';
import { Mark, MarkTree } from './mark-tree.js';

/** Why and how a path is in doubt. */
export interface Doubt {
  readonly etype: PathEventKind;
  readonly mayDelete: boolean;
  readonly deep: boolean;
  readonly alarm: Millis;
  /** Failed attempts in a row, when it comes back from an action; an event has none. */
  readonly tries?: number;
}

/** All dirty marks of a queue, by path and by alarm. */
export class Marks {
  private readonly tree = new MarkTree();
  private readonly marks = new Set<Mark>();

  /** Every alarm a mark has or had. */
  private readonly alarms = new Heap<{ readonly at: Millis; readonly of: Mark }>((a, b) => a.at < b.at);
  private failed = 0;
  private seq = 0;

  get size(): number {
    return this.marks.size;
  }

  /** How many have failed before: they keep their alarm whatever the queue's length. */
  get retrying(): number {
    return this.failed;
  }

  get visits(): number {
    return this.tree.visits;
  }

  /** In the order they came. */
  [Symbol.iterator](): IterableIterator<Mark> {
    return this.marks.values();
  }

  get(path: BytePath): Mark | undefined {
    return this.tree.get(path);
  }

  path(mark: Mark): BytePath {
    return this.tree.path(mark);
  }

  /** The one with the earliest alarm. */
  get first(): Mark | undefined {
    const { alarms } = this;
    const holds = ({ at, of }: { readonly at: Millis; readonly of: Mark }): boolean =>
      of.alarm === at && this.marks.has(of);
    if (alarms.size > 2 * this.marks.size + 64) alarms.retain(holds);
    for (let first = alarms.peek(); first !== undefined; first = alarms.peek()) {
      if (holds(first)) return first.of;
      alarms.pop();
    }
    return undefined;
  }

  /**
   * True when a move may be carried out as one as far as marks go: its origin is not in doubt (of a directory
   * only single paths, whose marks go along), and neither is anything where it goes, but a file it replaces.
   */
  allowMove(from: BytePath, to: BytePath): boolean {
    const { tree } = this;
    if (tree.deepAbove(from) !== undefined || tree.deepAbove(to) !== undefined) return false;
    if (isDirPath(from)) {
      const node = tree.find(from);
      return node?.file === undefined && node?.dir?.deep !== true && tree.countAt(to) === 0;
    }
    const replaced = tree.get(to) === undefined ? 0 : 1;
    return tree.countAt(from) === 0 && tree.countAt(to) === replaced;
  }

  /** The marks on and below a directory go to its new name, at which there are none. */
  rebase(from: BytePath, to: BytePath): void {
    this.tree.rebase(from, to);
  }

  /** Puts a path in doubt, in one mark with what is known of it already. */
  mark(path: BytePath, how: Doubt): void {
    const above = this.tree.deepAbove(path);
    // A deep mark covers it, unless that would leave something undeleted.
    if (above !== undefined && (above.mayDelete || !how.mayDelete)) return;
    const known = this.tree.get(path);
    const mark = known ?? this.newMark(path, how);
    if (known !== undefined) this.merge(known, how);
    if (how.deep) this.absorb(mark, how.tries === undefined);
  }

  private newMark(path: BytePath, { etype, mayDelete, deep, alarm, tries = 0 }: Doubt): Mark {
    const mark = new Mark(++this.seq, isDirPath(path), etype, mayDelete, deep, alarm, tries);
    this.tree.put(path, mark);
    this.marks.add(mark);
    if (tries > 0) this.failed++;
    this.alarms.push({ at: alarm, of: mark });
    return mark;
  }

  private merge(mark: Mark, { etype, mayDelete, deep, alarm, tries }: Doubt): void {
    mark.mayDelete ||= mayDelete;
    mark.deep ||= deep;
    if (tries === undefined) {
      // The first event's alarm stays, unless a later one is a reason to try a failed path sooner.
      mark.etype = etype;
      this.setAlarm(mark, Math.min(mark.alarm, alarm));
      return;
    }
    if (mark.tries === 0 && tries > 0) this.failed++;
    mark.tries = Math.max(mark.tries, tries);
    this.setAlarm(mark, Math.max(mark.alarm, alarm));
  }

  /** A deep mark takes over what is marked below it. */
  private absorb(deep: Mark, sooner: boolean): void {
    let earliest = deep.alarm;
    this.tree.dropBelow(deep, (mark) => {
      this.forget(mark);
      deep.mayDelete ||= mark.mayDelete;
      earliest = Math.min(earliest, mark.alarm);
    });
    if (sooner) this.setAlarm(deep, earliest);
  }

  drop(mark: Mark | undefined): void {
    if (mark === undefined) return;
    this.tree.remove(mark);
    this.forget(mark);
  }

  private forget(mark: Mark): void {
    this.marks.delete(mark);
    if (mark.tries > 0) this.failed--;
  }

  private setAlarm(mark: Mark, alarm: Millis): void {
    if (mark.alarm === alarm) return;
    mark.alarm = alarm;
    this.alarms.push({ at: alarm, of: mark });
  }
}
