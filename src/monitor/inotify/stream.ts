import { epochNow, monotonicNow } from '../../sys/clock.js';
import { bits, type Kernel, type RawEvent } from './kernel.js';

/** How long (ms) the second half of a move may come after the first was read. */
const partnerWaitMs = 20;
/** So many events later it does not come any more: the kernel queues both halves in one go. */
const partnerWindow = 256;

/** A notification with its place in the stream of all notifications. */
export interface StreamEvent extends RawEvent {
  readonly position: number;
  readonly readAt: number;
  /** All that had happened until then was read before this one was; ms since 1970. */
  readonly since: number;
  /** Already handled with its other half. */
  taken: boolean;
}

/**
 * The kernel's notifications in order. They are taken out of the kernel's bounded queue whenever somebody asks
 * for anything here, so that long work (scanning a big directory) does not make it overflow.
 */
export class EventStream {
  private queue: StreamEvent[] = [];
  private head = 0;
  private pulled = 0;
  private complete = epochNow();
  /** Second halves of moves not handled yet, by cookie. */
  private readonly arrivals = new Map<number, StreamEvent>();

  constructor(private readonly kernel: Kernel) {}

  /**
   * Takes what the kernel has. Gives the position behind it: what happened before this call was made has a
   * smaller position, what happens after it returns a greater or equal one.
   */
  pull(): number {
    const readAt = monotonicNow();
    const [since, begun] = [this.complete, epochNow()];
    const take = (raw: RawEvent): void => {
      const event = { ...raw, position: this.pulled++, readAt, since, taken: false };
      this.queue.push(event);
      if ((raw.mask & bits.MOVED_TO) !== 0) this.arrivals.set(raw.cookie, event);
    };
    while (!this.kernel.read(take));
    this.complete = begun;
    return this.pulled;
  }

  /** The next notification; undefined when there is none now. */
  next(): StreamEvent | undefined {
    for (;;) {
      if (this.head === this.queue.length) {
        this.queue = [];
        this.head = 0;
        this.pull();
        if (this.queue.length === 0) return undefined;
      }
      const event = this.queue[this.head++]!;
      if (event.taken) continue;
      if ((event.mask & bits.MOVED_TO) !== 0) this.arrivals.delete(event.cookie);
      return event;
    }
  }

  /**
   * The second half of a move whose first half has just come out of `next`; it does not come out again. It may
   * be still on its way: what follows waits a moment for it, so that everything keeps its order.
   */
  partner(first: StreamEvent): StreamEvent | undefined {
    for (let waited = false; ;) {
      const second = this.arrivals.get(first.cookie);
      if (second !== undefined) {
        this.arrivals.delete(first.cookie);
        second.taken = true;
        return second;
      }
      if (waited || this.pulled - first.position > partnerWindow) return undefined;
      const left = Math.ceil(first.readAt + partnerWaitMs - monotonicNow());
      waited = left <= 0;
      if (!waited) this.kernel.waitForEvents(left);
      this.pull();
    }
  }
}
