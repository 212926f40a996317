import type { QueuedDelay } from './delay.js';
import type { Millis } from './event.js';
import { Heap } from './heap.js';

/** A delay waiting for a retry; void once the delay waits for another one, or waits no more. */
interface Retry {
  readonly delay: QueuedDelay;
  readonly alarm: Millis;
}

/**
 * The delays of a queue that wait: what has not been tried yet in the order of the queue, what failed by its
 * alarm, so that a retry neither runs early nor keeps others waiting.
 */
export class Waiting {
  /** Both hold some that no longer wait. */
  private readonly fresh = new Heap<QueuedDelay>((a, b) => a.seq < b.seq);
  private readonly retries = new Heap<Retry>((a, b) => a.alarm < b.alarm);
  private readonly pending = new Map<QueuedDelay, Retry>();

  /** A delay has begun to wait, or its alarm has changed. */
  add(delay: QueuedDelay): void {
    if (delay.tries > 0) {
      const retry = { delay, alarm: delay.alarm };
      this.pending.set(delay, retry);
      this.retries.push(retry);
    } else if (!delay.heaped) {
      delay.heaped = true;
      this.fresh.push(delay);
    }
  }

  /** A delay waits no more. */
  remove(delay: QueuedDelay): void {
    this.pending.delete(delay);
  }

  /** The oldest that has not been tried, its alarm aside. */
  get firstFresh(): QueuedDelay | undefined {
    const { fresh } = this;
    for (let first = fresh.peek(); first !== undefined; first = fresh.peek()) {
      if (isFresh(first)) return first;
      fresh.pop();
      first.heaped = false;
    }
    return undefined;
  }

  /** The retry that comes first. */
  get firstRetry(): QueuedDelay | undefined {
    const { retries } = this;
    for (let first = retries.peek(); first !== undefined; first = retries.peek()) {
      if (this.pending.get(first.delay) === first) return first.delay;
      retries.pop();
    }
    return undefined;
  }

  /**
   * What to do next: of what is due, what has been due for longer.
   * @param hurry the alarms of what has not been tried yet do not count
   */
  ready(now: Millis, hurry: boolean): QueuedDelay | undefined {
    const { firstFresh, firstRetry } = this;
    const fresh = firstFresh !== undefined && (hurry || firstFresh.alarm <= now) ? firstFresh : undefined;
    const retry = firstRetry !== undefined && firstRetry.alarm <= now ? firstRetry : undefined;
    if (fresh === undefined || retry === undefined) return fresh ?? retry;
    return retry.alarm <= fresh.alarm ? retry : fresh;
  }

  /** The earliest alarm of all. */
  get nextAlarm(): Millis | undefined {
    const alarms = [this.firstFresh?.alarm, this.firstRetry?.alarm].filter((at) => at !== undefined);
    return alarms.length === 0 ? undefined : Math.min(...alarms);
  }

  /** Drops what no longer waits, in a queue of so many. */
  tidy(length: number): void {
    const most = 2 * length + 64;
    if (this.fresh.size > most) this.fresh.retain((delay) => (delay.heaped = isFresh(delay)));
    if (this.retries.size > most) this.retries.retain((retry) => this.pending.get(retry.delay) === retry);
  }
}

function isFresh({ status, tries }: QueuedDelay): boolean {
  return status === 'wait' && tries === 0;
}
