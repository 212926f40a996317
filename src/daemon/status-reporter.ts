import type { Millis } from '../core/event.js';
import type { Monitor } from '../monitor/monitor.js';
import type { StatusWriter } from '../report/status.js';
import type { Polling } from './polling.js';
import type { RunningSync } from './running-sync.js';
import type { Tunnels } from './tunnels.js';

/** Keeps the status file up to date: notices changes, collects what it shows when a write is due. */
export class StatusReporter {
  private shown = '';
  private collecting = false;

  constructor(private readonly writer: StatusWriter) {}

  /** Called at every cycle; writes when something changed and the interval is over. */
  update(
    syncs: readonly RunningSync[],
    tunnels: Tunnels,
    monitor: Monitor,
    polling: Polling,
    now: Millis,
  ): void {
    const version = [...syncs, tunnels, polling].map((shown) => shown.version).join();
    if (version !== this.shown) {
      this.shown = version;
      this.writer.changed(now);
    }
    const due = this.writer.due();
    if (due === undefined || due > now || this.collecting) return;
    this.collecting = true;
    void monitor
      .watches()
      .then((watches) =>
        this.writer.write(
          {
            syncs: syncs.map((running) => {
              const report = running.report();
              return {
                ...report,
                troubles: [...(report.troubles ?? []), ...polling.lines(running.config.index)],
              };
            }),
            tunnels: tunnels.report(),
            monitor: monitor.name,
            watches,
          },
          now,
        ),
      )
      .finally(() => (this.collecting = false));
  }

  /** When the next write is due; undefined when nothing has changed. */
  due(): Millis | undefined {
    return this.collecting ? undefined : this.writer.due();
  }
}
