import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Stage } from './stage.js';

const programFile = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Our program, running the demo's config in the foreground. */
export class Program {
  readonly #child: ChildProcess;
  /** What it wrote and no line feed yet. */
  #rest = '';
  #ended: string | undefined;
  readonly #end: Promise<string>;

  /** @param onLine hears each line of its console */
  constructor(stage: Stage, onLine: (line: string) => void) {
    const env: NodeJS.ProcessEnv = {};
    // Somebody's own credentials and proxies are not for the demo.
    for (const [name, value] of Object.entries(process.env))
      if (!/^(QINGSTOR|QSCTL)_|_proxy$/i.test(name)) env[name] = value;
    this.#child = spawn(process.execPath, [programFile, '-nodaemon', stage.config], {
      cwd: stage.top,
      env: { ...env, HOME: stage.home, XDG_STATE_HOME: join(stage.home, 'state') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const hear = (text: Buffer): void => {
      const lines = (this.#rest + text.toString('utf8')).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    };
    this.#child.stdout?.on('data', hear);
    this.#child.stderr?.on('data', hear);
    this.#end = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve((this.#ended = error.message)));
      this.#child.once('close', (code, signal) => {
        this.#ended = code === null ? `by ${String(signal)}` : `exit status ${code}`;
        resolve(this.#ended);
      });
    });
  }

  /** How it ended; undefined while it runs. */
  get ended(): string | undefined {
    return this.#ended;
  }

  /** Resolves with how it ended, when it has. */
  get end(): Promise<string> {
    return this.#end;
  }

  /** Asks it to end, as one does with a daemon; insists after a while. */
  async stop(): Promise<string> {
    this.#child.kill('SIGTERM');
    const insist = setTimeout(() => this.#child.kill('SIGKILL'), 15_000);
    try {
      return await this.#end;
    } finally {
      clearTimeout(insist);
    }
  }
}
