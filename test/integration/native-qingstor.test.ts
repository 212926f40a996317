import { execFileSync, type ChildProcess } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/program.js';
import { QingStor } from '../support/qingstor/server.js';
import { until } from '../support/wait.js';

const seed = readFileSync(new URL('../../examples/qingstor-backup.conf', import.meta.url), 'utf8');

let box: Sandbox;
let server: QingStor;

beforeEach(async () => {
  box = new Sandbox();
  server = new QingStor({ buckets: ['example-bucket'] });
  await server.listen();
  writeFileSync(join(box.home, '.qingstor', 'config.yaml'), server.config);
});
afterEach(async () => {
  await box.close();
  await server.close();
});

/** The example config, its paths moved into the sandbox and its delay shortened. */
function example(delay = 1): string {
  return seed
    .replace('/tmp/lsyncd.log', box.log)
    .replace('/tmp/lsyncd.status', box.status)
    .replace('/tmp/example', box.source)
    .replace('delay = 5', `delay = ${delay}`);
}

/** `default.qingstor` with more keys. */
function own(keys = ''): string {
  return `settings { logfile = "${box.log}", statusFile = "${box.status}", statusInterval = 1 }
    sync { default.qingstor, source = "${box.source}", target = "qs://example-bucket", delay = 1, ${keys} }`;
}

const file = (name: string): string => join(box.source, name);
const keys = (): string[] => server.bucket('example-bucket').objects.keys.toSorted();
const text = (key: string): Promise<string | undefined> => server.text('example-bucket', key);

async function started(config: string, env?: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const child = box.start(config, env === undefined ? {} : { env });
  await box.logs(/Startup of .* finished/, 60_000);
  return child;
}

async function arrives(wanted: readonly string[], ms?: number): Promise<void> {
  await until(() => keys().join('\n') === [...wanted].sort().join('\n'), `the keys ${wanted.join()}`, ms);
}

/** Nothing queued, nothing under way. */
async function settled(child: ChildProcess): Promise<void> {
  await until(() => box.logged.split('Syncing').length === box.logged.split(/Finished \d/).length, 'quiet');
  expect(child.exitCode).toBeNull();
}

describe("the user's config, unchanged", { timeout: 120_000 }, () => {
  it('creates, modifies, moves and deletes in the bucket, without any qsctl', async () => {
    writeFileSync(file('old.txt'), 'here before');
    await server.put('example-bucket', 'stale.txt', 'not here any more');
    const child = await started(example());
    await arrives(['old.txt']);
    mkdirSync(file('d'));
    writeFileSync(file('d/new.txt'), 'one');
    await arrives(['old.txt', 'd/', 'd/new.txt']);
    writeFileSync(file('d/new.txt'), 'two');
    await until(() => box.logged.includes('Finished'), 'a batch');
    await expect.poll(() => text('d/new.txt'), { timeout: 20_000 }).toBe('two');
    renameSync(file('d/new.txt'), file('moved.txt'));
    await arrives(['old.txt', 'd/', 'moved.txt']);
    rmSync(file('d'), { recursive: true });
    rmSync(file('old.txt'));
    await arrives(['moved.txt']);
    expect(await text('moved.txt')).toBe('two');
    await until(
      () => readFileSync(box.status, 'latin1').includes('There are 0 delays'),
      'the status file',
      30_000,
    );
    expect(readFileSync(box.status, 'latin1')).toMatch(
      /^Lsyncd status report at .*\n\nSync1 source=.*\/source\/\nThere are 0 delays\nFiltering:\n {2}nothing\.\n\n\nInotify watching 1 directories\n/,
    );
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
    for (const output of [box.logged, box.stdout, box.stderr, readFileSync(box.status, 'latin1')]) {
      expect(output).not.toContain(server.secretKey);
      expect(output).not.toContain(server.accessKey);
    }
  });

  it('a deletion whose command lacks --delete waits for an event whose command has it', async () => {
    const config = example().replace(
      'onDelete = "/path/to/qsctl sync ^source ^target --delete"',
      'onDelete = "/path/to/qsctl sync ^source ^target"',
    );
    const child = await started(config);
    writeFileSync(file('a'), '1');
    await arrives(['a']);
    await settled(child);
    const before = box.logged.split('Syncing').length;
    rmSync(file('a'));
    await until(() => box.logged.split('Syncing').length > before, 'the deletion to be looked at');
    await settled(child);
    expect(keys()).toEqual(['a']);
    writeFileSync(file('b'), '1');
    await arrives(['b']);
  });

  it('runs qsctl as a command when it is told to', async () => {
    const program = join(box.top, 'qsctl');
    writeFileSync(program, `#!/bin/sh\necho "$*" >> '${box.top}/calls'\n`, { mode: 0o755 });
    const child = box.start(
      `settings { qsctl = "spawn" }\n${example().replaceAll('/path/to/qsctl', program)}`,
    );
    await box.logs('Startup of');
    expect(readFileSync(join(box.top, 'calls'), 'utf8')).toBe(
      `sync ${box.source}/ qs://example-bucket --delete\n`,
    );
    expect(server.requests.count()).toBe(0);
    child.kill('SIGTERM');
    await box.ended(child);
  });
});

