import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';

/** The program under test: started, killed, started again; counts ends that nobody asked for. */
export class Program {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  child;
  unexpected = [];
  starts = 0;
  wanted = false;
  since = 0;

  /** @param {{ command: string[], cwd: string, env: object, output: string, log: string, status: string }} setup */
  constructor(setup) {
    this.setup = setup;
  }

  start() {
    const { command, cwd, env, output } = this.setup;
    const out = openSync(output, 'a');
    const child = spawn(command[0], command.slice(1), { cwd, env, stdio: ['ignore', out, out] });
    closeSync(out);
    this.child = child;
    this.wanted = true;
    this.starts++;
    this.since = Date.now();
    child.on('exit', (code, signal) => {
      if (this.child !== child || !this.wanted) return;
      this.unexpected.push(`${new Date().toISOString()} ${code ?? signal}`);
      void pause(500).then(() => {
        if (this.wanted && this.child === child) this.start();
      });
    });
  }

  get alive() {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Waits until it has been running for a while (watching by then); a signal strikes a program, not a start. */
  async settled(ms = 3000) {
    for (const end = Date.now() + 20_000; Date.now() < end; await pause(50))
      if (this.alive && Date.now() - this.since > ms) return;
  }

  signal(name) {
    if (this.alive) this.child.kill(name);
  }

  /** kill -9 of the program and of its children, as a service manager does it; done when all are gone. */
  async kill() {
    this.wanted = false;
    this.signal('SIGKILL');
    while (this.alive) await pause(5);
    for (const pid of strangers()) killIfThere(pid);
    while (strangers().length > 0) await pause(5);
  }

  /** Asks it to end; answers whether it did within the time. */
  async stop(ms) {
    this.wanted = false;
    this.signal('SIGTERM');
    for (const end = Date.now() + ms; this.alive && Date.now() < end;) await pause(20);
    return !this.alive;
  }

  get logFile() {
    return existsSync(this.setup.log) ? readFileSync(this.setup.log, 'latin1') : '';
  }

  /** Delays in the status file, and when it was written; undefined when there is none to read. */
  status() {
    try {
      const text = readFileSync(this.setup.status, 'latin1');
      const counts = [...text.matchAll(/^There are (\d+) delays/gm)].map((match) => Number(match[1]));
      if (counts.length === 0) return undefined;
      return { delays: counts.reduce((a, b) => a + b), written: statSync(this.setup.status).mtimeMs, text };
    } catch {
      return undefined;
    }
  }
}

function killIfThere(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    /* ended meanwhile */
  }
}

/** Processes of this namespace that are neither its init, nor this one, nor one the soak started knowingly. */
const known = new Set();
export const knows = (child) => {
  known.add(child.pid);
  return child;
};

/** Living processes (zombies are not) that the program under test left or has as children. @returns {number[]} */
export function strangers() {
  if (process.env['LSYNCD_SOAK_JAIL'] !== '1') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== 1 && pid !== process.pid && !known.has(pid))
    .filter((pid) => {
      try {
        return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
      } catch {
        return false;
      }
    });
}
