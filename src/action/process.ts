import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { accessSync, closeSync, constants, statSync, writeSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { asBytes, fromText, toText, type ByteString } from '../core/bytes.js';
import { toBuffer } from '../sys/bytes.js';
import { openOwn } from '../sys/secure-file.js';
import { textCommand } from './byte-exact.js';
import { LineTail } from './line-tail.js';

/** Where a child's stdout and stderr go: ours, to the end of a file (the log of a daemon), or nowhere. */
export type ChildOutput = 'inherit' | 'ignore' | { readonly file: ByteString };

export interface ChildOptions {
  /** A path, or a name that is looked for on PATH. */
  readonly binary: ByteString;
  /** Cut at a NUL, as C does. */
  readonly args: readonly ByteString[];
  /** Text for its standard input, which is ours when there is none (as under lsyncd). */
  readonly stdin?: ByteString;
  readonly output: ChildOutput;
  /** Default: our environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Also keep the last lines of stderr, for `ChildEnd.stderrTail`. */
  readonly keepStderr?: boolean;
  /** With `keepStderr`: is given all of stderr as it comes. */
  readonly onStderr?: (bytes: Buffer) => void;
  /** In a session and process group of its own, whose id is the child's. */
  readonly ownGroup?: boolean;
}

/** How a child ended. */
export interface ChildEnd {
  /** Its exit status; 128 + n when signal n killed it; 255 when it could not be executed. */
  readonly code: number;
  readonly signal?: NodeJS.Signals;
  /** Why it could not be executed; log it as `Failed executing [ BINARY ]!`. */
  readonly failedExec?: string;
  /** Last lines of its stderr, without a line break at the end; only with `keepStderr`. */
  readonly stderrTail?: ByteString;
}

export interface RunningChild {
  /** None when it could not be executed. */
  readonly pid: number | undefined;
  /** Never rejects. */
  readonly ended: Promise<ChildEnd>;
  /** Sends a signal; nothing happens when it has ended. */
  kill(signal: NodeJS.Signals): void;
}

/** Exit status of a child that could not be executed (spec/cli.md). */
const cannotExecute = 255;

/** How long a grandchild that holds stderr open may keep an ended child from being reported. */
const stderrPatienceMs = 200;

/**
 * Starts a child process: arguments byte-exact, in our process group and working directory, with no
 * descriptors of ours but 0–2 (spec/cli.md, "Running"; process group and stdin as seen with lsyncd 2.2.3).
 */
export function spawnChild(options: ChildOptions): RunningChild {
  const words = [options.binary, ...options.args].map((word) => asBytes(word.split('\0', 1)[0] ?? ''));
  const command = textCommand(words as [ByteString, ...ByteString[]]);
  const env = options.env ?? process.env;
  // When sh stands between, it would report a missing binary in its own way.
  const missing = command.rebuilt ? whyNotExecutable(words[0]!, env) : undefined;
  if (missing !== undefined) return failed(missing);
  const output = openOutput(options.output);
  try {
    const stdio: StdioOptions = [
      options.stdin === undefined ? 'inherit' : 'pipe',
      output.stdio,
      options.keepStderr === true ? 'pipe' : output.stdio,
    ];
    const child = spawn(command.file, command.args, { stdio, env, detached: options.ownGroup === true });
    return running(child, options);
  } catch (error) {
    return failed((error as Error).message);
  } finally {
    if (typeof output.stdio === 'number') closeSync(output.stdio);
  }
}

function failed(failedExec: string): RunningChild {
  return {
    pid: undefined,
    ended: Promise.resolve({ code: cannotExecute, failedExec }),
    kill: () => undefined,
  };
}

/** Output to a file is opened anew for each child, so that a rotated log is not held on to. */
function openOutput(output: ChildOutput): { readonly stdio: 'inherit' | 'ignore' | number } {
  if (typeof output === 'string') return { stdio: output };
  try {
    return { stdio: openAppend(output.file) };
  } catch {
    // The logger warns about a log file that cannot be written; the child's work goes on.
    return { stdio: 'ignore' };
  }
}

function openAppend(file: ByteString): number {
  return openOwn(file, constants.O_WRONLY | constants.O_APPEND);
}

function running(child: ChildProcess, options: ChildOptions): RunningChild {
  const { stdin, stderr } = child;
  // A child that ends without reading all of its input is no error (EPIPE).
  stdin?.on('error', () => undefined);
  if (options.stdin !== undefined) stdin?.end(toBuffer(options.stdin));
  const tail = stderr === null ? undefined : new LineTail();
  stderr?.on('error', () => undefined);
  stderr?.on('data', (bytes: Buffer) => {
    tail?.add(bytes);
    options.onStderr?.(bytes);
    forward(bytes, options.output);
  });
  const ended = new Promise<ChildEnd>((resolve) => {
    child.once('error', (error) => {
      if (child.pid === undefined) resolve({ code: cannotExecute, failedExec: error.message });
    });
    child.once('exit', (code, signal) => {
      const end = endOf(code, signal);
      if (tail === undefined) resolve(end);
      else {
        const done = (): void => resolve({ ...end, stderrTail: tail.text });
        const timer = setTimeout(() => {
          stderr?.destroy();
          done();
        }, stderrPatienceMs);
        child.once('close', () => {
          clearTimeout(timer);
          done();
        });
      }
    });
  });
  return { pid: child.pid, ended, kill: (signal) => void child.kill(signal) };
}

function endOf(code: number | null, signal: NodeJS.Signals | null): ChildEnd {
  if (signal === null) return { code: code ?? cannotExecute };
  return { code: 128 + osConstants.signals[signal], signal };
}

/** Passes captured stderr on to where it would have gone. */
function forward(bytes: Buffer, output: ChildOutput): void {
  if (output === 'ignore') return;
  try {
    if (output === 'inherit') {
      process.stderr.write(bytes);
      return;
    }
    const fd = openAppend(output.file);
    try {
      writeSync(fd, bytes);
    } finally {
      closeSync(fd);
    }
  } catch {
    // As in openOutput.
  }
}

/** What execvp would say; undefined when the binary can be executed. */
export function whyNotExecutable(binary: ByteString, env = process.env): string | undefined {
  const folders = binary.includes('/') ? [''] : (env['PATH'] ?? '/bin:/usr/bin').split(':');
  let why = 'ENOENT';
  for (const folder of folders) {
    const prefix = binary.includes('/') ? '' : `${fromText(folder === '' ? '.' : folder)}/`;
    const file = toBuffer(asBytes(prefix + binary));
    try {
      if (statSync(file).isFile()) {
        accessSync(file, constants.X_OK);
        return undefined;
      }
      why = 'EACCES';
    } catch (error) {
      why = (error as NodeJS.ErrnoException).code === 'EACCES' ? 'EACCES' : why;
    }
  }
  return `spawn ${toText(binary)} ${why}`;
}
