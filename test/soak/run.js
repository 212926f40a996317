/**
 * The soak: writers change a tree at random while faults strike the program and its target; then source and
 * target must be equal.   node test/soak/run.js --engine layer3 --seed 7 --ops 5000 --kills 5 [--real]
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';
import { parseArgs } from 'node:util';
import { engines } from './engines.js';
import { soak } from './soak.js';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const repo = here('../../');

const numbers = {
  seed: 1, ops: 2000, writers: 3, rate: 250, kills: 3, outages: 3, https: 2, hups: 1, overflows: 1, fulls: 1,
  faultMs: 1500, settle: 120, disk: 512, queue: 0,
}; // prettier-ignore

function options() {
  const { values } = parseArgs({
    options: {
      engine: { type: 'string', default: 'layer3' },
      real: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      dist: { type: 'string', default: join(repo, 'dist') },
      sandbox: { type: 'string' },
      ...Object.fromEntries(Object.keys(numbers).map((key) => [key, { type: 'string' }])),
    },
  });
  const given = { ...values };
  for (const [key, value] of Object.entries(numbers)) {
    given[key] = Number(values[key] ?? value);
    if (!Number.isFinite(given[key]) || given[key] < 0) throw new Error(`--${key} must be a number >= 0`);
  }
  if (!(given.engine in engines))
    throw new Error(`--engine must be one of ${Object.keys(engines).join(', ')}`);
  return given;
}

/** A directory of the soak's own with a copy of the built program: a rebuild meanwhile changes nothing. */
function sandbox(dist) {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'lsyncd-soak-')));
  for (const name of ['source', 'outside', 'logs', 'home', 'program']) mkdirSync(join(top, name));
  cpSync(dist, join(top, 'program/dist'), { recursive: true });
  symlinkSync(join(repo, 'node_modules'), join(top, 'program/node_modules'));
  writeFileSync(join(top, 'program/package.json'), '{"type":"module"}');
  return top;
}

/** Runs this file again as the second process of a namespace where only the sandbox can be written. */
async function jailed(given) {
  const top = sandbox(given.dist);
  const passed = process.argv.slice(2);
  const inner = [process.execPath, here('run.js'), ...passed, '--sandbox', top];
  const space = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'];
  const run = spawn('unshare', [...space, 'bash', here('jail.sh'), top, String(given.disk), ...inner], {
    stdio: 'inherit',
    env: { ...process.env, LSYNCD_SOAK_JAIL: '1', HOME: join(top, 'home'), TMPDIR: top },
  });
  // The namespace ends with unshare, and all its processes with the namespace.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => run.kill('SIGKILL'));
  const code = await new Promise((resolve, reject) => {
    run.on('error', reject);
    run.on('exit', (status) => resolve(status ?? 1));
  });
  if (code === 0 && !given.keep) rmSync(top, { recursive: true, force: true });
  else process.stdout.write(`logs: ${top}/logs\n`);
  return code;
}

const given = options();
if (given.sandbox === undefined) process.exitCode = await jailed(given);
else if (process.env['LSYNCD_SOAK_JAIL'] !== '1') throw new Error('--sandbox is for the soak itself');
else process.exitCode = await soak(given, given.sandbox);
