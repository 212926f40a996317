import type { ChildOutput } from '../action/process.js';
import type { RunCommand } from '../cli/options.js';
import { LuaProgram } from '../config/program.js';
import type { Settings } from '../config/settings.js';
import { asBytes, fromText, toText, type ByteString } from '../core/bytes.js';
import { LsyncdError } from '../core/errors.js';
import { LuaExit } from '../lua/vm.js';
import type { ScriptHost } from '../lua/objects/host.js';
import { createInotifyMonitor } from '../monitor/inotify/monitor.js';
import { createParcelMonitor } from '../monitor/parcel/monitor.js';
import type { InotifyMode, MonitorListener } from '../monitor/monitor.js';
import type { Logger } from '../report/logger.js';
import { StatusWriter } from '../report/status.js';
import { monotonicNow } from '../sys/clock.js';
import { Children } from './children.js';
import { Generation } from './generation.js';
import { prepareSyncs, type SyncMaker } from './prepare-syncs.js';
import { onSignals, signalStatus, type HandledSignal } from './signals.js';
import { StatusReporter } from './status-reporter.js';

export interface DaemonOptions {
  readonly command: RunCommand;
  /** Absolute; undefined: the command line has the syncs. */
  readonly configFile: ByteString | undefined;
  readonly cwd: ByteString;
  readonly logger: Logger;
  /** Where children's output goes. */
  readonly output: ChildOutput;
}

/** Lets a program's scripts speak to whatever generation runs. */
class HostSwitch implements ScriptHost {
  generation: Generation | undefined;

  constructor(private readonly logger: Logger) {}

  log(category: ByteString, text: ByteString): void {
    this.logger.log(category, text);
  }
  spawn: ScriptHost['spawn'] = (agent, command) => this.running().host.spawn(agent, command);
  fading(): boolean {
    return this.generation?.fading ?? false;
  }
  now(): number {
    return monotonicNow();
  }
  alarm: ScriptHost['alarm'] = (at, run) => this.running().host.alarm(at, run);
  terminate(code: number): never {
    throw new LuaExit(code & 255);
  }

  private running(): Generation {
    if (this.generation !== undefined) return this.generation;
    throw new LsyncdError('LSY_NOT_RUNNING', 'nothing runs yet');
  }
}

/** A config that has run, and the host its scripts speak to. */
export interface Loaded {
  readonly program: LuaProgram;
  readonly host: HostSwitch;
}

/** Command line options as settings; they win over the config's. */
export function overridesOf(command: RunCommand): Partial<Settings> {
  const { delay, logfile, pidfile, qsctl } = command;
  return {
    ...(command.nodaemon ? { nodaemon: true } : {}),
    ...(command.insist ? { insist: true } : {}),
    ...(command.onepass ? { onepass: true } : {}),
    ...(delay === undefined ? {} : { delay }),
    ...(logfile === undefined ? {} : { logfile }),
    ...(pidfile === undefined ? {} : { pidfile }),
    ...(qsctl === undefined ? {} : { qsctl: fromText(qsctl) }),
  };
}

/** Runs the config. @throws LsyncdError, LuaExit */
export function loadProgram(
  { command, configFile, cwd, logger }: Omit<DaemonOptions, 'output'>,
  insist = false,
): Loaded {
  const host = new HostSwitch(logger);
  const program = LuaProgram.load(configFile, {
    host,
    cwd,
    overrides: overridesOf(command),
    insist: insist || command.insist,
    scripts: command.scripts.map((script) => absolutePath(script, cwd)),
    syncs: command.syncs,
    sshopts: command.sshopts,
  });
  return { program, host };
}

/** A config with all its syncs need. */
interface Prepared extends Loaded {
  readonly mode: InotifyMode;
  readonly syncs: readonly SyncMaker[];
}

/** A path as meant where the program was started; a daemon's own directory is `/`. */
export function absolutePath(path: ByteString, cwd: ByteString): ByteString {
  return path.startsWith('/') ? path : asBytes(`${cwd}/${path}`);
}

/** The program at work: one generation after another, signals, the end. */
export class Daemon {
  private generation: Generation | undefined;
  private signals = 0;

  constructor(private readonly options: DaemonOptions) {}

