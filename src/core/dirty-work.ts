/** Moves and marks an action of a dirty queue works on. */
import { asBytes, type BytePath } from './bytes.js';
import type { DelayStatus } from './delay.js';
import type { EventType, Millis } from './event.js';
import type { Mark } from './mark-tree.js';
import type { PendingMove } from './pending-moves.js';

/** A mark with the path it was taken from. */
export interface TakenMark {
  readonly mark: Mark;
  readonly path: BytePath;
}

/** Moves, then marks. */
export interface DirtyWork {
  readonly moves: readonly PendingMove[];
  readonly marks: readonly TakenMark[];
}

/** One line of a dirty queue in the status file. */
export interface DirtyLine {
  readonly status: DelayStatus;
  readonly etype: EventType;
  /** Empty for what concerns everything. */
  readonly path: BytePath;
  readonly path2?: BytePath;
  readonly alarm: Millis;
  /** Failed attempts in a row. */
  readonly tries: number;
}

/** Every path the work is about. */
export function pathsOf(work: DirtyWork): BytePath[] {
  return [...work.moves.flatMap(({ from, to }) => [from, to]), ...work.marks.map(({ path }) => path)];
}

/** The mark nearest above a path. */
export function coveredBy(path: BytePath, marks: ReadonlyMap<BytePath, Mark>): Mark | undefined {
  for (
    let slash = path.lastIndexOf('/', path.length - 2);
    slash >= 0;
    slash = path.lastIndexOf('/', slash - 1)
  ) {
    const mark = marks.get(asBytes(path.slice(0, slash + 1)));
    if (mark !== undefined) return mark;
    if (slash === 0) return undefined;
  }
  return undefined;
}

/** Lines for the status file. */
export function* lines(
  work: { readonly moves: Iterable<PendingMove>; readonly marks: Iterable<TakenMark> },
  status: (path: BytePath) => DelayStatus,
): Generator<DirtyLine> {
  for (const { from, to, alarm } of work.moves) {
    const blocked = [from, to].map(status).find((s) => s !== 'wait') ?? 'wait';
    yield { status: blocked, etype: 'Move', path: from, path2: to, alarm, tries: 0 };
  }
  for (const { mark, path } of work.marks)
    yield { status: status(path), etype: mark.etype, path, alarm: mark.alarm, tries: mark.tries };
}
