import { lstatSync, readdirSync } from 'node:fs';
import { asBytes, type BytePath } from '../../src/core/bytes.js';
import { fromBuffer, toBuffer } from '../../src/sys/bytes.js';

/** Every path below a directory (with trailing slash) as events name them. */
export function treeOf(source: BytePath, below = asBytes('/')): Set<string> {
  const paths = new Set<string>();
  for (const name of readdirSync(toBuffer(asBytes(source + below.slice(1))), { encoding: 'buffer' })) {
    const path = asBytes(below + fromBuffer(name));
    if (lstatSync(toBuffer(asBytes(source + path.slice(1)))).isDirectory()) {
      paths.add(`${path}/`);
      for (const inner of treeOf(source, asBytes(`${path}/`))) paths.add(inner);
    } else paths.add(path);
  }
  return paths;
}
