import { Buffer } from 'node:buffer';
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, URL } from 'node:url';
import { BucketTarget, bucketTree } from './bucket.js';
import { readTree } from './trees.js';

/**
 * @typedef {object} Engine
 * @property {(box: { source: string, disk: string, top: string }) => string} sync the config's sync
 * @property {string[]} fields what beside types and bytes must be equal
 * @property {string[]} writer arguments for the writers
 * @property {string[]} faults kinds that can strike it
 * @property {(box: object, options: object) => Promise<object>} [target] where it goes, if not to a disk
 * @property {(source: string) => Map<string, object>} [expected] what the target must hold
 * @property {boolean} [real] the installed lsyncd can run it too
 */

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const lua = (text) => JSON.stringify(text);
const local = ['kill', 'hup', 'overflow', 'full'];

const layer3 = ({ source, disk }) => {
  const mirror = (how, words) => lua(`sh '${here('mirror.sh')}' ${how} ${words}`);
  const put = mirror('put', '^sourcePathname ^targetPathname');
  return `local exits = { [0] = "ok" }
for code = 1, 255 do exits[code] = "again" end
sync {
  source = ${lua(source)}, target = ${lua(join(disk, 'target'))}, delay = 1, maxProcesses = 1, exitcodes = exits,
  onStartup = "rsync -a --delete --force ^source ^target/",
  onCreate = ${put}, onModify = ${put},
  onDelete = ${mirror('remove', '^sourcePathname ^targetPathname')},
  onMove = ${mirror('move', '^o.targetPathname ^d.sourcePathname ^d.targetPathname')},
}`;
};

const inherited =
  (name, extra) =>
  ({ source, disk }) =>
    `sync { default.${name}, source = ${lua(source)}, target = ${lua(join(disk, 'target'))}, delay = 1${extra} }`;

const qsctl = ({ source }) => {
  const command = lua('/path/to/qsctl sync ^source ^target --delete');
  const callbacks = ['onCreate', 'onModify', 'onDelete', 'onMove', 'onStartup'];
  return `bash = { delay = 1, maxProcesses = 1, ${callbacks.map((name) => `${name} = ${command}`).join(', ')} }
sync { bash, source = ${lua(source)}, target = "qs://soak" }`;
};

const bucket = {
  target: (box, options) => BucketTarget.open(box, options),
  expected: bucketTree,
  fields: [],
  faults: ['kill', 'hup', 'overflow', 'outage', 'http'],
};

/** @type {Record<string, Engine>} */
export const engines = {
  // A link's content is followed only when the link itself changes: these point nowhere.
  qingstor: { ...bucket, sync: qsctl, writer: ['--unique-sizes', '--hardlinks', '--dangling'] },
  parts: {
    ...bucket,
    sync: ({ source }) =>
      `sync { default.qingstor, source = ${lua(source)}, target = "qs://soak", delay = 1, delete = true, qingstor = { partSize = 4194304 } }`,
    writer: ['--unique-sizes', '--hardlinks', '--dangling', '--big', '9000000'],
  },
  layer3: {
    sync: layer3,
    fields: [],
    writer: ['--unique-sizes', '--hardlinks', '--invalid-utf8'],
    faults: local,
    real: true,
  },
  direct: {
    sync: inherited('direct', ''),
    fields: [],
    writer: ['--unique-sizes', '--hardlinks', '--invalid-utf8'],
    faults: local,
    real: true,
  },
  rsync: {
    sync: inherited('rsync', ', rsync = { archive = true }'),
    fields: ['mode', 'mtime'],
    writer: ['--unique-sizes', '--hardlinks', '--invalid-utf8'],
    faults: local,
    real: true,
  },
};

/** The target on a small disk of its own, which can be filled up. */
export class DiskTarget {
  constructor(disk) {
    this.disk = disk;
    this.top = join(disk, 'target');
    this.filler = join(disk, 'filler');
    mkdirSync(this.top, { recursive: true });
  }

  read() {
    return readTree(this.top);
  }

  /** Names of the program's temporary files that are still there; a user's file may be called anything else. */
  leftovers() {
    return [...this.read().keys()].filter((path) => /\.lsyncd|\.~tmp~/.test(path));
  }

  has(name) {
    return readdirSync(this.top).includes(name) && statSync(join(this.top, name)).size > 0;
  }

  /** Fills the disk. */
  async down() {
    for (let n = 0, size = 1 << 22; size >= 4096;)
      try {
        writeFileSync(`${this.filler}.${n++}`, Buffer.alloc(size));
      } catch {
        size >>= 2;
      }
  }

  async up() {
    for (const name of readdirSync(this.disk))
      if (name.startsWith('filler.')) rmSync(join(this.disk, name), { force: true });
  }

  async close() {}
}
