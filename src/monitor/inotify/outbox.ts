import type { FsEvent, Millis } from '../../core/event.js';
import { monotonicNow } from '../../sys/clock.js';
import type { MonitorReport } from '../monitor.js';
import type { WorkerMessage } from './protocol.js';

/** Most events in one message, so that the main thread is never kept long by one. */
const batchLimit = 1024;

/** Collects events per root and sends them in batches; per root everything keeps its order. */
export class Outbox {
  private readonly pending = new Map<number, FsEvent[]>();

  constructor(
    private readonly post: (message: WorkerMessage) => void,
    private readonly debug: boolean,
  ) {}

  event(id: number, event: FsEvent): void {
    const events = this.pending.get(id);
    if (events === undefined) this.pending.set(id, [event]);
    else if (events.push(event) >= batchLimit) this.flush();
  }

  /** Anything but events; what was collected goes first. */
  report(report: MonitorReport): void {
    this.flush();
    this.post({ kind: 'report', report });
  }

  /** A line for `-log Inotify`. */
  log(message: () => string): void {
    if (this.debug) this.report({ kind: 'log', category: 'Inotify', message: message() });
  }

  flush(): void {
    const at: Millis = monotonicNow();
    for (const [id, events] of this.pending)
      this.post({ kind: 'report', report: { kind: 'events', id, at, events } });
    this.pending.clear();
  }
}