describe('requests', { timeout: 180_000 }, () => {
  it('in a bucket of 10,000 objects only what changed is asked for', async () => {
    mkdirSync(file('dir'));
    for (let i = 0; i < 9_900; i++) writeFileSync(file(`f${i}`), `${i}`);
    for (let i = 0; i < 100; i++) writeFileSync(file(`dir/g${i}`), `${i}`);
    const child = await started(example());
    expect(keys()).toHaveLength(10_001);

    server.requests.clear();
    writeFileSync(file('f17'), 'changed');
    await until(() => server.requests.count('PutObject') > 0, 'the upload');
    await settled(child);
    console.log('one file changed:', server.requests.counts());
    expect(server.requests.counts()).toEqual({ PutObject: 1 });

    server.requests.clear();
    renameSync(file('f18'), file('renamed'));
    await until(() => keys().includes('renamed'), 'the rename');
    await settled(child);
    console.log('one file renamed:', server.requests.counts());
    expect(server.requests.counts()).toEqual({ MoveObject: 1 });

    server.requests.clear();
    renameSync(file('dir'), file('folder'));
    await until(() => keys().filter((key) => key.startsWith('folder/')).length === 101, 'the directory');
    await settled(child);
    console.log('a directory of 100 files renamed:', server.requests.counts());
    expect(server.requests.counts()).toEqual({ ListObjects: 1, MoveObject: 101 });
    expect(keys().some((key) => key.startsWith('dir/'))).toBe(false);
  });

  it('a startup that finds everything in place uploads nothing', async () => {
    for (let i = 0; i < 300; i++) writeFileSync(file(`f${i}`), `${i}`);
    const first = await started(example());
    first.kill('SIGTERM');
    await box.ended(first);
    server.requests.clear();
    rmSync(box.log);
    await started(example());
    expect(server.requests.count('PutObject', 'DeleteMultipleObjects', 'DeleteObject')).toBe(0);
  });

  it('a 1 GiB file goes up in bounded memory', async () => {
    const child = await started(own());
    writeFileSync(file('.big.part'), '');
    truncateSync(file('.big.part'), 2 ** 30);
    renameSync(file('.big.part'), file('big'));
    await until(
      () => keys().includes('big') && server.requests.count('CompleteMultipartUpload') > 0,
      'the big file',
      150_000,
    );
    const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]) / 1024;
    console.log(`1 GiB uploaded, peak memory ${peak.toFixed(0)} MiB`);
    expect(peak).toBeLessThan(200);
  });
});

describe('faults', { timeout: 120_000 }, () => {
  it('keeps what changes while the service is down, says so once, and sends it when it is back', async () => {
    const child = await started(own());
    await server.goDown();
    for (let i = 0; i < 50; i++) writeFileSync(file(`f${i}`), `${i}`);
    await box.logs(/Error: Sync1: /);
    appendFileSync(file('f0'), 'more');
    await server.listen();
    await until(() => keys().length === 50, 'all files', 60_000);
    await box.logs('works again', 30_000);
    await expect.poll(() => text('f0'), { timeout: 30_000 }).toBe('0more');
    expect(box.logged.match(/Error: Sync1: /g)!.length).toBeLessThan(4);
    expect(child.exitCode).toBeNull();
  });

  it('one path the service refuses does not hold the others up, and is told with its name', async () => {
    await started(own());
    server.faults.add({
      operation: 'PutObject',
      key: 'refused',
      times: Infinity,
      kind: 'status',
      status: 403,
      code: 'permission_denied',
    });
    writeFileSync(file('refused'), 'x');
    writeFileSync(file('fine'), 'x');
    await until(() => keys().includes('fine'), 'the other file');
    await box.logs(/source\/+refused not synced: /);
  });

  it('names that can not be keys are reported, the rest goes on', async () => {
    await started(own());
    execFileSync('python3', ['-c', `open(b"${box.source}/bad\\xff","w").close()`]);
    writeFileSync(file('good'), 'x');
    await until(() => keys().includes('good'), 'the good name');
    await box.logs(/bad\xff not synced: /);
  });

  it('an emptied directory deletes its objects, an empty one at start deletes nothing', async () => {
    writeFileSync(file('a'), 'x');
    const child = await started(own());
    child.kill('SIGTERM');
    await box.ended(child);
    rmSync(file('a'));
    rmSync(box.log);
    await started(own());
    expect(keys()).toEqual(['a']);
    expect(box.logged).toMatch(/Error: .*empty/);
    writeFileSync(file('b'), 'x');
    await arrives(['b']);
    rmSync(file('b'));
    await arrives([]);
  });

  it('a bucket that is not there ends the start with a remedy', async () => {
    const child = box.start(own().replace('example-bucket', 'no-such-bucket'));
    expect(await box.ended(child)).toBe(255);
    expect(box.stdout + box.stderr + box.logged).toMatch(/no-such-bucket/);
  });
});

describe('reload', { timeout: 60_000 }, () => {
  it('HUP reads the config anew and loses nothing', async () => {
    const child = await started(own());
    for (let i = 0; i < 30; i++) {
      writeFileSync(file(`f${i}`), 'x');
      if (i % 10 === 5) child.kill('SIGHUP');
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => keys().length === 30, 'all files', 40_000);
    expect(box.logged).toContain('--- HUP signal, resetting ---');
  });

  it('excludes keep paths away from the bucket', async () => {
    await started(own('exclude = { "*.tmp" },'));
    writeFileSync(file('a.tmp'), 'x');
    writeFileSync(file('a.txt'), 'x');
    await arrives(['a.txt']);
  });
});
