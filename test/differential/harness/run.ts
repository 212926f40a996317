import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import type { Case, Observation } from './case.js';
import { jailed, type Implementation } from './implementation.js';
import { lines, normalised, statusLines } from './normalise.js';
import { processesOf, type Paths } from './sandbox.js';
import { recordedCalls, type Call } from './shim.js';

/** How long a condition may take before a case gives up, in milliseconds. */
const patience = 15_000;

/** A condition that was not met: the steps after it are left out. */
class GaveUp extends Error {}

/** One program in one case. */
export class Run {
  private readonly child: ChildProcess;
  private stdout = '';
  private stderr = '';
  private statusText = '';
  private ended: number | string | undefined;
  /** The daemon proper, once it has left the typed command behind. */
  private daemon: number | undefined;
  /** The typed command may be a launcher of the program proper. */
  private readonly launched: boolean;
  /** When it was last told to end. */
  private told = 0;

  constructor(
    readonly program: Implementation,
    readonly paths: Paths,
    private readonly testCase: Case,
  ) {
    const { top, bin, src, dst, ctl, conf } = paths;
    const config = testCase.config?.(paths);
    if (config !== undefined) writeFileSync(conf, config, 'latin1');
    const args = testCase.args?.(paths) ?? ['-nodaemon', conf];
    const cwd = testCase.cwd === undefined ? top : join(top, testCase.cwd);
    this.launched = !args.some((word) => /^--?nodaemon$/.test(word));
    const [binary, ...rest] = jailed(top, [...program.command, ...args]) as [string, ...string[]];
    this.child = spawn(binary, rest, {
      cwd,
      env: {
        PATH: `${bin}:/usr/bin:/bin`,
        HOME: top,
        TZ: 'UTC',
        LC_ALL: 'C',
        PWD: cwd,
        SRC: src,
        DST: dst,
        CTL: ctl,
        ...testCase.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.child.stdout!.on('data', (data: Buffer) => (this.stdout += data.toString('latin1')));
    this.child.stderr!.on('data', (data: Buffer) => (this.stderr += data.toString('latin1')));
    const end = (code: number | null, signal: string | null): void => {
      this.ended ??= code ?? signal ?? 'unknown';
    };
    this.child.on('close', end);
    // What is left behind may keep the output open.
    this.child.on('exit', (code, signal) => setTimeout(end, 700, code, signal));
  }

  /** The process that does the work. */
  get pid(): number {
    return this.daemon ?? this.child.pid!;
  }

  get calls(): Call[] {
    return recordedCalls(this.paths);
  }

  get hasEnded(): boolean {
    return this.daemon === undefined ? this.ended !== undefined : !existsSync(`/proc/${this.daemon}`);
  }

  /** True when the command the user typed is over. */
  get commandEnded(): boolean {
    return this.ended !== undefined;
  }

  /** The log file if there is one, else what went to the console. */
  get logged(): string {
    const log = readText(this.paths.log);
    return log === '' ? this.stdout + this.stderr : log;
  }

  get output(): string {
    return this.stdout + this.stderr;
  }

  /** From now on the daemon found by its pid file or by its command line is the program. */
  findDaemon(): boolean {
    const typed = this.child.pid;
    const written = Number(readText(this.paths.pidfile));
    const pids = processesOf(this.paths.top).filter((pid) => pid !== typed && isSessionLeader(pid));
    this.daemon = pids.includes(written) ? written : pids.find((pid) => inotifyWatches(pid) > 0);
    return this.daemon !== undefined;
  }

  /** True when it logs errors only. */
  get quiet(): boolean {
    return this.testCase.args?.(this.paths).includes('scarce') === true;
  }

  /** Directories watched now. */
  get watches(): number {
    const own = inotifyWatches(this.pid);
    if (own > 0 || !this.launched) return own;
    return Math.max(0, ...processesOf(this.paths.top).map(inotifyWatches));
  }

  signal(name: NodeJS.Signals): void {
    try {
      process.kill(this.pid, name);
    } catch {
      // It has ended; the exit status tells.
    }
  }

  /** Waits until a condition holds. @param orEnds true: the program may end meanwhile */
  async until(
    what: string,
    holds: () => boolean,
    orEnds = false,
    meanwhile: () => void = () => undefined,
  ): Promise<void> {
    const end = Date.now() + patience;
    for (;;) {
      const over = this.hasEnded;
      if (holds()) return;
      if (over && !orEnds) throw new GaveUp(`${what}: ended before`);
      if (Date.now() > end) throw new GaveUp(`${what}: not in time`);
      meanwhile();
      await pause(25);
    }
  }

  /** lsyncd may miss a signal that comes right before it falls asleep; a further TERM changes nothing in it. */
  private remind(): void {
    if (this.program.name !== 'real' || Date.now() - this.told < 1000) return;
    this.told = Date.now();
    this.signal('SIGTERM');
  }

  /** Waits until nothing has been called or logged for a while. */
  async settled(ms: number): Promise<void> {
    let seen = '';
    let since = Date.now();
    await this.until(
      `settled for ${ms} ms`,
      () => {
        const now = `${this.calls.length} ${this.logged.length} ${this.output.length}`;
        if (now !== seen) since = Date.now();
        seen = now;
        return Date.now() - since >= ms;
      },
      true,
    );
  }

  /** Runs a shell script in the source. */
  async script(text: string): Promise<void> {
    await runScript(this.paths, text);
  }

  /** Looks at the status file; the observation shows what it saw last. */
  lookAtStatus(): string {
    const text = readText(this.paths.status);
    if (text !== '') this.statusText = text;
    return text;
  }

  private async steps(): Promise<string | undefined> {
    try {
      for (const step of this.testCase.steps ?? []) await step(this);
      return undefined;
    } catch (error) {
      if (error instanceof GaveUp) return error.message;
      throw error;
    }
  }

  /** Does the case's steps, ends the program, tells what happened. */
  async observe(): Promise<Observation> {
    let timedOut = await this.steps();
    try {
      if (!this.hasEnded && timedOut === undefined) this.signal('SIGTERM');
      this.told = Date.now();
      await this.until(
        'ended',
        () => this.hasEnded && this.commandEnded,
        true,
        () => this.remind(),
      );
    } catch (error) {
      timedOut ??= (error as Error).message;
    }
    const exit = this.ended ?? 'running';
    for (const pid of processesOf(this.paths.top)) killGroup(pid);
    killGroup(this.child.pid!);
    const plain = (text: string): string => normalised(text, this.paths.top);
    const { calls } = this;
    return {
      calls: calls.map((call) => plain(call.text)),
      stdin: calls.map((call) => plain(call.stdin)),
      log: lines(plain(readText(this.paths.log))),
      stdout: lines(plain(this.stdout)),
      stderr: lines(plain(this.stderr)),
      status: statusLines(plain(this.statusText)),
      tree: treeOf(this.paths.dst).map(plain),
      exit,
      timedOut: timedOut === undefined ? undefined : plain(timedOut),
    };
  }
}

/** Runs a shell script in a sandbox's source. */
export async function runScript(paths: Paths, text: string): Promise<void> {
  const { src, dst, ctl, top } = paths;
  const child = spawn('/bin/sh', ['-euc', text], {
    cwd: src,
    env: { PATH: '/usr/bin:/bin', SRC: src, DST: dst, CTL: ctl, TOP: top, LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString('latin1')));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`script ended with ${String(code)}: ${text}\n${stderr}`);
}

function inotifyWatches(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fdinfo`)
      .map((fd) => readText(`/proc/${pid}/fdinfo/${fd}`).split('\n'))
      .flat()
      .filter((line) => line.startsWith('inotify wd:')).length;
  } catch {
    return 0;
  }
}

function isSessionLeader(pid: number): boolean {
  // pid (name) state ppid pgrp session
  const fields = readText(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ');
  return Number(fields[3]) === pid;
}

function killGroup(pid: number): void {
  for (const target of [-pid, pid])
    try {
      process.kill(target, 'SIGKILL');
    } catch {
      // Gone, or no leader of a group.
    }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

/** Every file below a directory: kind, mode, name, content. */
function treeOf(dir: string, below = ''): string[] {
  const names = readdirSync(Buffer.from(join(dir, below), 'latin1'), { encoding: 'latin1' }).sort();
  return names.flatMap((name) => {
    const path = below === '' ? name : `${below}/${name}`;
    const at = Buffer.from(`${dir}/${path}`, 'latin1');
    const stats = lstatSync(at);
    const mode = (stats.mode & 0o7777).toString(8);
    const shown = JSON.stringify(path);
    if (stats.isSymbolicLink()) return [`l ${shown} ${readlinkSync(at)}`];
    if (stats.isDirectory()) return [`d ${mode} ${shown}`, ...treeOf(dir, path)];
    if (!stats.isFile()) return [`o ${mode} ${shown}`];
    return [`f ${mode} ${shown} ${JSON.stringify(readFileSync(at, 'latin1').slice(0, 200))}`];
  });
}
