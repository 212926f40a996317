import { readFileSync } from 'node:fs';
import { workingDirectory } from '../cli/arguments.js';
import { daemonHandshake, launchDaemon, type Handshake } from '../cli/daemonize.js';
import { checkMonitor, monitors, parseCommandLine, usage, type RunCommand } from '../cli/options.js';
import { lockPidfile, type Pidfile } from '../cli/pidfile.js';
import { fromText, type ByteString } from '../core/bytes.js';
import { LsyncdError } from '../core/errors.js';
import { LuaError, LuaExit } from '../lua/vm.js';
import { createLogger, type Logger } from '../report/logger.js';
import { facilityCode } from '../report/syslog.js';
import { absolutePath, Daemon, loadProgram, type DaemonOptions, type Loaded } from './daemon.js';
import { logLuaError } from './generation.js';

/** The command the user typed, waiting for the daemon. */
interface Launcher {
  ready(): void;
  failed(text: string): Promise<void>;
}

type StartOptions = Omit<DaemonOptions, 'output'>;

/** Exit status of everything that goes wrong before or beside the actions (spec/cli.md). */
const failure = 255;

/** The program from its first to its last moment. Gives the exit status. */
export async function main(): Promise<number> {
  try {
    const command = parseCommandLine(process.argv.slice(2));
    switch (command.kind) {
      case 'help':
        (command.code === 0 ? process.stdout : process.stderr).write(usage());
        return command.code;
      case 'version':
        process.stdout.write(`Version: ${version()}\n`);
        return 0;
      case 'monitors':
        process.stdout.write(`Available monitors:\n${monitors.map((name) => `  ${name}\n`).join('')}`);
        return 0;
      case 'run':
        return await run(command);
    }
  } catch (error) {
    if (error instanceof LuaExit) return error.code;
    if (!(error instanceof LsyncdError)) throw error;
    process.stderr.write(`Error: ${error.shown}\n`);
    return failure;
  }
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

async function run(command: RunCommand): Promise<number> {
  checkMonitor(command);
  const { configFile } = command;
  const handshake = daemonHandshake();
  // What is typed starts the daemon proper and waits for its word; only that one reads the config.
  if (!command.nodaemon && handshake === undefined) return launchDaemon();
  const cwd = workingDirectory();
  const logger = createLogger({ categories: command.log });
  const options: StartOptions = {
    command,
    configFile: configFile === undefined ? undefined : absolutePath(configFile, cwd),
    cwd,
    logger,
  };
  const loaded = loadProgram(options);
  const { settings } = loaded.program;
  // lsyncd refuses an unknown facility in the foreground, too.
  if (settings.logfacility !== undefined) facilityCode(settings.logfacility);
  if (handshake === undefined || settings.nodaemon === true) return foreground(options, loaded);
  return daemon(options, loaded, handshake);
}

/** Stays where it is, logs to the console. */
async function foreground(options: StartOptions, loaded: Loaded): Promise<number> {
  const { logger } = options;
  logger.start({ console: true, file: logfileOf(options, loaded) });
  logger.text('Normal', '--- Startup ---');
  return work({ ...options, output: 'inherit' }, loaded, {
    ready: () => undefined,
    failed: () => Promise.resolve(),
  });
}

/** Announces itself on the console, then logs to file or syslog and leaves the terminal. */
async function daemon(options: StartOptions, loaded: Loaded, handshake: Handshake): Promise<number> {
  const { logger } = options;
  const { logident, logfacility } = loaded.program.settings;
  const logfile = logfileOf(options, loaded);
  const syslog = {
    ...(logident === undefined ? {} : { ident: logident }),
    ...(logfacility === undefined ? {} : { facility: logfacility }),
  };
  const target = logfile === undefined ? { syslog } : { file: logfile };
  logger.start({ console: true, ...target });
  logger.text('Normal', '--- Startup, daemonizing ---');
  logger.start({ console: false, ...target, distress: syslog });
  handshake.detach();
  return work({ ...options, output: logfile === undefined ? 'ignore' : { file: logfile } }, loaded, {
    ready: () => void handshake.ready(),
    failed: (text) => handshake.failed(fromText(text), failure),
  });
}

function logfileOf({ cwd }: StartOptions, { program }: Loaded): ByteString | undefined {
  const { logfile } = program.settings;
  return logfile === undefined ? undefined : absolutePath(logfile, cwd);
}

/** The daemon proper, its unexpected ends put in words. */
async function work(options: DaemonOptions, loaded: Loaded, launcher: Launcher): Promise<number> {
  const { logger } = options;
  const path = loaded.program.settings.pidfile;
  let pidfile: Pidfile | undefined;
  try {
    pidfile = path === undefined ? undefined : lockPidfile(absolutePath(path, options.cwd));
    return await new Daemon(options).run(loaded, () => launcher.ready());
  } catch (error) {
    const code = reported(logger, error);
    if (error instanceof LsyncdError) await launcher.failed(`Error: ${error.shown}`);
    return code;
  } finally {
    pidfile?.release();
    logger.close();
  }
}

function reported(logger: Logger, error: unknown): number {
  if (error instanceof LuaExit) return error.code;
  if (error instanceof LuaError) logLuaError(logger, error);
  else if (error instanceof LsyncdError) logger.text('Error', error.shown);
  else logger.text('Error', `internal error: ${(error as Error).stack ?? String(error)}`);
  return failure;
}
