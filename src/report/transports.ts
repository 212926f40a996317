import winston from 'winston';
import { asBytes, fromText, type ByteString } from '../core/bytes.js';
import { toBuffer } from '../sys/bytes.js';
import type { Level } from './categories.js';
import { clockTime, ctime } from './ctime.js';
import type { Sink } from './sinks.js';
import type { SyslogSink } from './syslog.js';

/** A line of the log on its way through winston. */
export interface Line {
  readonly level: Level;
  readonly category: string;
  readonly message: ByteString;
  readonly date: Date;
}

/** Winston exports its base class as `Transport`, its type declarations call it `transport`. */
const { Transport } = winston as unknown as { readonly Transport: new () => winston.transport };

/** A winston transport that writes a line, made of bytes, before `log` returns. */
export abstract class LineTransport extends Transport {
  override log(info: Line, next: () => void): void {
    this.put(info);
    next();
  }

  protected abstract put(line: Line): void;
}

/** Line → bytes; the category is text, the message bytes already. */
function bytes(prefix: string, line: Line): Buffer {
  return toBuffer(asBytes(`${fromText(prefix + line.category)}: ${line.message}\n`));
}

/** Standard streams: before the start `Category: message` on stderr; then with the time, errors on stderr. */
export class ConsoleTransport extends LineTransport {
  /** True from the line `--- Startup ---` on. */
  started = false;

  constructor(
    private readonly stdout: Sink,
    private readonly stderr: Sink,
  ) {
    super();
  }

  protected put(line: Line): void {
    if (!this.started) this.stderr.write(bytes('', line));
    else {
      const sink = line.level === 'Error' ? this.stderr : this.stdout;
      sink.write(bytes(`${clockTime(line.date)} `, line));
    }
  }
}

/** The log file's lines: `Mon Jan 16 02:10:49 2017 Normal: message`. */
export class FileTransport extends LineTransport {
  constructor(private readonly sink: Sink) {
    super();
  }

  protected put(line: Line): void {
    this.sink.write(bytes(`${ctime(line.date)} `, line));
  }

  override close(): void {
    this.sink.close();
  }
}

/** The system log's messages: `Normal, message`. */
export class SyslogTransport extends LineTransport {
  constructor(private readonly sink: SyslogSink) {
    super();
  }

  protected put(line: Line): void {
    this.sink.write(line.level, toBuffer(asBytes(`${fromText(line.category)}, ${line.message}`)));
  }

  override close(): void {
    this.sink.close();
  }
}
