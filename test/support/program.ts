import { spawn, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './wait.js';

const programFile = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** A directory of a test's own with a source, a home and a config, and the built program run in it. */
export class Sandbox {
  readonly top = realpathSync(mkdtempSync(join(tmpdir(), 'lsyncd-run-')));
  readonly source = join(this.top, 'source');
  readonly home = join(this.top, 'home');
  readonly log = join(this.top, 'log');
  readonly status = join(this.top, 'status');
  private readonly children: ChildProcess[] = [];
  stdout = '';
  stderr = '';

  constructor() {
    mkdirSync(this.source);
    mkdirSync(join(this.home, '.qingstor'), { recursive: true });
  }

  /**
   * Starts `lsyncd-ts -nodaemon` on a config text; `$TOP` in it is this directory.
   * @param options.through words before it that execute it in the end (`unshare -m …`)
   */
  start(
    config: string,
    options: { args?: readonly string[]; env?: NodeJS.ProcessEnv; through?: readonly string[] } = {},
  ): ChildProcess {
    const file = join(this.top, 'lsyncd.conf');
    writeFileSync(file, config.replaceAll('$TOP', this.top));
    return this.run(['-nodaemon', ...(options.args ?? []), file], options.env, options.through);
  }

  /** Runs the program with any arguments. */
  run(args: readonly string[], env: NodeJS.ProcessEnv = {}, through: readonly string[] = []): ChildProcess {
    const [first, ...words] = [...through, process.execPath, programFile, ...args];
    const child = spawn(first!, words, {
      cwd: this.top,
      env: { ...process.env, HOME: this.home, XDG_STATE_HOME: join(this.top, 'state'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', (data: Buffer) => (this.stdout += data.toString('latin1')));
    child.stderr.on('data', (data: Buffer) => (this.stderr += data.toString('latin1')));
    this.children.push(child);
    return child;
  }

  /** Everything logged to the log file so far. */
  get logged(): string {
    return existsSync(this.log) ? readFileSync(this.log, 'latin1') : '';
  }

  async logs(text: string | RegExp, ms?: number): Promise<void> {
    const shows = () => (typeof text === 'string' ? this.logged.includes(text) : text.test(this.logged));
    await until(
      () => shows() || this.children.every((child) => child.exitCode !== null),
      `log line ${text}`,
      ms,
    ).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}\n${this.logged}\n${this.stderr}`);
    });
    if (!shows())
      throw new Error(`the program ended without logging ${text}\n${this.logged}\n${this.stderr}`);
  }

  /** Waits until a started program has inotify watches, as the kernel knows. */
  async watches(child: ChildProcess, least = 1): Promise<void> {
    const fdinfo = `/proc/${child.pid}/fdinfo`;
    const count = (): number => {
      try {
        const files = readdirSync(fdinfo).map((name) => readFileSync(join(fdinfo, name), 'latin1'));
        return files.join('').split('inotify wd:').length - 1;
      } catch {
        return 0;
      }
    };
    await until(() => count() >= least, `${least} watches`);
  }

  /** Exit status of a started program. */
  async ended(child: ChildProcess): Promise<number> {
    await until(() => child.exitCode !== null || child.signalCode !== null, 'the program to end');
    return child.exitCode ?? -1;
  }

  /** Ends what runs and removes everything. */
  async close(): Promise<void> {
    for (const child of this.children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await until(() => child.exitCode !== null || child.signalCode !== null, 'a killed program');
    }
    rmSync(this.top, { recursive: true, force: true });
  }
}
