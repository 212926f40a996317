import type { NativeFailure, NativeResult } from '../action/native.js';
import type { HeldDeletions } from '../core/max-delete.js';
import { toText, type BytePath } from '../core/bytes.js';
import { StoreError } from './store.js';

/**
 * After this many outages in a row with nothing succeeding between them the target counts as down: no new work is
 * started. One alone may be one object's trouble and must not keep the others from arriving.
 */
const outagesUntilHalt = 3;

/** Books what a run came to, and decides when going on is useless. */
export class Ledger {
  files = 0;
  bytes = 0;
  deletions = 0;
  moves = 0;
  /** Deletions that were too many. */
  held: HeldDeletions | undefined;
  readonly #failures: NativeFailure[] = [];
  #whole: NativeFailure | undefined;
  #successes = 0;
  readonly #outages: { readonly path: BytePath; readonly message: string }[] = [];
  #inRow = 0;

  /** True: start nothing more; the result holds a failure without a path. */
  get halted(): boolean {
    return this.#whole !== undefined;
  }

  /** A request has succeeded: the target is there. */
  succeeded(): void {
    this.#successes++;
    this.#inRow = 0;
  }

  /** Books a failure that is known already. */
  add(failure: NativeFailure): void {
    if (failure.path === undefined) this.#whole ??= failure;
    else this.#failures.push(failure);
  }

  /** Books what a store's call threw for a path; without a path it concerns the whole target. */
  fail(path: BytePath | undefined, error: unknown): void {
    const message = messageOf(error);
    const scope = error instanceof StoreError ? error.scope : 'bug';
    if (scope === 'store') this.#whole ??= { verdict: 'failed', message };
    else if (path === undefined) this.#whole ??= { verdict: 'again', message };
    else if (scope === 'outage') this.#outage(path, message);
    else {
      const verdict = scope === 'object' || scope === 'unreadable' ? 'failed' : 'again';
      this.#failures.push({ path, verdict, message: `${toText(path)}: ${message}` });
    }
  }

  #outage(path: BytePath, message: string): void {
    this.#outages.push({ path, message });
    if (++this.#inRow >= outagesUntilHalt) this.#whole ??= { verdict: 'again', message };
  }

  /** Outages that hit everything are the target's, not the paths'. */
  result(): NativeResult {
    const down = this.#successes === 0 ? this.#outages[0] : undefined;
    const whole: NativeFailure | undefined =
      this.#whole ?? (down && { verdict: 'again', message: down.message });
    // With a failure of the whole the paths come again anyway.
    const single = whole === undefined ? this.#outages : [];
    const { files, bytes, deletions, moves } = this;
    return {
      stats: { files, bytes, deletions, moves },
      ...(this.held === undefined ? {} : { held: this.held }),
      failures: [
        ...(whole === undefined ? [] : [whole]),
        ...this.#failures,
        ...single.map(({ path, message }) => ({
          path,
          verdict: 'again' as const,
          message: `${toText(path)}: ${message}`,
        })),
      ],
    };
  }
}

function messageOf(error: unknown): string {
  if (error instanceof StoreError)
    return error.details.remedy === undefined ? error.message : `${error.message} (${error.details.remedy})`;
  return error instanceof Error ? error.message : String(error);
}
