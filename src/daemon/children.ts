import { constants } from 'node:os';
import { asBytes, fromText, type ByteString } from '../core/bytes.js';
import { formatExec } from '../action/exec-log.js';
import { spawnChild, type ChildEnd, type RunningChild, type ChildOutput } from '../action/process.js';
import { startTunnel, type TunnelProcess } from '../action/tunnel.js';
import type { CommandWords } from '../action/shell.js';
import type { Command, Work, WorkEnd } from '../lua/objects/host.js';
import type { Logger } from '../report/logger.js';

/** The children that run now: starting, waiting for and ending them. */
export class Children {
  private readonly running = new Set<RunningChild>();

  constructor(
    private readonly logger: Logger,
    private readonly output: ChildOutput,
  ) {}

  get count(): number {
    return this.running.size;
  }

  /**
   * Starts a child; `ended` is called when it is gone.
   * @param onStderr gets all it writes on stderr; without it, that is not looked at
   */
  start(command: Command, ended: (end: ChildEnd) => void, onStderr?: (bytes: Buffer) => void): void {
    this.logger.log('Exec', formatExec(command.binary, command.args, command.stdin));
    const child = spawnChild({
      binary: command.binary,
      args: command.args,
      output: this.output,
      ...(onStderr === undefined ? {} : { keepStderr: true, onStderr }),
      ...(command.stdin === undefined ? {} : { stdin: command.stdin }),
    });
    this.running.add(child);
    void child.ended.then((end) => {
      this.running.delete(child);
      if (end.failedExec !== undefined) this.logger.log('Error', failedText(command.binary));
      ended(end);
    });
  }

  /** Does work in this process that counts as a child; `ended` is called when it is done. */
  work(work: Work, ended: (end: WorkEnd) => void): void {
    this.logger.log('Exec', work.what);
    const stop = new AbortController();
    const end = work.run(stop.signal).catch((error: unknown): WorkEnd => {
      if (stop.signal.aborted) return { code: 128 + constants.signals.SIGTERM };
      this.logger.log('Error', fromText(`internal error: ${(error as Error).stack ?? String(error)}`));
      return { code: 255 };
    });
    const running: RunningChild = { pid: undefined, ended: end, kill: () => stop.abort() };
    this.running.add(running);
    void end.then((how) => {
      this.running.delete(running);
      ended(how);
    });
  }

  /** Starts a process of a tunnel: not counted, as it ends only when it is told to. */
  startTunnel(command: CommandWords): TunnelProcess {
    this.logger.log('Exec', formatExec(command.binary, command.args));
    return startTunnel(command, this.output);
  }

  /** Sends every child a signal. */
  kill(signal: NodeJS.Signals): void {
    for (const child of this.running) child.kill(signal);
  }
}

function failedText(binary: ByteString): ByteString {
  return asBytes(`${fromText('Failed executing [ ')}${binary} ]!`);
}
