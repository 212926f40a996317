import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const built = fileURLToPath(new URL('../../../dist/monitor/inotify/monitor.js', import.meta.url));
const childMonitor = fileURLToPath(new URL('child-monitor.js', import.meta.url));

export const isRoot = process.getuid?.() === 0;
export const canUnshare = isRoot && spawnSync('unshare', ['-Ur', 'true']).status === 0;

/** Runs a program in a user namespace with a limit of its own. */
export function limitedTo(what: 'watches' | 'instances', count: number): string[] {
  const script = `echo ${count} > /proc/sys/user/max_inotify_${what} && exec "$@"`;
  return ['unshare', '-Ur', 'sh', '-c', script, 'sh'];
}

/** A line of child-monitor.js. */
export interface ChildLine {
  readonly kind: string;
  readonly code?: string;
  readonly message?: string;
  readonly remedy?: string;
  readonly path?: string;
}

/** Monitors in processes of their own. */
export class ChildMonitors {
  private readonly children: ChildProcess[] = [];

  /** Starts child-monitor.js, through another program if there is one. */
  start(job: string, source: string, ...through: string[]) {
    const [program, ...args] = [...through, process.execPath, childMonitor, built, job, `${source}/`];
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    this.children.push(child);
    const lines: ChildLine[] = [];
    let rest = '';
    child.stdout.on('data', (data: Buffer) => {
      const parts = (rest + data.toString('latin1')).split('\n');
      rest = parts.pop()!;
      for (const part of parts) lines.push(JSON.parse(part) as ChildLine);
    });
    return { child, lines };
  }

  /** Ends those that still run. */
  close(): void {
    for (const child of this.children) if (child.exitCode === null) child.kill('SIGKILL');
  }
}
