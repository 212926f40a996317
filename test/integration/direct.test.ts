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
  const args = ['-n', '-a', '-c', '-i', '--delete'];
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
  it.each(['3', '11'])('ends equal after 2,000 random operations, seed %s', async (seed) => {
    const child = box.start(config());
    await box.logs(/Startup of ".*" finished: 0/);
    const work = spawn('python3', [churn, seed, '2000', box.source], { stdio: 'ignore' });
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

  it('tries again what failed, and says why', async () => {
    const child = box.start(config());
    await box.logs(/Startup of ".*" finished: 0/);
    renameSync(target, `${target}.away`);
    writeFileSync(join(box.source, 'f'), 'x');
    await box.logs(/Retrying Create .*\/f: target missing: .* is no directory now; create or mount it/);
    renameSync(`${target}.away`, target);
    const copied = (): string =>
      existsSync(join(target, 'f')) ? readFileSync(join(target, 'f'), 'utf8') : '';
    await until(() => copied() === 'x', 'the file', 60_000);
    child.kill('SIGTERM');
    await box.ended(child);
  });

  it('starts no child process for an event, and none at all without an rsync', async () => {
    mkdirSync(join(box.source, 'd'));
    writeFileSync(join(box.source, 'd/before'), 'x');
    writeFileSync(join(box.source, 'skipped.tmp'), 'x');
    writeFileSync(join(target, 'stale'), 'x');
    const child = box.start(
      `settings { logfile = "$TOP/log" }
       sync { default.direct, source = "$TOP/source", target = "$TOP/target", delay = 0.1, exclude = { "*.tmp" },
              rsync = { binary = "$TOP/no-rsync" } }`,
      { args: ['-log', 'Exec'] },
    );
    await box.logs(/recursive startup copy: .* \(there is no .*no-rsync\)/);
    await box.logs(/Startup of ".*" finished: 0/);
    expect(existsSync(join(target, 'skipped.tmp'))).toBe(false);
    rmSync(join(box.source, 'skipped.tmp'));
    mkdirSync(join(box.source, 'e'));
    writeFileSync(join(box.source, 'e/f'), 'x');
    await equal();
    renameSync(join(box.source, 'e'), join(box.source, 'd/e'));
    rmSync(join(box.source, 'd/before'));
    await equal();
    const exec = box.logged.split('\n').filter((line) => line.includes('Exec:'));
    expect(exec.join('\n')).toMatch(/move \/e/);
    for (const line of exec)
      expect(line).toMatch(/Exec: (default\.direct: (startup|\d+ events)|(copy|mkdir|move|delete) \/)/);
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
  });

  it("works from an action of one's own, with a collect of one's own", async () => {
    const child = box.start(`settings { logfile = "$TOP/log" }
      sync { default.direct, source = "$TOP/source", target = "$TOP/target", delay = 0.1,
        action = function(inlet) log("Normal", "mine") default.direct.action(inlet) end,
        collect = function(agent, code)
          if agent.isList then log("Normal", "collected ", tostring(agent.size()), " with ", tostring(code)) end
          return default.direct.collect(agent, code)
        end }`);
    await box.logs(/Startup of ".*" finished: 0/);
    writeFileSync(join(box.source, 'f'), 'x');
    await box.logs(/mine/);
    await box.logs(/collected \d with 0/);
    await equal();
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
