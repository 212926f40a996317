import { asBytes, fromText, toText, type BytePath, type ByteString } from '../core/bytes.js';
import type { EventType, Millis } from '../core/event.js';
import type { FilterRules } from '../core/filter.js';
import { toBuffer } from '../sys/bytes.js';
import { ctime } from './ctime.js';
import { ReplacedFile } from './replaced-file.js';

/** One queued thing. */
export interface DelayLine {
  readonly status: string;
  readonly etype: EventType;
  readonly path: BytePath;
  readonly path2?: BytePath | undefined;
}

/** One sync's block. */
export interface SyncReport {
  readonly name: ByteString;
  readonly source: BytePath;
  readonly delays: readonly DelayLine[];
  readonly rules: FilterRules;
  /** What is wrong with it, after lsyncd's own lines. */
  readonly troubles?: readonly ByteString[];
}

/** One watched directory. */
export interface WatchLine {
  /** The monitor's number of it. */
  readonly id: number;
  readonly path: BytePath;
}

/** One tunnel's lines. */
export interface TunnelReport {
  readonly name: ByteString;
  readonly status: 'UP' | 'CONNECTING' | 'DOWN';
  readonly running: number;
}

/** All that the file shows. */
export interface StatusSnapshot {
  readonly syncs: readonly SyncReport[];
  readonly tunnels?: readonly TunnelReport[];
  readonly monitor: string;
  readonly watches: readonly WatchLine[];
}

export interface StatusWriterOptions {
  readonly path: ByteString;
  /** Seconds. */
  readonly interval: number;
  readonly warn: (message: string) => void;
  readonly clock?: () => Date;
}

/** Lines gathered into one piece: big watch lists are never one string. */
const linesPerPiece = 4_096;

/** Least ms before a file that could not be written is tried again: an interval may be 0. */
const retryPause = 1_000;

/** lsyncd pads a delay's status to this. */
const statusWidth = 7;

function* syncLines(sync: SyncReport): Generator<string> {
  yield `${sync.name} source=${sync.source}`;
  yield `There are ${sync.delays.length} delays`;
  for (const { status, etype, path, path2 } of sync.delays) {
    const moved = path2 === undefined ? '' : ` -> ${path2}`;
    yield `${status.padEnd(statusWidth)}${etype} ${path}${moved}`;
  }
  yield 'Filtering:';
  const { filters, excludes } = sync.rules;
  yield* filters;
  if (excludes.length > 0) yield 'From excludes:';
  for (const pattern of excludes) yield `- ${pattern}`;
  if (filters.length + excludes.length === 0) yield '  nothing.';
  yield* sync.troubles ?? [];
  yield '';
  yield '';
}

function* lines(snapshot: StatusSnapshot): Generator<string> {
  yield '';
  for (const sync of snapshot.syncs) yield* syncLines(sync);
  for (const tunnel of snapshot.tunnels ?? []) {
    yield `Tunnel: name=${tunnel.name} status=${tunnel.status}`;
    yield `Running processes: ${tunnel.running}`;
  }
  const name = fromText(snapshot.monitor.charAt(0).toUpperCase() + snapshot.monitor.slice(1));
  yield `${name} watching ${snapshot.watches.length} directories`;
  for (const { id, path } of snapshot.watches) yield `  ${id}: ${path}`;
}

function head(date: Date): string {
  return `Lsyncd status report at ${ctime(date)}\n`;
}

/** Everything below the first line, in pieces. */
function* body(snapshot: StatusSnapshot): Generator<ByteString> {
  let piece: string[] = [];
  for (const line of lines(snapshot)) {
    piece.push(line);
    if (piece.length < linesPerPiece) continue;
    yield asBytes(`${piece.join('\n')}\n`);
    piece = [];
  }
  if (piece.length > 0) yield asBytes(`${piece.join('\n')}\n`);
}

/** The status file's text (spec/output.md, "Status file"); `date` is shown in local time. */
export function renderStatus(snapshot: StatusSnapshot, date: Date): ByteString {
  return asBytes(head(date) + [...body(snapshot)].join(''));
}

/**
 * Decides when the status file is written and writes it: at most every `interval` seconds, and only after
 * something changed. The program tells `changed`, asks `due`, and calls `write` when that time has come.
 * Times are those of the program's monotonic clock.
 */
export class StatusWriter {
  /** Since when there is something to write. */
  private changedAt: Millis | undefined;
  private lastWrite = -Infinity;
  private warned = false;
  private readonly clock: () => Date;
  private readonly file: ReplacedFile;

  constructor(private readonly options: StatusWriterOptions) {
    this.clock = options.clock ?? (() => new Date());
    this.file = new ReplacedFile(options.path);
  }

  /** What the file shows may have changed. */
  changed(now: Millis): void {
    this.changedAt ??= now;
  }

  /** When to write next (not after `now`: at once); undefined when nothing has changed. */
  due(): Millis | undefined {
    if (this.changedAt === undefined) return undefined;
    return Math.max(this.changedAt, this.lastWrite + this.options.interval * 1000);
  }

  /**
   * Writes the file, unless it would say what it says already. Never throws: a file that cannot be written
   * is warned about once and tried again an interval later (1 s at least); so is told that it works again.
   */
  write(snapshot: StatusSnapshot, now: Millis): void {
    this.changedAt = undefined;
    this.lastWrite = now;
    try {
      this.file.replace(toBuffer(asBytes(head(this.clock()))), Array.from(body(snapshot), toBuffer));
      if (this.warned) this.options.warn(`Status file '${toText(this.options.path)}' can be written again`);
      this.warned = false;
    } catch (error) {
      this.changedAt = now + retryPause;
      if (this.warned) return;
      this.warned = true;
      this.options.warn(
        `Cannot write status file '${toText(this.options.path)}': ${(error as Error).message}`,
      );
    }
  }
}