  /**
   * Runs until it is ended.
   * @param loaded the config, already run
   * @param ready called once everything is watched
   * @returns the exit status
   */
  async run(loaded: Loaded, ready: () => void): Promise<number> {
    const off = onSignals((signal) => this.signal(signal));
    let previous: Generation | undefined;
    try {
      let life = await this.prepare(loaded, loaded.program.settings.insist === true);
      for (;;) {
        const generation = this.begin(life);
        // The predecessor watches until then: what it sees meanwhile is carried over.
        await generation.start(previous);
        await previous?.release();
        ready();
        const end = await generation.ended;
        if (end !== 'reset') return end.code;
        previous = generation;
        // After an overflow nothing has been read anew yet.
        life = this.next ?? (await this.prepare(loadProgram(this.options, true), true));
        this.next = undefined;
        this.options.logger.text('Normal', '--- Startup ---');
      }
    } finally {
      off();
      await previous?.release();
    }
  }

  /** A config read anew, ready to take over once the present life is over. */
  private next: Prepared | undefined;

  /** Opens what a config's syncs need. @throws LsyncdError */
  private async prepare(loaded: Loaded, insist: boolean): Promise<Prepared> {
    const { logger } = this.options;
    const { program } = loaded;
    for (const warning of program.warnings) logger.text('Warn', warning);
    const mode = inotifyMode(program.settings.inotifyMode);
    return { ...loaded, mode, syncs: await prepareSyncs(program, { logger, insist }) };
  }

  private begin({ program, host, mode, syncs }: Prepared): Generation {
    const { logger, output, cwd } = this.options;
    const { settings } = program;
    const children = new Children(logger, output);
    const status =
      settings.statusFile === undefined
        ? undefined
        : new StatusReporter(
            new StatusWriter({
              path: absolutePath(settings.statusFile, cwd),
              interval: settings.statusInterval ?? 10,
              warn: (message) => logger.text('Warn', message),
            }),
          );
    const generation = new Generation({
      program,
      logger,
      children,
      status,
      makeMonitor: (listener: MonitorListener) =>
        this.portable
          ? createParcelMonitor({}, listener)
          : createInotifyMonitor({ mode, debug: logger.enabled('Inotify') }, listener),
      makeSync: (index, around) => syncs[index]!(around),
    });
    host.generation = generation;
    this.generation = generation;
    return generation;
  }

  /** Asked for, or all there is. */
  private get portable(): boolean {
    return (
      (this.options.command.monitor ?? (process.platform === 'linux' ? 'inotify' : 'parcel')) === 'parcel'
    );
  }

  private signal(signal: HandledSignal): void {
    const { logger } = this.options;
    if (signal === 'SIGUSR1') {
      logger.text('Normal', '--- USR1 signal, comparing ---');
      this.generation?.rescan();
      return;
    }
    if (signal === 'SIGUSR2') {
      logger.text('Normal', '--- USR2 signal, carrying out deletions held back ---');
      this.generation?.permitDeletions();
      return;
    }
    if (signal === 'SIGHUP') {
      void this.hangUp();
      return;
    }
    this.signals++;
    const code = signalStatus(signal);
    if (this.signals > 1) {
      this.generation?.abort(code);
      return;
    }
    logger.text('Normal', `--- ${signal.slice(3)} signal, fading ---`);
    this.generation?.fade({ code });
  }

  /** Reads the config anew; one that does not load leaves the old one at work. */
  private async hangUp(): Promise<void> {
    const { logger } = this.options;
    logger.text('Normal', '--- HUP signal, resetting ---');
    try {
      this.next = await this.prepare(loadProgram(this.options, true), true);
    } catch (error) {
      if (!(error instanceof LsyncdError)) throw error;
      logger.text('Error', `${error.shown}; the old config stays in force`);
      return;
    }
    this.generation?.fade('reset');
  }
}

/** @throws LsyncdError with lsyncd's text (and spelling) for a mode that does not exist */
function inotifyMode(text: ByteString | undefined): InotifyMode {
  switch (text) {
    case undefined:
    case asBytes(''):
    case asBytes('CloseWrite'):
      return 'CloseWrite';
    case asBytes('Modify'):
      return 'Modify';
    case asBytes('CloseWrite or Modify'):
      return 'CloseWrite or Modify';
    default:
      throw new LsyncdError('LSY_INOTIFY_MODE', `'${toText(text)}' not a valid inotfiyMode.`);
  }
}
