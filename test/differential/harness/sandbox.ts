import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import process from 'node:process';
import { until } from '../../support/wait.js';
import { writeShims } from './shim.js';

/** A program's own directory in a case, and what is where in it. */
export interface Paths {
  readonly top: string;
  readonly src: string;
  readonly dst: string;
  readonly bin: string;
  readonly ctl: string;
  readonly conf: string;
  readonly log: string;
  readonly status: string;
  readonly pidfile: string;
}

/** A new directory for a case: one below it for each program, named alike in length. */
export function makeSandbox(): { readonly top: string; readonly real: Paths; readonly ours: Paths } {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'lsydiff-')));
  return { top, real: furnish(join(top, 'real')), ours: furnish(join(top, 'ours')) };
}

function furnish(top: string): Paths {
  const paths: Paths = {
    top,
    src: join(top, 'src'),
    dst: join(top, 'dst'),
    bin: join(top, 'bin'),
    ctl: join(top, 'ctl'),
    conf: join(top, 'c.conf'),
    log: join(top, 'log'),
    status: join(top, 'status'),
    pidfile: join(top, 'pid'),
  };
  for (const dir of [paths.src, paths.dst, paths.bin, paths.ctl]) mkdirSync(dir, { recursive: true });
  writeShims(paths);
  return paths;
}

/** Ends every process that was started with a path of the sandbox, then removes it. */
export async function removeSandbox(top: string): Promise<void> {
  if (!/^lsydiff-[^/]+$/.test(basename(top))) throw new Error(`not a sandbox: ${top}`);
  for (const pid of processesOf(top)) kill(pid);
  await until(() => processesOf(top).length === 0, `the processes of ${top} to end`);
  rmSync(top, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

/** Processes whose command line names a path below this directory. */
export function processesOf(top: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => commandLine(name).includes(`${top}/`))
    .map(Number);
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
