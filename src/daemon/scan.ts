import { readdirSync } from 'node:fs';
import { asBytes, type BytePath } from '../core/bytes.js';
import type { Filter } from '../core/filter.js';
import { fromBuffer, toBuffer } from '../sys/bytes.js';

/**
 * Everything below a directory of a source now, parents before children, excluded subtrees left out.
 * What vanishes or can't be read meanwhile is left out too.
 * @param directory relative to the source, with leading and trailing slash
 */
export function* scanBelow(
  source: BytePath,
  directory: BytePath,
  filter: Filter,
  subdirs: boolean,
): Generator<BytePath> {
  const entries = read(asBytes(source + directory.slice(1)));
  for (const entry of entries) {
    const path = asBytes(directory + fromBuffer(entry.name) + (entry.isDirectory ? '/' : ''));
    if (filter.excludes(path)) continue;
    yield path;
    if (entry.isDirectory && subdirs) yield* scanBelow(source, path, filter, subdirs);
  }
}

function read(directory: BytePath): { readonly name: Buffer; readonly isDirectory: boolean }[] {
  try {
    const entries = readdirSync(toBuffer(directory), { withFileTypes: true, encoding: 'buffer' });
    return entries.map((entry) => ({
      name: entry.name,
      isDirectory: entry.isDirectory(),
    }));
  } catch {
    return [];
  }
}
