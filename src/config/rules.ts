import { readFileSync } from 'node:fs';
import { fromText, toText, type ByteString } from '../core/bytes.js';
import { LsyncdError } from '../core/errors.js';
import { parseExcludeLines, parseFilterLines, parseFilterRule, type FilterRules } from '../core/filter.js';
import { LuaRaise, isTable, type LuaTable, type LuaValue } from '../lua/vm.js';
import { fromBuffer, toBuffer } from '../sys/bytes.js';
import { errnoText } from '../sys/errno.js';

/** A string or a list of strings. @throws LuaRaise for anything else. */
function strings(key: string, value: LuaValue): ByteString[] {
  if (value === undefined || value === false) return [];
  if (typeof value === 'string') return [value];
  if (isTable(value)) {
    return Array.from({ length: value.length }, (_, i) => {
      const item = value.get(i + 1);
      if (typeof item === 'string') return item;
      if (typeof item === 'number') return fromText(String(item));
      throw new LuaRaise(`Parameter "${key}" must be a string or a list of strings.`, 1);
    });
  }
  throw new LuaRaise(`Parameter "${key}" must be a string or a list of strings.`, 1);
}

function read(kind: string, file: ByteString): ByteString {
  try {
    return fromBuffer(readFileSync(toBuffer(file)));
  } catch (cause) {
    throw new LsyncdError(
      'LSY_RULES_FILE',
      `Cannot open ${kind} file "${toText(file)}": ${toText(file)}: ${errnoText(cause)}`,
      undefined,
      {
        cause,
      },
    );
  }
}

/**
 * Filter and exclude rules of a sync from its four keys (spec/events.md, "Filters and excludes").
 * @throws LuaRaise, LsyncdError for wrong types, unreadable files and unknown rules.
 */
export function rulesOf(config: LuaTable): FilterRules {
  const filters = strings('filter', config.get('filter')).map((text) => parseFilterRule(text).rule);
  for (const file of strings('filterFrom', config.get('filterFrom')))
    filters.push(...parseFilterLines(read('filter', file)));
  const excludes = strings('exclude', config.get('exclude'));
  for (const file of strings('excludeFrom', config.get('excludeFrom')))
    excludes.push(...parseExcludeLines(read('exclude', file)));
  return { filters, excludes };
}
