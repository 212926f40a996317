/**
 * Keeps one local directory equal to another without a child process (spec/defaults.md, "default.direct"). The
 * program's own file system calls: relative to open directories, links never followed, content under a temporary
 * name until it is whole.
 */
import type { BytePath } from '../core/bytes.js';
import { root } from './paths.js';
import { systemIo } from './content.js';
import { carryOut, dressTouched, type DirectEvent } from './events.js';
import { atOnce } from './pool.js';
import { Session, type DirectStats, type Excluded } from './session.js';
import type { DirectEngineOptions, EngineState } from './state.js';
import { equalise, sweep } from './tree.js';
import { trouble, type Trouble } from './trouble.js';

/** What is not to be done. */
export interface DirectHow {
  readonly mayDelete: boolean;
  readonly excluded: Excluded;
  /** A comparison deletes so many and skips the rest. */
  readonly mostDeletions?: number | undefined;
}

/** What a run came to. */
export interface DirectResult<T> {
  readonly stats: DirectStats;
  /** What was not done and has to come again. */
  readonly failures: ReadonlyMap<T, Trouble>;
  /** Deletions beyond the limit. */
  readonly skippedDeletions: number;
}

/** Warnings remembered, so that a tree full of sockets does not fill the memory. */
const warningsKept = 10_000;

/** One call at a time. */
export class DirectEngine {
  private readonly state: EngineState;
  private readonly warned = new Set<BytePath>();

  constructor(options: DirectEngineOptions) {
    this.state = {
      subdirs: true,
      workers: 4,
      io: systemIo,
      ...options,
      sourceRoot: undefined,
      targetRoot: undefined,
      madeTarget: false,
      swept: false,
      warnOnce: (path, message) => {
        if (this.warned.has(path)) return;
        if (this.warned.size >= warningsKept) this.warned.clear();
        this.warned.add(path);
        options.log('Warn', message);
      },
    };
  }

  /**
   * Carries out events in their order. Rejects only when the signal aborts.
   * @returns the events that failed
   */
  async run<E extends DirectEvent>(
    events: readonly E[],
    how: DirectHow,
    signal: AbortSignal,
  ): Promise<DirectResult<E>> {
    const failures = new Map<E, Trouble>();
    const fail = (event: E, error: unknown): void => {
      signal.throwIfAborted();
      failures.set(event, trouble('target', error));
    };
    const stats = await this.within({ ...how, mayMakeTarget: false }, signal, async (session) => {
      if (!this.state.swept) await sweep(session);
      this.state.swept = true;
      const one = async (event: E): Promise<void> => {
        try {
          await carryOut(session, event, how.mayDelete);
        } catch (error) {
          fail(event, error);
        }
      };
      for (const group of inGroups(events)) {
        await session.breathe();
        await atOnce(group, group.length > 1 ? this.state.workers : 1, one);
      }
      dressTouched(session);
    }).catch((error: unknown) => {
      for (const event of events) fail(event, error);
      return noStats;
    });
    return { stats, failures, skippedDeletions: 0 };
  }

  /** Remembers which directories source and target are now, when somebody else has just made them equal. */
  look(): void {
    try {
      new Session(this.state, () => false, new AbortController().signal, false).close();
    } catch {
      // The next run says so.
    }
  }

  /** Compares everything. Rejects only when the signal aborts. A failure without path: nothing could be done. */
  async full(how: DirectHow, signal: AbortSignal): Promise<DirectResult<BytePath | undefined>> {
    const failures = new Map<BytePath | undefined, Trouble>();
    const fail = (path: BytePath | undefined, error: unknown): void => {
      signal.throwIfAborted();
      failures.set(path, trouble('target', error));
    };
    let skippedDeletions = 0;
    const stats = await this.within({ ...how, mayMakeTarget: true }, signal, async (session) => {
      await equalise(session, root, { mayDelete: how.mayDelete, doubted: false }, fail);
      this.state.swept = true;
      session.touched.clear();
      ({ skippedDeletions } = session);
    }).catch((error: unknown) => {
      fail(undefined, error);
      return noStats;
    });
    return { stats, failures, skippedDeletions };
  }

  private async within(
    how: DirectHow & { readonly mayMakeTarget: boolean },
    signal: AbortSignal,
    work: (session: Session) => Promise<void>,
  ): Promise<DirectStats> {
    signal.throwIfAborted();
    const session = new Session(this.state, how.excluded, signal, how.mayMakeTarget, how.mostDeletions);
    try {
      await work(session);
      return session.stats;
    } finally {
      session.close();
    }
  }
}

const noStats: DirectStats = { files: 0, bytes: 0, deletions: 0, moves: 0 };

/** Files next to each other in the order may be copied at once; anything else is alone. */
function* inGroups<E extends DirectEvent>(events: readonly E[]): Generator<E[]> {
  let files = new Map<BytePath, E>();
  for (const event of events) {
    const { etype, path } = event;
    const isFile = etype !== 'Move' && etype !== 'Delete' && !path.endsWith('/');
    if (files.size > 0 && (!isFile || files.has(path))) {
      yield [...files.values()];
      files = new Map();
    }
    if (isFile) files.set(path, event);
    else yield [event];
  }
  if (files.size > 0) yield [...files.values()];
}
