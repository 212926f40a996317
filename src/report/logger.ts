import winston from 'winston';
import { asBytes, fromText, type ByteString } from '../core/bytes.js';
import { CategoryFilter, levelOf, levels } from './categories.js';
import { Secrets } from './redact.js';
import { FileSink, StreamSink, type Sink } from './sinks.js';
import { SyslogSink, facilityCode } from './syslog.js';
import { ConsoleTransport, FileTransport, SyslogTransport, type LineTransport } from './transports.js';

export interface LoggerOptions {
  /** Arguments of `-log`, in their order. */
  readonly categories?: readonly string[];
  /** Texts never shown. */
  readonly secrets?: readonly string[];
  readonly clock?: () => Date;
  /** Repeated lines become `last message repeated N times`. */
  readonly collapse?: boolean;
  readonly stdout?: Sink;
  readonly stderr?: Sink;
}

/** Where the log goes from the start on. */
export interface LogTarget {
  readonly console: boolean;
  readonly file?: ByteString | undefined;
  readonly syslog?: SyslogName;
  /** Told besides stderr when the file cannot be written: a daemon has no console. */
  readonly distress?: SyslogName;
}

/** Under what name lines go to the system log. */
interface SyslogName {
  readonly ident?: ByteString;
  readonly facility?: ByteString | number;
}

/**
 * The program's log (spec/output.md, "Log"): filters by category, hides secrets, and gives lines to winston,
 * whose transports write them in lsyncd's forms. Lines are written when `log` returns.
 *
 * It begins in the phase before `--- Startup ---`: everything goes to stderr as `Category: message`, with no
 * time. `start` ends that phase.
 */
export class Logger {
  private readonly filter = new CategoryFilter();
  private readonly secrets: Secrets;
  private readonly clock: () => Date;
  private readonly stderr: Sink;
  private readonly console: ConsoleTransport;
  private readonly winston: winston.Logger;
  private targets: LineTransport[] = [];
  private readonly collapse: boolean;
  private last: { readonly category: string; readonly message: ByteString } | undefined;
  private repeats = 0;
  private distress: SyslogName | undefined;

  constructor(options: LoggerOptions) {
    options.categories?.forEach((name) => this.filter.turnOn(name));
    this.secrets = new Secrets(options.secrets);
    this.clock = options.clock ?? (() => new Date());
    this.collapse = options.collapse ?? false;
    this.stderr = options.stderr ?? new StreamSink(2);
    this.console = new ConsoleTransport(options.stdout ?? new StreamSink(1), this.stderr);
    this.winston = winston.createLogger({
      levels,
      level: 'Debug',
      exitOnError: false,
      transports: [this.console],
    });
  }

  /** Would a line of this category be shown? To save making costly ones. */
  enabled(category: string): boolean {
    return this.filter.shows(category);
  }

  /** @param message bytes, written as they are: file names byte-exactly, several lines as several lines. */
  log(category: string, message: ByteString): void {
    if (!this.filter.shows(category)) return;
    const shown = this.secrets.hide(message);
    if (this.collapse && this.last?.category === category && this.last.message === shown) {
      this.repeats++;
      return;
    }
    this.flushRepeats();
    this.last = { category, message: shown };
    this.put(category, shown);
  }

  /** The same for text; file names in it must be valid UTF-8, else use `log`. */
  text(category: string, message: string): void {
    this.log(category, fromText(message));
  }

  /** Hides these texts from now on. */
  addSecrets(...secrets: readonly string[]): void {
    this.secrets.add(...secrets);
  }

  /** One more argument of `-log`. @throws LsyncdError for an invalid one. */
  turnOn(category: string): void {
    this.filter.turnOn(category);
  }

  /**
   * Ends the phase before the start, or exchanges the targets (a daemon first says on the console that it
   * detaches, then drops the console).
   * @throws LsyncdError for an unknown facility.
   */
  start(target: LogTarget): void {
    this.flushRepeats();
    const next: LineTransport[] = target.console ? [this.console] : [];
    if (target.file !== undefined) {
      next.push(new FileTransport(new FileSink(target.file, (text) => this.complain(text))));
    }
    if (target.syslog !== undefined) {
      next.push(new SyslogTransport(openSyslog(target.syslog)));
    }
    this.distress = target.distress;
    this.console.started = true;
    this.closeTargets();
    this.winston.clear();
    for (const transport of next) this.winston.add(transport);
    this.targets = next;
  }

  /** Writes how often the last line was repeated, if it was. */
  flushRepeats(): void {
    if (this.repeats === 0 || this.last === undefined) return;
    const times = this.repeats;
    this.repeats = 0;
    this.put(this.last.category, fromText(`last message repeated ${times} times`));
    this.last = undefined;
  }

  /** Closes file and syslog. Nothing may be logged afterwards. */
  close(): void {
    this.flushRepeats();
    this.closeTargets();
  }

  private put(category: string, message: ByteString): void {
    const line = { level: levelOf(category), category, message, date: this.clock() };
    // A winston without transports (a daemon with nowhere to log) would complain on stderr.
    if (this.winston.transports.length > 0) this.winston.log(line);
  }

  /** For troubles of the log itself. */
  private complain(text: string): void {
    const shown = this.secrets.hide(fromText(`Warn: ${text}`));
    this.stderr.write(Buffer.from(`${shown}\n`, 'latin1'));
    if (this.distress === undefined) return;
    const syslog = openSyslog(this.distress);
    syslog.write('Warn', Buffer.from(shown.replace(':', ','), 'latin1'));
    syslog.close();
  }

  private closeTargets(): void {
    for (const transport of this.targets) if (transport !== this.console) transport.close?.();
    this.targets = [];
  }
}

/** @throws LsyncdError for an unknown facility. */
function openSyslog({ ident = asBytes('lsyncd'), facility = asBytes('user') }: SyslogName): SyslogSink {
  return new SyslogSink(ident, facilityCode(facility));
}

/** @throws LsyncdError when `options.categories` holds an invalid one. */
export function createLogger(options: LoggerOptions = {}): Logger {
  return new Logger(options);
}
