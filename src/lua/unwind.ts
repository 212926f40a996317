import type { LuaState } from './engine.js';
import { LuaExit } from './errors.js';

/** Which JS errors end a whole call and so pass every `pcall` (our patch asks before it catches one). */
export class Unwinding {
  private readonly marked = new WeakSet();

  install(L: LuaState): void {
    L.l_G.uncatchable = (error) =>
      error instanceof LuaExit || (typeof error === 'object' && error !== null && this.marked.has(error));
  }

  /** Marks an error as one that ends the call. */
  mark(error: unknown): void {
    if (typeof error === 'object' && error !== null) this.marked.add(error);
  }
}
