import type { LuaTable } from '../lua/vm.js';
import { toNumber } from '../lua/vm.js';
import type { Settings } from '../config/settings.js';
import { asBytes, type BytePath, type ByteString } from '../core/bytes.js';
import type { EventType, Millis } from '../core/event.js';

/** Failures in a row after which a path is out of the others' way, unless the config says otherwise. */
const usual = 10;

/** Paths told by name at once; the rest is counted. */
const named = 20;

/** A queued thing that may have failed. */
interface Tried {
  readonly etype: EventType;
  readonly path: BytePath;
  readonly tries: number;
  readonly alarm: Millis;
}

/** After how many failures in a row a path of this sync is quarantined: its own number, or the settings'. */
export function quarantineAfter(config: LuaTable, settings: Settings): number {
  return toNumber(config.get('quarantineAfter')) ?? settings.quarantineAfter ?? usual;
}

/** What is about a path, not about everything. */
const isPath = ({ path }: Tried): boolean => path !== '' && path !== '/';

/** Log lines for what has just failed for the last time before its quarantine. */
export function* newlyQuarantined(
  source: BytePath,
  delays: Iterable<Tried>,
  limit: number,
): Generator<ByteString> {
  let more = 0;
  for (const delay of delays) {
    if (delay.tries !== limit || !isPath(delay)) continue;
    if (++more <= named)
      yield asBytes(
        `${source}${delay.path.slice(1)} quarantined after ${limit} failures: tried every 5 minutes and with each full sync from now on.`,
      );
  }
  if (more > named) yield asBytes(`${more - named} more paths of ${source} quarantined.`);
}

/** Lines for the status file: what is quarantined. */
export function* quarantineLines(delays: Iterable<Tried>, limit: number, now: Millis): Generator<ByteString> {
  for (const delay of delays)
    if (delay.tries >= limit && isPath(delay))
      yield asBytes(
        `Quarantined: ${delay.etype} ${delay.path}, ${delay.tries} failures, next try ${within(delay.alarm - now)}`,
      );
}

/** `in 7 s` */
export function within(ms: Millis): string {
  return ms <= 0 ? 'now' : `in ${Math.ceil(ms / 1000)} s`;
}
