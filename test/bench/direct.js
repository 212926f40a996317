/**
 * What a burst costs default.direct: N small files made, then changed, then their directory renamed and removed. Ours
 * and the installed lsyncd, one after the other, the same work: seconds until the trees are equal, CPU seconds of the
 * program with its children, and the ratio. `node test/bench/direct.js [N]`, after a build; both write only to
 * a directory of the benchmark's own.
 */
import { spawn, spawnSync } from 'node:child_process';
import console from 'node:console';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const files = Number(process.argv[2] ?? 1000);
const programs = {
  'lsyncd-ts': [process.execPath, join(dirname(dirname(here)), 'dist', 'cli', 'main.js')],
  lsyncd: ['lsyncd'],
};

/** CPU seconds of a process and of its children that have ended. */
function cpu(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
}

function isEqual(top) {
  const args = [
    '-n',
    '-r',
    '-l',
    '-c',
    '-i',
    '--delete',
    '--omit-dir-times',
    `${top}/source/`,
    `${top}/target/`,
  ];
  const { status, stdout } = spawnSync('rsync', args, { encoding: 'latin1', maxBuffer: 1 << 28 });
  return status === 0 && stdout === '';
}

async function until(condition) {
  while (!condition()) await setTimeout(50);
}

const steps = [
  ['make', (d) => each(d, (file, i) => writeFileSync(file, `content ${i}`))],
  ['change', (d) => each(d, (file, i) => writeFileSync(file, `changed content ${i}`))],
  ['rename', (d) => renameSync(d, `${d}.renamed`)],
  ['remove', (d) => rmSync(`${d}.renamed`, { recursive: true })],
];

function each(directory, work) {
  mkdirSync(directory, { recursive: true });
  for (let i = 0; i < files; i++) work(join(directory, `file-${i}`), i);
}

async function measure(command) {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'lsyncd-bench-')));
  for (const name of ['source', 'target']) mkdirSync(join(top, name));
  const config = join(top, 'conf');
  writeFileSync(
    config,
    `settings { logfile = "${top}/log", statusFile = "${top}/status" }
sync { default.direct, source = "${top}/source", target = "${top}/target" }\n`,
  );
  const child = spawn(command[0], [...command.slice(1), '-nodaemon', config], { stdio: 'ignore', cwd: top });
  const log = () => {
    try {
      return readFileSync(join(top, 'log'), 'latin1');
    } catch {
      return '';
    }
  };
  try {
    await until(() => log().includes('finished: 0'));
    const result = {};
    for (const [name, work] of steps) {
      const [from, spent] = [performance.now(), cpu(child.pid)];
      work(join(top, 'source', 'd'));
      await until(() => isEqual(top));
      // A child still counts only once it has ended.
      await setTimeout(500);
      result[name] = { wall: (performance.now() - from) / 1000 - 0.5, cpu: cpu(child.pid) - spent };
    }
    return result;
  } finally {
    child.kill('SIGTERM');
    await until(() => child.exitCode !== null || child.signalCode !== null);
    rmSync(top, { recursive: true, force: true });
  }
}

const results = {};
for (const [name, command] of Object.entries(programs)) results[name] = await measure(command);
console.log(`${files} files, seconds until equal (CPU seconds); the sync's delay is 1 s`);
for (const [step] of steps) {
  const [ours, theirs] = ['lsyncd-ts', 'lsyncd'].map((name) => results[name][step]);
  const shown = ({ wall, cpu }) => `${wall.toFixed(1)} s (${cpu.toFixed(2)} s)`;
  const ratio = theirs.cpu / Math.max(0.01, ours.cpu);
  console.log(`${step}: lsyncd-ts ${shown(ours)}, lsyncd ${shown(theirs)}; CPU ratio ${ratio.toFixed(1)}`);
}
