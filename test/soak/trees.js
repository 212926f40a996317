import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { Buffer } from 'node:buffer';

/** What stands at a path: bytes are one char each (latin1). */
/** @typedef {{ type: string, content?: string, size?: number, mode?: number, mtime?: number }} Entry */

const bytes = (path) => Buffer.from(path, 'latin1');
const digest = (data) => createHash('md5').update(data).digest('hex');

/**
 * Reads a tree: path below the top → entry. A directory's path ends in a slash.
 * @param {string} top absolute path
 * @returns {Map<string, Entry>}
 */
export function readTree(top) {
  const tree = new Map();
  const visit = (below) => {
    for (const name of readdirSync(bytes(top + below), { encoding: 'buffer' })) {
      const path = `${below}/${name.toString('latin1')}`;
      const stat = lstatSync(bytes(top + path));
      const common = { mode: stat.mode & 0o7777, mtime: Math.floor(stat.mtimeMs / 1000) };
      if (stat.isDirectory()) {
        tree.set(`${path}/`, { type: 'directory', mode: common.mode });
        visit(path);
      } else if (stat.isSymbolicLink()) {
        tree.set(path, { type: 'link', content: readlinkSync(bytes(top + path), { encoding: 'latin1' }) });
      } else if (stat.isFile()) {
        const data = readFileSync(bytes(top + path));
        tree.set(path, { type: 'file', content: digest(data), size: data.length, ...common });
      } else tree.set(path, { type: 'other' });
    }
  };
  visit('');
  return tree;
}

/**
 * Every path at which two trees differ in one of the fields, with both sides.
 * @param {Map<string, Entry>} source
 * @param {Map<string, Entry>} target
 * @param {readonly string[]} fields of Entry, beside type and content
 * @returns {string[]} a line a path
 */
export function differences(source, target, fields = []) {
  const lines = [];
  const say = (entry) => (entry === undefined ? 'nothing' : JSON.stringify(entry));
  for (const path of [...new Set([...source.keys(), ...target.keys()])].sort()) {
    const [a, b] = [source.get(path), target.get(path)];
    const same = a && b && ['type', 'content', ...fields].every((field) => a[field] === b[field]);
    if (!same) lines.push(`${JSON.stringify(path)}: source ${say(a)}, target ${say(b)}`);
  }
  return lines;
}
