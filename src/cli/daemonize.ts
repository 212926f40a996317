import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants as fsConstants, openSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { textCommand } from '../action/byte-exact.js';
import { asBytes, fromText } from '../core/bytes.js';
import { toBuffer } from '../sys/bytes.js';
import { toByteArguments } from './arguments.js';
import { cliLibc } from './libc.js';

/**
 * Node cannot fork, so a daemon is made by starting the program anew: the **launcher** (what the user typed)
 * starts itself detached in a new session with the terminal's streams and a message channel, and waits; the
 * **daemon** loads the config in the launcher's working directory with the terminal still there for errors
 * and a script's `print`, then detaches from it, places its watches and reports `ready`: only then the
 * launcher ends with status 0. Until then a failure is the launcher's failure.
 */
/** Marks the daemon's environment; removed there at once, so that no child sees it. */
const mark = 'LSYNCD_TS_DAEMON';

/** What the daemon tells its launcher, once. */
type Message =
  { readonly kind: 'ready' } | { readonly kind: 'failed'; readonly text: string; readonly code: number };

export interface LaunchOptions {
  /** The script to start; this one unless given. */
  readonly program?: string;
  readonly argv?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** The daemon's side of its start. */
export interface Handshake {
  /** Leaves the terminal: standard streams to `/dev/null`, working directory `/`. Idempotent. */
  detach(): void;
  /** Everything is watched: the launcher may end with status 0. */
  ready(): Promise<void>;
  /** The start failed: the launcher shows the text (a byte string) and ends with the code. */
  failed(text: string, code: number): Promise<void>;
}

/** What the process list shows of the daemon instead of `node`. */
const shownName = 'lsyncd-ts';

/** Exit status when the daemon ended without a word. */
const unknownFailure = 255;

/**
 * Starts the daemon and waits until it is ready or has failed; its failure text goes to stderr.
 * TERM, INT, HUP, USR1 and USR2 meanwhile are passed on to it.
 * @returns the exit status for the command the user typed.
 */
export async function launchDaemon(options: LaunchOptions = {}): Promise<number> {
  const daemon = startDetached(options);
  const pass = (signal: NodeJS.Signals) => void daemon.kill(signal);
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;
  for (const signal of signals) process.on(signal, pass);
  try {
    return await outcome(daemon);
  } finally {
    for (const signal of signals) process.off(signal, pass);
    if (daemon.connected) daemon.disconnect();
    daemon.unref();
  }
}

function startDetached(options: LaunchOptions): ChildProcess {
  const words = [process.execPath, ...process.execArgv, options.program ?? process.argv[1]!].map(fromText);
  const argv = toByteArguments(options.argv ?? process.argv.slice(2));
  const command = textCommand([words[0]!, ...words.slice(1), ...argv]);
  return spawn(command.file, command.args, {
    detached: true,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...(options.env ?? process.env), [mark]: '1' },
    ...(command.rebuilt ? {} : { argv0: shownName }),
  });
}

function outcome(daemon: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    daemon.once('error', reject);
    daemon.on('message', (message: Message) => {
      if (message.kind === 'failed') writeSync(2, toBuffer(asBytes(`${message.text}\n`)));
      resolve(message.kind === 'ready' ? 0 : message.code);
    });
    daemon.once('exit', (code, signal) => {
      const status = signal === null ? (code ?? unknownFailure) : 128 + constants.signals[signal];
      // A message sent before the end may still be on its way.
      const settle = () => resolve(status);
      if (daemon.connected) daemon.once('disconnect', settle);
      else settle();
    });
  });
}

/**
 * Undefined unless this process was started by `launchDaemon`. To be called once, early: it cleans the
 * environment. A launcher that dies while the daemon starts does not stop it.
 */
export function daemonHandshake(): Handshake | undefined {
  if (process.env[mark] === undefined) return undefined;
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete
  delete process.env[mark];
  if (process.send === undefined) return undefined;
  let attached = true;
  const detach = () => {
    if (!attached) return;
    attached = false;
    dropStandardStreams();
    process.chdir('/');
  };
  return {
    detach,
    ready: () => {
      detach();
      return tell({ kind: 'ready' });
    },
    failed: (text, code) => tell({ kind: 'failed', text, code }),
  };
}

function dropStandardStreams(): void {
  const fd = openSync('/dev/null', fsConstants.O_RDWR);
  for (const standard of [0, 1, 2]) cliLibc().dup2(fd, standard);
  if (fd > 2) closeSync(fd);
}

/** Sends the last message and closes the channel; resolves also when the launcher is gone. */
function tell(message: Message): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected) {
      resolve();
      return;
    }
    process.send!(message, () => {
      if (process.connected) process.disconnect();
      resolve();
    });
  });
}
