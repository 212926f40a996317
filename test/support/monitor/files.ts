import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { asBytes, type BytePath } from '../../../src/core/bytes.js';
import { compileRules, type FilterRules } from '../../../src/core/filter.js';
import { fromBuffer, toBuffer } from '../../../src/sys/bytes.js';

/** What is at a path, as a text to compare: kind, mode, content. `gone` when there is nothing. */
export function describe(path: BytePath): string {
  try {
    const bare = toBuffer(asBytes(path.replace(/(.)\/$/, '$1')));
    const stats = lstatSync(bare);
    const mode = (stats.mode & 0o7777).toString(8);
    if (stats.isDirectory()) return `dir ${mode}`;
    if (stats.isSymbolicLink()) return `link ${readlinkSync(bare, 'latin1')}`;
    if (!stats.isFile()) return `other ${mode}`;
    return `file ${mode} ${readFileSync(bare, 'latin1')}`;
  } catch {
    return 'gone';
  }
}

/** Everything below a directory (trailing slash): path relative to it, directories with a slash → description.
 * What the rules leave out is left out. */
export function readTree(
  source: BytePath,
  rules: FilterRules = { filters: [], excludes: [] },
): Map<string, string> {
  const filter = compileRules(rules);
  const tree = new Map<string, string>();
  const walk = (directory: string): void => {
    const absolute = asBytes(source + directory.slice(1));
    for (const entry of readdirSync(toBuffer(absolute), { withFileTypes: true, encoding: 'buffer' })) {
      const name = fromBuffer(entry.name);
      const path = directory + name + (entry.isDirectory() ? '/' : '');
      if (filter.excludes(asBytes(path))) continue;
      tree.set(path, describe(asBytes(source + path.slice(1))));
      if (entry.isDirectory()) walk(path);
    }
  };
  walk('/');
  return tree;
}
