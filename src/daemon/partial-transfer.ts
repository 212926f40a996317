import type { Agent } from '../lua/objects/host.js';
import { asBytes, type BytePath } from '../core/bytes.js';
import type { Delay } from '../core/delay.js';
import type { FsEvent, Millis } from '../core/event.js';
import type { PartialFailures } from '../core/partial.js';
import type { DelayQueue } from '../core/queue.js';
import { collectResult, type Sync } from '../core/sync.js';

/** Exit code of an action that has done its work but for some files; rsync's, and that of work in this process. */
export const partialTransfer = 23;

/** Paths told by name after one transfer; the rest is counted. */
const namedPaths = 20;

/** The sync such a transfer belongs to. */
export interface PartialPort {
  readonly sync: Sync<DelayQueue>;
  readonly queue: DelayQueue;
  excludes(path: BytePath): boolean;
  enter(event: FsEvent, at: Millis): Delay;
  /** When what failed comes again, by the number of failures in a row. */
  alarm(now: Millis): (tries: number) => Millis;
}

/**
 * Not everything could be transferred: what was named comes again, or all of it; the rest is done.
 * @param who what the log calls the one that transfers
 * @returns the delays that come again, and the line for the log
 */
export function collectPartial(
  port: PartialPort,
  { delays, isList }: Agent,
  failures: PartialFailures,
  who: string,
  now: Millis,
): { readonly failed: readonly Delay[]; readonly told: string } {
  const understood = failures.complete && failures.paths.size + failures.trees.size > 0;
  const failed = failedDelays(delays, isList, understood ? failures : undefined);
  port.queue.again(failed, port.alarm(now));
  const left = new Set(failed);
  const done = delays.filter((delay) => !left.has(delay));
  collectResult(port.sync, done, 'done', now);
  const known = new Set(failed.flatMap(({ path, path2 }) => [path, path2 ?? path]).map(bare));
  if (!isList || understood) retryNamed(port, failures, known, now);
  const names = [...failures.trees, ...failures.paths];
  const shown = names.length > 0 ? ` Not synced: ${names.slice(0, namedPaths).join(' ')}` : '';
  const more = names.length > namedPaths ? ` and ${names.length - namedPaths} more` : '';
  const again = !isList && names.length === 0 ? '' : ' What failed is tried again.';
  return { failed, told: `${who} could not transfer everything (23).${again}${shown}${more}` };
}

/** @param failures undefined: it is not known what failed */
function failedDelays(
  delays: readonly Delay[],
  isList: boolean,
  failures: PartialFailures | undefined,
): readonly Delay[] {
  // A transfer of everything is over; what it named is queued by itself.
  if (!isList) return [];
  return failures === undefined ? delays : delays.filter((delay) => failsWith(delay, failures));
}

/** Queues what was named, and no queued event is about, as if it had failed once. */
function retryNamed(
  port: PartialPort,
  { paths, trees }: PartialFailures,
  known: ReadonlySet<string>,
  now: Millis,
): void {
  // To rsync, whatever it is called with, a directory's Delete means: bring everything below it.
  const events: FsEvent[] = [
    ...[...trees].map((path): FsEvent => ({ kind: path === '/' ? 'Modify' : 'Delete', path })),
    ...[...paths].map((path): FsEvent => ({ kind: 'Modify', path })),
  ];
  for (const event of events) {
    if (known.has(bare(event.path)) || port.excludes(event.path)) continue;
    const delay = port.enter(event, now);
    if (delay.tries > 0 || delay.status === 'active') continue;
    port.queue.start([delay]);
    port.queue.again([delay], port.alarm(now));
  }
}

const bare = (path: BytePath): string => path.replace(/\/$/, '');

/** Has the transfer named what this delay is about, or something in a directory it is to remove? */
function failsWith({ etype, path, path2 }: Delay, { paths, trees }: PartialFailures): boolean {
  if (etype === 'Delete' && trees.has(path)) return true;
  if ([path, path2 ?? path].some((each) => paths.has(asBytes(bare(each))))) return true;
  const whole = (etype === 'Delete' || etype === 'Move') && path.endsWith('/');
  return whole && [...paths, ...trees].some((each) => each.startsWith(path));
}
