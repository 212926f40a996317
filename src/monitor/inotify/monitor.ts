import { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { LsyncdError } from '../../core/errors.js';
import type { FilterRules } from '../../core/filter.js';
import { lastErrno, libc } from '../../sys/libc.js';
import type { InotifyMode, Monitor, MonitorListener, WatchEntry, WatchRoot } from '../monitor.js';
import type { Refusal, WorkerCommand, WorkerMessage, WorkerStart } from './protocol.js';

export interface InotifyOptions {
  readonly mode: InotifyMode;
  /** Send a `log` report for every event. */
  readonly debug?: boolean;
}

/** The worker's file; it runs compiled also when this file does not (tests). */
const workerUrl = new URL(
  import.meta.url.endsWith('.ts') ? '../../../dist/monitor/inotify/worker.js' : './worker.js',
  import.meta.url,
);

const NONBLOCK_CLOEXEC = 0x800 | 0x80000;
const one = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);

/**
 * Watches through inotify, in a thread that does nothing else.
 * @throws LsyncdError LSY_INOTIFY when this system can't do that; what goes wrong later comes from `watch`
 */
export function createInotifyMonitor(options: InotifyOptions, listener: MonitorListener): Monitor {
  return new InotifyMonitor(options, listener);
}

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

class InotifyMonitor implements Monitor {
  readonly name = 'inotify';
  private readonly worker: Worker;
  private readonly wakeFd: number;
  private readonly stop = new Int32Array(new SharedArrayBuffer(4));
  private readonly ended: Promise<void>;
  private state: 'alive' | 'closing' | 'ended' = 'alive';
  /** Why the thread ended, or can't be used. */
  private failure: LsyncdError | undefined;
  private requests = 0;
  private readonly starting = new Map<number, Waiting<void>>();
  private readonly asked = new Map<number, (watches: readonly WatchEntry[]) => void>();
  /** The thread blocks in the kernel: without a wake-up the process could not exit. */
  private readonly onExit = (): void => this.end();

  constructor(
    { mode, debug = false }: InotifyOptions,
    private readonly listener: MonitorListener,
  ) {
    this.wakeFd = libc().eventfd(0, NONBLOCK_CLOEXEC);
    if (this.wakeFd < 0) throw new LsyncdError('LSY_INOTIFY', `cannot use inotify: eventfd: ${lastErrno()}`);
    const workerData: WorkerStart = { mode, wakeFd: this.wakeFd, debug, stop: this.stop.buffer };
    this.worker = new Worker(workerUrl, { workerData });
    this.worker.on('message', (message: WorkerMessage) => this.heard(message));
    this.worker.on('error', (error) => this.broke(`the inotify monitor failed: ${error.message}`));
    this.ended = new Promise((resolve) => {
      this.worker.on('exit', () => {
        process.off('exit', this.onExit);
        libc().close(this.wakeFd);
        this.broke('the inotify monitor ended');
        this.state = 'ended';
        this.answerAll();
        resolve();
      });
    });
    process.on('exit', this.onExit);
  }

  watch(roots: readonly WatchRoot[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.failure !== undefined || this.state !== 'alive') {
        reject(this.failure ?? closed());
        return;
      }
      const request = ++this.requests;
      this.starting.set(request, { resolve, reject });
      this.send({ kind: 'watch', request, roots });
    });
  }

  setRules(id: number, rules: FilterRules): void {
    this.send({ kind: 'rules', id, rules });
  }

  watches(): Promise<readonly WatchEntry[]> {
    if (this.state !== 'alive') return Promise.resolve([]);
    return new Promise((resolve) => {
      const request = ++this.requests;
      this.asked.set(request, resolve);
      this.send({ kind: 'watches', request });
    });
  }

  async close(): Promise<void> {
    this.end();
    await this.ended;
  }

  private end(): void {
    if (this.state !== 'alive') return;
    this.state = 'closing';
    Atomics.store(this.stop, 0, 1);
    this.wake();
  }

  private send(command: WorkerCommand): void {
    if (this.state !== 'alive') return;
    this.worker.postMessage(command);
    this.wake();
  }

  private wake(): void {
    writeSync(this.wakeFd, one);
  }

  private heard(message: WorkerMessage): void {
    switch (message.kind) {
      case 'report':
        if (this.state === 'alive') this.listener(message.report);
        return;
      case 'watching': {
        const waiting = this.starting.get(message.request);
        this.starting.delete(message.request);
        if (message.refusal === undefined) waiting?.resolve();
        else waiting?.reject(asError(message.refusal));
        return;
      }
      case 'refused':
        this.failed(asError(message.refusal));
        return;
      case 'watches':
        this.asked.get(message.request)?.(message.watches);
        this.asked.delete(message.request);
    }
  }

  private broke(message: string): void {
    if (this.state === 'alive') this.failed(new LsyncdError('LSY_MONITOR', message));
  }

  /** It reports nothing any more: whoever waits for its start hears why, else the listener. Once. */
  private failed(error: LsyncdError): void {
    if (this.failure !== undefined) return;
    this.failure = error;
    if (this.starting.size === 0 && error.code === 'LSY_MONITOR')
      this.listener({ kind: 'failed', message: error.shown });
    for (const { reject } of this.starting.values()) reject(error);
    this.starting.clear();
  }

  private answerAll(): void {
    for (const answer of this.asked.values()) answer([]);
    this.asked.clear();
    for (const { reject } of this.starting.values()) reject(this.failure ?? closed());
    this.starting.clear();
  }
}

function asError({ code, message, remedy }: Refusal): LsyncdError {
  return new LsyncdError(code, message, remedy);
}

function closed(): LsyncdError {
  return new LsyncdError('LSY_MONITOR', 'the inotify monitor is closed');
}
