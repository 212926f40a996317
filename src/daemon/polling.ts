import { asBytes, type ByteString } from '../core/bytes.js';

/** Seconds between comparisons, unless set otherwise. */
const defaultInterval = 60;

/** What polling needs of the program. */
export interface PollingHost {
  /** `pollInterval`, in seconds. */
  readonly interval: number | undefined;
  /** A sync's source. */
  source(id: number): ByteString;
  /** Calls back after so many ms. */
  later(ms: number, run: () => void): void;
  /** Has a sync find out what its events have not told. */
  compare(id: number): void;
  warn(message: ByteString): void;
}

/**
 * Syncs whose source cannot be watched whole, for want of watches, descriptors or memory: they are compared by time, so
 * that what happens where no watch is arrives too, later.
 */
export class Polling {
  private readonly polled = new Set<number>();
  private readonly seconds: number;

  constructor(private readonly host: PollingHost) {
    this.seconds = host.interval ?? defaultInterval;
  }

  /** From now on, for the rest of this life of the program. */
  add(id: number): void {
    if (this.polled.has(id)) return;
    this.polled.add(id);
    this.host.warn(
      asBytes(
        `not every directory below ${this.host.source(id)} can be watched: it is compared every ${this.seconds} s`,
      ),
    );
    const again = (): void => {
      this.host.compare(id);
      this.host.later(this.seconds * 1000, again);
    };
    this.host.later(this.seconds * 1000, again);
  }

  /** Changes with what `lines` gives. */
  get version(): number {
    return this.polled.size;
  }

  /** For a sync's block of the status file. */
  lines(id: number): ByteString[] {
    return this.polled.has(id)
      ? [asBytes(`Polled: not every directory can be watched, compared every ${this.seconds} s`)]
      : [];
  }
}
