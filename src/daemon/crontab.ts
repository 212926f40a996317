import { Cron } from 'croner';

/** One sync's times of full transfers. */
export interface Timetable {
  readonly expressions: readonly string[];
  /** Queues the full transfer. */
  readonly run: () => void;
}

/** Runs full transfers by the wall clock (spec/defaults.md, "crontab"), in local time. */
export class Crontab {
  private readonly jobs: readonly Cron[];

  constructor(tables: readonly Timetable[]) {
    this.jobs = tables.flatMap(({ expressions, run }) =>
      expressions.map((expression) => new Cron(expression, { unref: true }, run)),
    );
  }

  /** Nothing runs any more. */
  stop(): void {
    for (const job of this.jobs) job.stop();
  }
}
