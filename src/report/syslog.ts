import koffi from 'koffi';
import { type ByteString } from '../core/bytes.js';
import { LsyncdError } from '../core/errors.js';
import { toBuffer } from '../sys/bytes.js';
import type { Level } from './categories.js';

const facilities = new Map<string, number>([
  ['kern', 0],
  ['user', 1],
  ['mail', 2],
  ['daemon', 3],
  ['auth', 4],
  ['security', 4],
  ['syslog', 5],
  ['lpr', 6],
  ['news', 7],
  ['uucp', 8],
  ['cron', 9],
  ['authpriv', 10],
  ['ftp', 11],
  ...Array.from({ length: 8 }, (_, n) => [`local${n}`, 16 + n] as const),
]);

const highest = 23;

/**
 * `settings.logfacility` → the facility's code (RFC 5424, 0–23).
 * @param facility a name, or the code as a number.
 * @throws LsyncdError with lsyncd's text for anything else.
 */
export function facilityCode(facility: ByteString | string | number): number {
  const code = typeof facility === 'number' ? facility : facilities.get(facility.toLowerCase());
  if (code !== undefined && Number.isInteger(code) && code >= 0 && code <= highest) return code;
  throw new LsyncdError('LSY_LOG_FACILITY', `Logging facility '${facility}' unknown.`);
}

/** Priorities as lsyncd 2.2.3 sends them (spec/output.md). */
const priorities: Readonly<Record<Level, number>> = { Error: 3, Warn: 4, Normal: 5, Debug: 7 };

/** The system log, through libc's `syslog`, which finds it again after its restart. */
export class SyslogSink {
  private readonly syslog: (priority: number, format: string, ...values: unknown[]) => void;
  private readonly closelog: () => void;

  /** libc keeps the pointer, so it must live as long as the log is open. */
  private readonly ident: Buffer;

  /** @param facility a code as `facilityCode` gives it. */
  constructor(ident: ByteString, facility: number) {
    const libc = koffi.load(process.platform === 'linux' ? 'libc.so.6' : null);
    const openlog = libc.func('void openlog(void *ident, int option, int facility)') as (
      ident: Buffer,
      option: number,
      facility: number,
    ) => void;
    this.syslog = libc.func('void syslog(int priority, const char *format, ...)') as typeof this.syslog;
    this.closelog = libc.func('void closelog()') as typeof this.closelog;
    this.ident = zeroTerminated(toBuffer(ident));
    openlog(this.ident, 0, facility << 3);
  }

  /** @param text `Category, message`; NULs in it become line breaks. */
  write(level: Level, text: Buffer): void {
    this.syslog(priorities[level], '%s', 'void *', zeroTerminated(text));
  }

  close(): void {
    this.closelog();
  }
}

function zeroTerminated(text: Buffer): Buffer {
  const bytes = Buffer.alloc(text.length + 1);
  text.copy(bytes);
  for (let at = bytes.indexOf(0); at < text.length; at = bytes.indexOf(0, at)) bytes[at] = 0x0a;
  return bytes;
}
