/** The monitor's thread: waits for the kernel, keeps the watch tree, sends events. Never returns to its event loop. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { LsyncdError } from '../../core/errors.js';
import { monotonicNow } from '../../sys/clock.js';
import { Kernel } from './kernel.js';
import { instanceLimit } from './limits.js';
import { Outbox } from './outbox.js';
import type { Refusal, WorkerCommand, WorkerMessage, WorkerStart } from './protocol.js';
import { EventStream } from './stream.js';
import { Translator } from './translator.js';
import { Watcher } from './watcher.js';

const port = parentPort!;
const start = workerData as WorkerStart;
const stop = new Int32Array(start.stop);
const post = (message: WorkerMessage): void => port.postMessage(message);

/** How often roots are looked for at their paths; costs a system call for each. */
const rootCheckMs = 1_000;

/** Thrown through everything that is under way. */
class Stopped extends Error {}

function checkStop(): void {
  if (Atomics.load(stop, 0) !== 0) throw new Stopped();
}

/** An error for people, as it is sent to the front; others are bugs and end the thread. */
function refusal(error: unknown): Refusal {
  if (!(error instanceof LsyncdError)) throw error;
  return { code: error.code, message: error.message, remedy: error.remedy };
}

function openKernel(): Kernel {
  try {
    return new Kernel(start.mode, start.wakeFd);
  } catch (cause) {
    const error = cause as NodeJS.ErrnoException;
    throw error.code === 'EMFILE'
      ? instanceLimit(error)
      : new LsyncdError('LSY_INOTIFY', `cannot use inotify: ${error.message}`, undefined, { cause });
  }
}

function obey(command: WorkerCommand, watcher: Watcher): void {
  switch (command.kind) {
    case 'watch': {
      const { request, roots } = command;
      try {
        watcher.watchRoots(roots);
        post({ kind: 'watching', request });
      } catch (error) {
        if (error instanceof Stopped) throw error;
        post({ kind: 'watching', request, refusal: refusal(error) });
      }
      return;
    }
    case 'rules':
      watcher.interests.setRules(command.id, command.rules);
      return;
    case 'watches': {
      const watches = [...watcher.tree.all()].map(({ wd, path }) => ({ id: wd, path }));
      watches.sort((a, b) => a.id - b.id);
      post({ kind: 'watches', request: command.request, watches });
    }
  }
}

function serve(kernel: Kernel): void {
  const outbox = new Outbox(post, start.debug);
  const stream = new EventStream(kernel);
  const watcher = new Watcher(kernel, stream, outbox, checkStop);
  const translator = new Translator(stream, watcher, outbox);
  let checked = monotonicNow();
  const checkRoots = (): void => {
    if (monotonicNow() - checked < rootCheckMs) return;
    watcher.checkRoots();
    checked = monotonicNow();
  };
  for (;;) {
    checkStop();
    let received: { message: WorkerCommand } | undefined;
    while ((received = receiveMessageOnPort(port) as typeof received) !== undefined)
      obey(received.message, watcher);
    if (translator.drain()) kernel.wait(rootCheckMs);
    checkRoots();
  }
}

function main(): void {
  let kernel: Kernel;
  try {
    kernel = openKernel();
  } catch (error) {
    post({ kind: 'refused', refusal: refusal(error) });
    return;
  }
  try {
    serve(kernel);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  } finally {
    kernel.close();
  }
}

main();
port.close();
