/**
 * Random file operations at full speed, for monitors to follow: `node churn.js SEED COUNT DIR…`. The first
 * directories are trees to work in (moves go between them), one after `--` is out of sight of the monitor.
 * Prints how many operations worked.
 */
import process from 'node:process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const [seedText, countText, ...rest] = process.argv.slice(2);
const border = rest.indexOf('--');
const trees = border < 0 ? rest : rest.slice(0, border);
const outside = border < 0 ? [] : rest.slice(border + 1);
const places = [...trees, ...trees, ...trees, ...outside];

/** mulberry32 */
let state = Number(seedText) >>> 0;
function random(below) {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % below;
}
const pick = (list) => list[random(list.length)];
// Few names, so that they are used again and again.
const dirNames = ['d', 'e', 'f', 'g'];
const fileNames = ['1', '2', '3', '4', '5'];

/** A directory that exists: some steps down from a tree's top. */
function somewhere() {
  let at = pick(places);
  for (let depth = random(5); depth > 0; depth--) {
    const below = readdirSync(at, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    if (below.length === 0) break;
    at = join(at, pick(below).name);
  }
  return at;
}
const dir = () => join(somewhere(), pick(dirNames));
const file = () => join(somewhere(), pick(fileNames));
let written = 0;

const operations = [
  [6, () => mkdirSync(dir())],
  [
    3,
    () => {
      const path = join(dir(), pick(dirNames), pick(dirNames));
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, pick(fileNames)), `deep ${written++}`);
    },
  ],
  [8, () => writeFileSync(file(), `content ${written++}`)],
  [4, () => appendFileSync(file(), `+${written++}`)],
  [3, () => unlinkSync(file())],
  [5, () => renameSync(file(), file())],
  [6, () => renameSync(dir(), dir())],
  [
    3,
    () => {
      // A name that is taken again at once.
      const [from, to] = [dir(), dir()];
      renameSync(from, to);
      mkdirSync(from);
      writeFileSync(join(from, pick(fileNames)), `again ${written++}`);
    },
  ],
  [
    2,
    () => {
      const [from, via, to] = [dir(), dir(), dir()];
      renameSync(from, via);
      renameSync(via, to);
    },
  ],
  [
    2,
    () => {
      const path = dir();
      mkdirSync(join(path, 'd'), { recursive: true });
      writeFileSync(join(path, 'd', '1'), `short ${written++}`);
      renameSync(path, dir());
    },
  ],
  [1, () => rmdirSync(dir())],
  [1, () => rmSync(dir(), { recursive: true })],
  [
    1,
    () => {
      const path = dir();
      rmSync(path, { recursive: true });
      mkdirSync(path);
      writeFileSync(join(path, '1'), `new ${written++}`);
    },
  ],
  [2, () => chmodSync(file(), random(2) === 0 ? 0o600 : 0o644)],
  [1, () => chmodSync(dir(), random(2) === 0 ? 0o700 : 0o755)],
  [1, () => symlinkSync(pick(dirNames), file())],
].flatMap(([weight, run]) => Array.from({ length: weight }, () => run));

let worked = 0;
for (let left = Number(countText); left > 0; left--) {
  try {
    pick(operations)();
    worked++;
  } catch (error) {
    // Not there, there already, into itself …: the next one.
    if (error.code === undefined) throw error;
  }
}
for (const tree of trees) statSync(tree);
process.stdout.write(`${worked}\n`);
