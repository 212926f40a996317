/**
 * The bucket is down while many files change: memory of the program before, during and after, the log lines it
 * writes meanwhile, and equality once the bucket is back.   node test/soak/target-down.js --files 200000
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BucketTarget } from './bucket.js';
import { engines } from './engines.js';
import { inJail, jailed, repository } from './jail.js';
import { box, prepare, quiet } from './soak.js';
import { differences } from './trees.js';

const say = (line) => process.stdout.write(`${line}\n`);

/** Resident memory of the program in MiB. */
function memory(program) {
  const status = readFileSync(`/proc/${program.child.pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)[1]) / 1024;
}

const lines = (program) => program.logFile.split('\n').length - 1;

/** Changes all files, a directory of a thousand at a time, and gives the biggest memory seen. */
async function change(source, files, program) {
  let most = 0;
  for (let n = 0; n < files; n++) {
    const dir = join(source, `d${Math.floor(n / 1000)}`);
    if (n % 1000 === 0) {
      mkdirSync(dir, { recursive: true });
      await pause(1);
      most = Math.max(most, memory(program));
    }
    writeFileSync(join(dir, `f${n % 1000}`), `file ${n}\n`);
  }
  return most;
}

async function run(given, top) {
  const at = box(top);
  const options = { ...given, seed: 1, real: false, settle: given.settle };
  const engine = engines.qingstor;
  const target = await BucketTarget.open(at, options);
  const program = prepare(at, options, engine);
  program.start();
  const parts = { at, program, target, options };
  if (!(await quiet(parts))) throw new Error('the program did not come to rest at first');
  say(`before: ${memory(program).toFixed(0)} MiB, ${lines(program)} log lines`);
  await target.down();
  const before = lines(program);
  const began = Date.now();
  let most = await change(at.source, given.files, program);
  for (const end = Date.now() + 15_000; Date.now() < end; await pause(250))
    most = Math.max(most, memory(program));
  const seconds = (Date.now() - began) / 1000;
  say(
    `down for ${seconds.toFixed(0)} s while ${given.files} files changed: at most ${most.toFixed(0)} MiB, ` +
      `${lines(program) - before} log lines`,
  );
  await target.up();
  const back = Date.now();
  const calm = await quiet(parts);
  const found = differences(engine.expected(at.source), await target.read());
  say(
    `up again: ${calm ? 'quiet' : 'NOT QUIET'} after ${((Date.now() - back) / 1000).toFixed(0)} s, ` +
      `${memory(program).toFixed(0)} MiB, unexpected ends ${program.unexpected.length}, differences: ${found.length}`,
  );
  for (const line of found.slice(0, 10)) say(`  ${line}`);
  await program.stop(10_000);
  await target.close();
  return calm && found.length === 0 && program.unexpected.length === 0 ? 0 : 1;
}

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '200000' },
    settle: { type: 'string', default: '420' },
    dist: { type: 'string', default: join(repository, 'dist') },
    sandbox: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const given = { ...values, files: Number(values.files), settle: Number(values.settle), disk: 16 };
if (given.sandbox === undefined) process.exitCode = await inJail(fileURLToPath(import.meta.url), given);
else if (!jailed()) throw new Error('--sandbox is for the script itself');
else process.exitCode = await run(given, given.sandbox);
