import { readdirSync, readFileSync } from 'node:fs';
import type { Step } from './case.js';
import type { Run } from './run.js';

/** With `-log scarce` nothing tells. */
const started = (run: Run): boolean => run.quiet || run.logged.includes('--- Startup');

/** Waits until the program has started and its watches stand: as many as asked for, or no more coming. */
export const watching =
  (count = 1): Step =>
  async (run) => {
    let seen = -1;
    let since = Date.now();
    await run.until('started and watching', () => {
      const { watches } = run;
      if (watches !== seen) since = Date.now();
      seen = watches;
      return watches >= count && started(run) && Date.now() - since >= 80;
    });
  };

/** Finds the daemon, then waits for its watches. */
export const daemonWatching =
  (count = 1): Step =>
  async (run) => {
    await run.until('a daemon', () => run.findDaemon(), true);
    await watching(count)(run);
  };

/** A script of the user's at work while the program looks on. */
export const live =
  (script: string): Step =>
  (run) =>
    run.script(script);

/** The same while the program is stopped: it sees everything at once. */
export const frozen =
  (script: string): Step =>
  async (run) => {
    run.signal('SIGSTOP');
    await run.until('stopped', () => isStopped(run.pid));
    await run.script(script);
    run.signal('SIGCONT');
  };

/** Waits until a text has been logged so many times. */
export const logged =
  (text: string | RegExp, times = 1): Step =>
  (run) =>
    run.until(
      `${times} lines like ${String(text)}`,
      () => {
        const all = run.logged;
        return typeof text === 'string'
          ? all.split(text).length > times
          : [...all.matchAll(new RegExp(text, 'gm'))].length >= times;
      },
      true,
    );

/** Waits until the recording binaries have been called so many times. */
export const calls =
  (count: number): Step =>
  (run) =>
    run.until(`${count} calls`, () => run.calls.length >= count);

/** Waits until a call like this has been made. */
export const called =
  (text: string, times = 1): Step =>
  (run) =>
    run.until(
      `${times} calls like ${text}`,
      () => run.calls.filter((call) => call.text.includes(text)).length >= times,
    );

export const settled =
  (ms = 300): Step =>
  (run) =>
    run.settled(ms);

export const ended: Step = (run) => run.until('the process has ended', () => run.hasEnded, true);

/** The command the user typed has ended. */
export const commandEnded: Step = (run) => run.until('the command has ended', () => run.commandEnded, true);

/** Waits until the status file shows every one of these texts, and keeps it for the comparison. */
export const status =
  (...texts: readonly (string | RegExp)[]): Step =>
  (run) =>
    run.until(`status with ${texts.join(', ')}`, () => {
      const text = run.lookAtStatus();
      const shows = (wanted: string | RegExp): boolean =>
        typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text);
      return text !== '' && texts.every(shows);
    });

export const signal =
  (name: NodeJS.Signals): Step =>
  (run: Run) => {
    run.signal(name);
    return Promise.resolve();
  };

/** Makes a file `zz` and waits until both its events are through: everything before it then is, too. */
export const mark: Step = async (run) => {
  await run.script('echo z > zz');
  await run.until('the mark', () => /Finished Modify on .*\/zz = 0/.test(run.logged));
};

function isStopped(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).every((task) =>
      /\) [Tt] /.test(readFileSync(`/proc/${pid}/task/${task}/stat`, 'latin1')),
    );
  } catch {
    return true;
  }
}
