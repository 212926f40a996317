import type { Millis } from '../core/event.js';

interface Alarm {
  readonly at: Millis;
  readonly run: () => void;
}

/** Alarms scripts set (`alarm(timestamp, func, extra)`), in order of time; equal times in order of setting. */
export class Alarms {
  private readonly pending: Alarm[] = [];

  add(at: Millis, run: () => void): void {
    const place = this.pending.findIndex((alarm) => alarm.at > at);
    this.pending.splice(place < 0 ? this.pending.length : place, 0, { at, run });
  }

  /** Time of the next one. */
  get next(): Millis | undefined {
    return this.pending[0]?.at;
  }

  /** Calls every alarm due; alarms set meanwhile wait for the next call. */
  fire(now: Millis): void {
    const due = this.pending.filter((alarm) => alarm.at <= now).length;
    for (const alarm of this.pending.splice(0, due)) alarm.run();
  }
}
