import { execFileSync, spawnSync, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/program.js';
import { until } from '../support/wait.js';

let box: Sandbox;
let target: string;

beforeEach(() => {
  box = new Sandbox();
  target = join(box.top, 'target');
  mkdirSync(target);
  for (const dir of ['d/e', 'old/deep', 'gone/deep']) mkdirSync(join(box.source, dir), { recursive: true });
  const names = ['a', 'b', 'd/f', 'd/e/g', 'old/h', 'old/deep/i', 'gone/j', 'gone/deep/k', 'becomes', 'same'];
  for (const name of names) writeFileSync(join(box.source, name), name);
});
afterEach(() => box.close());

const from = (name: string): string => join(box.source, name);

/** What a real rsync would still have to do: contents, links, deletions. */
function differences(): string {
  const args = ['-n', '-rlc', '-i', '--delete', `${box.source}/`, `${target}/`];
  const { stdout, stderr } = spawnSync('rsync', args, { encoding: 'latin1' });
  return stdout + stderr;
}

async function equal(): Promise<void> {
  await until(() => differences() === '', 'equal trees', 60_000).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${differences()}\n${box.logged.slice(-3000)}`);
  });
}

const engines = {
  'layer 3': `
    onStartup = "cp -a ^source/. ^target",
    onCreate = "if [ -d ^sourcePathname ]; then mkdir -p ^targetPathname; else cp -p ^sourcePathname ^targetPathname; fi || [ ! -e ^sourcePathname ]",
    onModify = "cp -p ^sourcePathname ^targetPathname || [ ! -e ^sourcePathname ]",
    onDelete = "rm -rf ^targetPathname",
    maxProcesses = 8, delay = 0.5`,
  'default.direct': 'default.direct, delay = 0.5',
  'default.rsync': 'default.rsync, delay = 0.5, rsync = { archive = true }',
};

const config = (engine: string, keys = ''): string =>
  `settings { logfile = "$TOP/log" }
   sync { source = "$TOP/source", target = "$TOP/target", ${engine}, ${keys} }`;

async function started(text: string): Promise<ChildProcess> {
  const child = box.start(text);
  await box.logs(/Startup of .*finished/);
  await box.watches(child, 5);
  await equal();
  return child;
}

/** More notifications than the kernel keeps (16,384 by default), then changes nobody hears of. */
function overflow(): void {
  execFileSync('python3', [
    '-c',
    'import os, sys\na, b = sys.argv[1:]\nfor i in range(12000): os.utime(a, (i, i)); os.utime(b, (i, i))',
    from('a'),
    from('b'),
  ]);
}

function unheard(): void {
  writeFileSync(from('d/f'), 'changed');
  rmSync(from('d/e/g'));
  rmSync(from('gone'), { recursive: true });
  renameSync(from('old'), from('new'));
  mkdirSync(from('fresh/x/y'), { recursive: true });
  writeFileSync(from('fresh/x/y/z'), 'z');
  rmSync(from('becomes'));
  mkdirSync(from('becomes'));
  writeFileSync(from('becomes/l'), 'l');
  // Of equal size and older than what it replaces: only the change time tells.
  writeFileSync(join(box.top, 'other'), 'SAME');
  utimesSync(join(box.top, 'other'), 5, 5);
  renameSync(join(box.top, 'other'), from('same'));
  chmodSync(from('b'), 0o640);
}

describe.each(Object.entries(engines))('%s', { timeout: 120_000 }, (_name, engine) => {
  it('makes only the missing events after an overflow, and starts nothing anew', async () => {
    const child = await started(config(engine));
    child.kill('SIGSTOP');
    // Waits its delay still: it must not be forgotten.
    writeFileSync(from('d/before'), 'before');
    overflow();
    unheard();
    child.kill('SIGCONT');
    await box.logs('--- OVERFLOW in event queue ---');
    await equal();
    expect(box.logged.split('--- Startup ---').length).toBe(2);
    expect(box.logged.split(/Startup of .*finished/).length).toBe(2);
    // What it knows now is right: events go on.
    rmSync(from('fresh'), { recursive: true });
    writeFileSync(from('new/deep/later'), 'x');
    await equal();
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
  });

  it('SIGUSR1 finds what the monitor cannot see', async () => {
    const child = await started(config(engine));
    // By name: no writer closes the file.
    truncateSync(from('d/f'), 1);
    child.kill('SIGUSR1');
    await equal();
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
  });

  it('rescanInterval finds it in time', async () => {
    const child = await started(config(engine, 'rescanInterval = 0.3'));
    for (const length of [3, 2]) {
      truncateSync(from('d/f'), length);
      await equal();
    }
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
  });
});

describe('layer 3', { timeout: 60_000 }, () => {
  it('a rescan of a tree in which nothing has changed for some time starts nothing', async () => {
    cpSync(box.source, target, { recursive: true });
    const child = box.start(
      config(
        'onCreate = "echo create", onModify = "echo modify", onDelete = "echo delete", onAttrib = "echo attrib"',
      ),
    );
    await box.watches(child, 5);
    // Until what has changed lies behind the next comparison, as file systems keep times.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    child.kill('SIGUSR1');
    await box.logs('comparing');
    // What was young at the start may be told once.
    let [length, since] = [-1, 0];
    await until(() => {
      if (box.logged.length !== length) [length, since] = [box.logged.length, Date.now()];
      return Date.now() - since > 1000;
    }, 'a quiet log');
    const before = box.logged.length;
    child.kill('SIGUSR1');
    await until(() => box.logged.slice(before).includes('comparing'), 'the comparison');
    rmSync(from('same'));
    await box.logs(/Finished Delete on .*same = 0/);
    expect(box.logged.slice(before).match(/Finished .* = 0/g)).toEqual([
      `Finished Delete on ${box.source}//same = 0`,
    ]);
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
  });

  it.each(['"x"', '-1'])('refuses rescanInterval = %s', async (value) => {
    const child = box.start(config('onCreate = "true"', `rescanInterval = ${value}`));
    expect(await box.ended(child)).toBe(255);
    expect(box.stderr).toMatch(/rescanInterval/);
  });
});
