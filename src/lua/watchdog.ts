import type { LuaState } from './engine.js';
import { place } from './traceback.js';
import type { Unwinding } from './unwind.js';

/** When a call counts as stuck, and what is done then. */
export interface WatchdogOptions {
  /** Milliseconds, from any clock that only goes forward. */
  readonly clock: () => number;
  /** How long a call from outside may take, in milliseconds; without it only calls that say so are watched. */
  readonly stuckAfter?: number;
  /** Called each time a call has taken that long once more, with `file:line`; what it throws ends the call. */
  readonly onStuck: (place: string) => void;
}

/** Looks at the clock every few thousand loop turns and calls. */
export class Watchdog {
  private depth = 0;
  private deadline = Infinity;
  private patience = Infinity;

  constructor(
    private readonly L: LuaState,
    private readonly unwinding: Unwinding,
    private readonly options: WatchdogOptions | undefined,
  ) {}

  /** Starts timing when this is the outermost call; the result must be called when it ends. */
  begin(stuckAfter: number | undefined = this.options?.stuckAfter): () => void {
    if (this.options === undefined || stuckAfter === undefined) return noop;
    if (this.depth++ === 0) {
      const G = this.L.l_G;
      this.patience = stuckAfter;
      this.deadline = this.options.clock() + stuckAfter;
      G.ticks = G.tickinterval;
      G.ontick = (L) => this.look(L);
    }
    return () => {
      if (--this.depth === 0) this.L.l_G.ontick = null;
    };
  }

  private look(L: LuaState): void {
    if (this.options === undefined) return;
    const now = this.options.clock();
    if (now < this.deadline) return;
    this.deadline = now + this.patience;
    try {
      this.options.onStuck(place(L, 0));
    } catch (error) {
      this.unwinding.mark(error);
      throw error;
    }
  }
}

function noop(): void {
  // no watchdog asked for
}
