import type { ChildProcess } from 'node:child_process';
import { cpSync, readdirSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/program.js';
import { QingStor } from '../support/qingstor/server.js';
import { until } from '../support/wait.js';

let box: Sandbox;
let server: QingStor;

beforeEach(async () => {
  box = new Sandbox();
  server = new QingStor({ buckets: ['example-bucket'] });
  await server.listen();
  writeFileSync(join(box.home, '.qingstor', 'config.yaml'), server.config);
  for (const name of ['moved', 'copied', 'same', 'future', 'foreign']) writeFileSync(file(name), `${name} 1`);
  utimesSync(file('future'), 1, Date.now() / 1000 + 86_400);
});
afterEach(async () => {
  await box.close();
  await server.close();
});

const file = (name: string): string => join(box.source, name);
const text = (key: string): Promise<string | undefined> => server.text('example-bucket', key);
const config = (): string => `settings { logfile = "$TOP/log", stateDir = "$TOP/state" }
  sync { default.qingstor, source = "$TOP/source", target = "qs://example-bucket", delay = 0.2 }`;
const indexDirectory = (): string => {
  const all = join(box.top, 'state', 'index');
  return join(all, readdirSync(all)[0]!);
};

/** Starts the program and waits until it has compared; gives what that has cost. */
async function started(): Promise<{ child: ChildProcess; requests: Record<string, number> }> {
  const times = box.logged.split(/Startup of .* finished/).length;
  server.requests.clear();
  const child = box.start(config());
  await until(() => box.logged.split(/Startup of .* finished/).length > times, 'the comparison').catch(
    (error: unknown) => {
      throw new Error(`${String(error)}\n${box.logged}\n${box.stderr}`);
    },
  );
  return { child, requests: server.requests.counts() };
}

async function stopped(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  child.kill(signal);
  await until(() => child.exitCode !== null || child.signalCode !== null, 'the program to end');
}

/** Gives a file another content of the same size, as a backup would restore it: with an old time. */
function replaced(name: string, how: 'mv' | 'cp -p', content = `${name} 2`): void {
  const other = join(box.top, 'other');
  writeFileSync(other, content);
  utimesSync(other, 1_000_000_000, 1_000_000_000);
  if (how === 'mv') renameSync(other, file(name));
  else cpSync(other, file(name), { preserveTimestamps: true });
}

describe('the index', { timeout: 60_000 }, () => {
  it('finds what was replaced while the program did not run, where size and time tell nothing', async () => {
    const first = await started();
    expect(first.requests['PutObject']).toBe(5);
    await stopped(first.child);
    replaced('moved', 'mv');
    replaced('copied', 'cp -p');
    const second = await started();
    expect(second.requests).toEqual({ HeadBucket: 1, ListObjects: 1, PutObject: 2 });
    expect([await text('moved'), await text('copied'), await text('same')]).toEqual([
      'moved 2',
      'copied 2',
      'same 1',
    ]);
    // The time of `future` lies ahead of its object's: without an index it goes again with every start.
    await stopped(second.child, 'SIGKILL');
    const third = await started();
    expect(third.requests).toEqual({ HeadBucket: 1, ListObjects: 1 });
    await stopped(third.child);
  });

  it('knows what was renamed, uploaded and deleted while the program ran', async () => {
    const first = await started();
    renameSync(file('moved'), file('new name'));
    writeFileSync(file('same'), 'same 3');
    await until(() => server.bucket('example-bucket').objects.keys.includes('new name'), 'the rename');
    await until(() => (server.requests.counts()['PutObject'] ?? 0) >= 6, 'the upload');
    // The index is written at the end of a run.
    await until(() => box.logged.split(/Finished \d/).length >= 2, 'the end of the batch');
    await stopped(first.child);
    replaced('new name', 'mv', 'moved 2');
    const second = await started();
    expect(second.requests).toEqual({ HeadBucket: 1, ListObjects: 1, PutObject: 1 });
    expect(await text('new name')).toBe('moved 2');
    await stopped(second.child);
  });

  it('is never trusted over what the server lists', async () => {
    const first = await started();
    await stopped(first.child);
    await server.put('example-bucket', 'foreign', 'somebody!');
    const second = await started();
    expect(second.requests['PutObject']).toBe(1);
    expect(await text('foreign')).toBe('foreign 1');
    await stopped(second.child);
  });

  it('is made anew when it is damaged, and lost without harm', async () => {
    const first = await started();
    await stopped(first.child);
    for (const name of readdirSync(indexDirectory())) writeFileSync(join(indexDirectory(), name), 'nonsense');
    const second = await started();
    expect(box.logged).toMatch(/Warn: the index .* is damaged .*it is made anew/);
    await stopped(second.child);
    replaced('moved', 'mv');
    const third = await started();
    expect(await text('moved')).toBe('moved 2');
    await stopped(third.child);
  });

  it('is kept by a reload, and used by one program at a time', async () => {
    const first = await started();
    first.child.kill('SIGHUP');
    await until(() => box.logged.split(/Startup of .* finished/).length > 2, 'the reload');
    expect(box.logged).not.toContain('index');
    const second = await started();
    expect(box.logged).toMatch(/Warn: the index .* cannot be used \(another program uses it\)/);
    await stopped(second.child);
    await stopped(first.child);
    expect(statSync(indexDirectory()).mode & 0o777).toBe(0o700);
  });
});
