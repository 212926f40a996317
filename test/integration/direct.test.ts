import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/program.js';
import { until } from '../support/wait.js';

const churn = join(dirname(dirname(fileURLToPath(import.meta.url))), 'support', 'churn.py');

let box: Sandbox;
let target: string;

beforeEach(() => {
  box = new Sandbox();
  target = join(box.top, 'target');
  mkdirSync(target);
});
afterEach(() => box.close());

/** What a real rsync would still have to do: contents, modes, times (of files), links, deletions. */
function differences(): string {
  const args = ['-n', '-a', '-c', '-i', '--delete', '--omit-dir-times', '--omit-link-times'];
  const { status, stdout, stderr } = spawnSync('rsync', [...args, `${box.source}/`, `${target}/`], {
    encoding: 'latin1',
  });
  return status === 0 ? stdout : `${stdout}${stderr}exit status ${status}`;
}

async function equal(ms = 120_000): Promise<void> {
  let checked = 0;
  await until(
    () => {
      if (Date.now() - checked < 500) return false;
      const left = differences();
      checked = Date.now();
      return left === '';
    },
    'equal trees',
    ms,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${differences()}\n${box.logged.slice(-3000)}`);
  });
}

const config = (keys = ''): string => `settings { logfile = "$TOP/log" }
  sync { default.direct, source = "$TOP/source", target = "$TOP/target", rsync = { archive = true }, ${keys} }`;

describe('default.direct', { timeout: 300_000 }, () => {
  it('ends equal after 2,000 random operations', async () => {
    const child = box.start(config());
    await box.logs(/Startup of ".*" finished: 0/);
    const work = spawn('python3', [churn, '3', '2000', box.source], { stdio: 'ignore' });
    await until(() => work.exitCode !== null, 'the operations', 120_000);
    expect(work.exitCode).toBe(0);
    await equal(240_000);
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
  });

  it('copies at start, then files, modes, links, renames and deletions; names are never options', async () => {
    writeFileSync(join(box.source, 'before'), 'x');
    writeFileSync(join(target, 'stale'), 'x');
    const child = box.start(config());
    await box.logs(/Startup of ".*" finished: 0/);
    await equal();
    const file = (name: string): string => join(box.source, name);
    mkdirSync(file('-rf'));
    writeFileSync(file('-rf/--help'), 'one');
    symlinkSync('../before', file('-rf/link'));
    chmodSync(file('before'), 0o600);
    await equal();
    renameSync(file('-rf'), file('$(touch x) "d"'));
    writeFileSync(file('$(touch x) "d"/--help'), 'second');
    await equal();
    rmSync(file('$(touch x) "d"'), { recursive: true });
    await equal();
    expect(existsSync(join(target, 'stale'))).toBe(false);
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
  });

  it('tries again what failed', async () => {
    const child = box.start(config());
    await box.logs(/Startup of ".*" finished: 0/);
    // A file where the directory is to be: nobody can copy into it.
    mkdirSync(join(box.source, 'd'));
    await until(() => existsSync(join(target, 'd')), 'the directory');
    rmSync(join(target, 'd'), { recursive: true });
    writeFileSync(join(target, 'd'), 'in the way');
    writeFileSync(join(box.source, 'd/f'), 'x');
    await box.logs('Retrying Create');
    rmSync(join(target, 'd'));
    mkdirSync(join(target, 'd'));
    const copied = (): string =>
      existsSync(join(target, 'd/f')) ? readFileSync(join(target, 'd/f'), 'utf8') : '';
    await until(() => copied() === 'x', 'the file', 60_000);
    child.kill('SIGTERM');
    await box.ended(child);
  });

  it('deletes nothing when told so', async () => {
    const child = box.start(config('delete = false'));
    await box.logs(/Startup of ".*" finished: 0/);
    writeFileSync(join(box.source, 'a'), 'x');
    await until(() => existsSync(join(target, 'a')), 'the file');
    rmSync(join(box.source, 'a'));
    writeFileSync(join(box.source, 'b'), 'x');
    await until(() => existsSync(join(target, 'b')), 'the next file');
    expect(existsSync(join(target, 'a'))).toBe(true);
    child.kill('SIGTERM');
    await box.ended(child);
  });

  it.each(['', ', target = ""', ', target = "/"'])('refuses no target: %j', async (keys) => {
    // A source that is not there: should the check ever fail, nothing may be deleted.
    const child = box.start(`sync { default.direct, source = "$TOP/nothing"${keys} }`);
    expect(await box.ended(child)).toBe(255);
    expect(box.stderr).toMatch(/needs "target" configured|is empty|is the root of the file system/);
  });
});
