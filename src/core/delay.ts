import type { BytePath } from './bytes.js';
import type { EventType, Millis } from './event.js';
import type { Spot } from './spot.js';

/** `wait`: may run; `active`: an action works on it; `block`: behind another; `gone`: no longer queued. */
export type DelayStatus = 'wait' | 'active' | 'block' | 'gone';

/** An event in a sync's queue, as actions and reporters see it. */
export interface Delay {
  /** Its place in the order of the queue. */
  readonly seq: number;
  readonly etype: EventType;
  /** Empty for `Init` and `Blanket`. */
  readonly path: BytePath;
  /** The destination of a move. */
  readonly path2: BytePath | undefined;
  readonly status: DelayStatus;
  /** From when on it is ready. */
  readonly alarm: Millis;
  /** How often it has been tried in vain; with one or more the alarm is that of a retry. */
  readonly tries: number;
}

/** The queue's side of a delay. */
export class QueuedDelay implements Delay {
  status: DelayStatus = 'block';
  tries = 0;
  path2: BytePath | undefined = undefined;

  /** Neighbours in the queue. */
  older: QueuedDelay | undefined = undefined;
  newer: QueuedDelay | undefined = undefined;

  /** Where it stands in the path tree; none for Init, Blanket and Full. */
  entry: Entry | undefined = undefined;

  /** A move's second place; kept when the move is turned into a `Delete`, so that it goes on blocking there. */
  entry2: Entry | undefined = undefined;

  /** True while it is in the heap of what was not tried yet (perhaps no longer waiting). */
  heaped = false;

  constructor(
    readonly seq: number,
    public etype: EventType,
    readonly path: BytePath,
    public alarm: Millis,
  ) {}

  /** Init and Blanket: everything later waits for them. */
  get isBarrier(): boolean {
    return this.etype === 'Init' || this.etype === 'Blanket';
  }
}

/** One place of a delay in the path tree: the path it is about, or one end of a move. */
export class Entry {
  /** Neighbours among the delays on the same path. */
  older: Entry | undefined = undefined;
  newer: Entry | undefined = undefined;

  /** Free on its lower side once so many entries have left the subtree below. */
  need = 0;

  /** The entry on this path or above it waited for; it holds this one in its list of dependents. */
  blocker: Entry | undefined = undefined;
  firstDependent: Entry | undefined = undefined;
  nextDependent: Entry | undefined = undefined;

  constructor(
    public delay: QueuedDelay,
    readonly spot: Spot,
  ) {}
}
