import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/program.js';
import { Sshd } from '../support/sshd.js';
import { until } from '../support/wait.js';

const churn = join(dirname(dirname(fileURLToPath(import.meta.url))), 'support', 'churn.py');

let box: Sandbox;
let target: string;
let sshd: Sshd | undefined;

beforeEach(() => {
  box = new Sandbox();
  target = join(box.top, 'target');
  mkdirSync(target);
});
afterEach(async () => {
  await box.close();
  await sshd?.stop();
  sshd = undefined;
});

const read = (path: string): string | undefined =>
  existsSync(path) ? readFileSync(path, 'utf8') : undefined;

/** What a real rsync would still have to do, deletions, modes and times (to the second) included. */
function differences(to = target): string {
  const args = ['-n', '-a', '-c', '-i', '--delete', '--omit-dir-times', `${box.source}/`, `${to}/`];
  const { status, stdout, stderr } = spawnSync('rsync', args, { encoding: 'latin1' });
  // Files may vanish while it looks: then the trees are not at rest.
  return status === 0 ? stdout : `${stdout}${stderr}exit status ${status}`;
}

async function equal(ms = 60_000): Promise<void> {
  let checked = 0;
  await until(
    () => {
      // Asking costs a whole rsync: not at every glance.
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

/** Random operations in a process of their own. */
async function operate(seed: number, count: number): Promise<void> {
  const child = spawn('python3', [churn, String(seed), String(count), box.source], { stdio: 'ignore' });
  await until(() => child.exitCode !== null, 'the operations', 120_000);
  expect(child.exitCode).toBe(0);
}

describe('default.rsync', { timeout: 300_000 }, () => {
  it.each([1, 2])('ends equal after 2,000 random operations (seed %i)', async (seed) => {
    const child = box.start(`settings { logfile = "$TOP/log" }
      sync { default.rsync, source = "$TOP/source", target = "$TOP/target", delay = 1, rsync = { archive = true } }`);
    await box.logs(/Startup of .* finished/);
    await operate(seed, 2_000);
    await equal();
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
  });

  it('deletes at start and while running as `delete` says', async () => {
    writeFileSync(join(target, 'stale'), '');
    writeFileSync(join(box.source, 'a'), '');
    const child = box.start(`settings { logfile = "$TOP/log" }
      sync { default.rsync, source = "$TOP/source", target = "$TOP/target", delay = 0, delete = "running" }`);
    await box.logs(/Startup of .* finished/);
    expect(existsSync(join(target, 'stale'))).toBe(true);
    rmSync(join(box.source, 'a'));
    await until(() => !existsSync(join(target, 'a')), 'the deletion');
    expect(existsSync(join(target, 'stale'))).toBe(true);
    child.kill('SIGTERM');
    await box.ended(child);
  });

  it('leaves excluded files alone on both sides', async () => {
    writeFileSync(join(box.source, 'a.tmp'), '');
    writeFileSync(join(target, 'b.tmp'), '');
    const child = box.start(`settings { logfile = "$TOP/log" }
      sync { default.rsync, source = "$TOP/source", target = "$TOP/target", delay = 0, exclude = { "*.tmp" } }`);
    await box.logs(/Startup of .* finished/);
    writeFileSync(join(box.source, 'c.tmp'), '');
    writeFileSync(join(box.source, 'd'), '');
    await until(() => existsSync(join(target, 'd')), 'the other file');
    expect(['a.tmp', 'b.tmp', 'c.tmp'].map((name) => existsSync(join(target, name)))).toEqual([
      false,
      true,
      false,
    ]);
    child.kill('SIGTERM');
    await box.ended(child);
  });
});

describe('batchSizeLimit', { timeout: 60_000 }, () => {
  it('gives large files transfers of their own beside the common one', async () => {
    const shim = join(box.top, 'rsync');
    // Transfers of the large file last until the small one has been transferred.
    writeFileSync(
      shim,
      `#!/bin/sh
case "$*" in *include-from*) ;; *) exit 0;; esac
rules=$(tr '\\0' ' ')
echo "begin $rules" >> '${box.top}/calls'
case "$rules" in */big*) while ! grep -q 'end.*small' '${box.top}/calls'; do sleep 0.05; done;; esac
echo "end $rules" >> '${box.top}/calls'
`,
      { mode: 0o755 },
    );
    const child = box.start(`settings { logfile = "$TOP/log" }
      sync { default.rsync, source = "$TOP/source", target = "$TOP/target", delay = 1, maxProcesses = 3,
             batchSizeLimit = 1000, rsync = { binary = "${shim}" } }`);
    await box.logs(/Startup of .* finished/);
    writeFileSync(join(box.source, 'big'), Buffer.alloc(5_000));
    writeFileSync(join(box.source, 'small'), 'x');
    const calls = (): string[] => (read(join(box.top, 'calls')) ?? '').trim().split('\n');
    await until(
      () =>
        calls()
          .filter((call) => call.startsWith('end'))
          .some((call) => call.includes('/big')),
      'both',
    );
    const begins = calls().filter((call) => call.startsWith('begin'));
    expect(begins.filter((call) => call.includes('/big') && call.includes('/small'))).toEqual([]);
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
  });
});

describe.runIf(Sshd.available)('default.rsyncssh against a real sshd', { timeout: 300_000 }, () => {
  const config = (keys = ''): string => `settings { logfile = "$TOP/log", insist = true }
    sync {
      default.rsyncssh, source = "$TOP/source", host = "${sshd!.host}", targetdir = "$TOP/target",
      delay = 1, rsync = { archive = true }, ssh = { ${sshd!.lua} }, ${keys}
    }`;

  it('creates, modifies, moves files and directories, deletes; odd names; equal trees', async () => {
    sshd = await Sshd.create(join(box.top, 'sshd'));
    const file = (name: string): string => join(box.source, name);
    writeFileSync(file('before'), 'old');
    const child = box.start(config());
    await box.logs(/Startup of .* finished/, 60_000);
    expect(read(join(target, 'before'))).toBe('old');
    const odd = `it's "odd" [1]* \n name`;
    mkdirSync(file('d'));
    writeFileSync(file('d/f'), 'one');
    writeFileSync(file(odd), 'odd');
    await equal();
    writeFileSync(file('d/f'), 'modified');
    await equal();
    renameSync(file('d/f'), file(`d/${odd}`));
    await box.logs('Moving d/f -> d/', 30_000);
    await equal();
    renameSync(file('d'), file("e'e"));
    await box.logs("Moving d/ -> e'e/", 30_000);
    await equal();
    rmSync(file("e'e"), { recursive: true });
    rmSync(file(odd));
    await equal();
    expect(existsSync(join(target, "e'e"))).toBe(false);
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
  });

  it('what changes while sshd is down arrives when it is back', async () => {
    sshd = await Sshd.create(join(box.top, 'sshd'));
    const child = box.start(config());
    await box.logs(/Startup of .* finished/, 60_000);
    await sshd.stop();
    writeFileSync(join(box.source, 'meanwhile'), 'x');
    await box.logs('Retrying', 60_000);
    expect(child.exitCode).toBeNull();
    await sshd.start();
    await equal(120_000);
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
  });
});
