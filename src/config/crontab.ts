import { Cron } from 'croner';
import { toText } from '../core/bytes.js';
import { isTable, LuaRaise, type LuaTable } from '../lua/vm.js';

/** Second, minute, hour, day of month, month, day of week. */
const fieldCount = 6;

/**
 * The `crontab` of a sync: expressions of six fields (spec/defaults.md, "crontab"), checked.
 * @throws LuaRaise naming the expression
 */
export function crontabOf(config: LuaTable): readonly string[] {
  const given = config.get('crontab');
  if (given === undefined || given === false) return [];
  const list = isTable(given) ? Array.from({ length: given.length }, (_, i) => given.get(i + 1)) : [given];
  return list.map((item) => {
    if (typeof item !== 'string')
      throw new LuaRaise(
        'Parameter "crontab" must be a list of strings "SEC MIN HOUR DAY MONTH WEEKDAY".',
        1,
      );
    const text = toText(item);
    try {
      if (text.trim().split(/\s+/).length !== fieldCount) throw new Error(`it needs ${fieldCount} fields`);
      if (new Cron(text, { paused: true }).nextRun() === null) throw new Error('it never comes');
    } catch (cause) {
      throw new LuaRaise(`crontab "${text}" is no time: ${(cause as Error).message}`, 1);
    }
    return text;
  });
}
