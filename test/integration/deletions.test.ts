import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/program.js';
import { QingStor } from '../support/qingstor/server.js';
import { until } from '../support/wait.js';

let box: Sandbox;

beforeEach(() => {
  box = new Sandbox();
});
afterEach(() => box.close());

const settings = (more = '') =>
  `settings { logfile = "$TOP/log", statusFile = "$TOP/status", statusInterval = 1, ${more} }\n`;
const status = (): string => (existsSync(box.status) ? readFileSync(box.status, 'latin1') : '');
const shows = (line: RegExp | string): Promise<void> =>
  until(
    () => (typeof line === 'string' ? status().includes(line) : line.test(status())),
    `status ${line}`,
    30_000,
  );
const count = (text: string, part: string): number => text.split(part).length - 1;
const add = (...names: readonly string[]): void => {
  for (const name of names) writeFileSync(join(box.source, name), name);
};
const remove = (...names: readonly string[]): void => {
  for (const name of names) rmSync(join(box.source, name));
};

describe('deletions in a bucket', { timeout: 120_000 }, () => {
  let server: QingStor;
  beforeEach(async () => {
    server = new QingStor({ buckets: ['bucket'] });
    await server.listen();
    writeFileSync(join(box.home, '.qingstor', 'config.yaml'), server.config);
  });
  afterEach(() => server.close());

  const sync = (keys = ''): string =>
    `sync { default.qingstor, source = "$TOP/source", target = "qs://bucket", delay = 1, ${keys} }`;
  const keys = (): string => server.bucket('bucket').objects.keys.toSorted().join();
  const put = async (...names: readonly string[]): Promise<void> => {
    for (const name of names) await server.put('bucket', name, name);
  };

  it('an empty source at the start empties nothing; what comes in it starts the comparison', async () => {
    await put('a', 'b');
    const child = box.start(settings() + sync());
    await box.logs('is empty while qs://bucket holds 2 objects: nothing is deleted there');
    await shows(/Source empty: .*\/source\/, nothing is deleted at qs:\/\/bucket of 2; SIGUSR2/);
    expect(keys()).toBe('a,b');
    child.kill('SIGUSR1');
    await until(() => count(box.logged, 'Finished comparing') === 2, 'another comparison');
    expect(keys()).toBe('a,b');
    expect(count(box.logged, 'is empty while')).toBe(1);
    add('c');
    await until(() => keys() === 'c', 'equality', 30_000);
    await box.logs('no deletions wait any more');
    await until(() => !status().includes('Source empty'), 'the line to go');
  });

  it('an empty source empties the bucket where the config or SIGUSR2 says so', async () => {
    await put('a', 'b');
    const own = box.start(settings('allowEmptySource = true') + sync());
    await until(() => keys() === '', 'an empty bucket');
    own.kill('SIGTERM');
    await box.ended(own);
    await put('a', 'b');
    const child = box.start(settings('allowEmptySource = true') + sync('allowEmptySource = false'));
    await box.logs('is empty while qs://bucket holds 2 objects');
    child.kill('SIGUSR2');
    await until(() => keys() === '', 'an empty bucket');
    expect(box.logged).toContain('leave given for 2 deletions');
  });

  it('more than maxDelete at the start pause, all else goes on, SIGUSR2 carries them out', async () => {
    await put('a', 'b', 'c', 'd', 'e');
    add('new', 'old');
    const child = box.start(settings('maxDelete = 1') + sync('maxDelete = 3'));
    await box.logs('5 of 5 are to be deleted at qs://bucket, maxDelete is 3: deletions pause');
    await shows('Deletions paused: 5 of 5, maxDelete is 3; SIGUSR2');
    expect(keys()).toBe('a,b,c,d,e,new,old');
    add('later');
    remove('old');
    await until(() => keys() === 'a,b,c,d,e,later,new,old', 'what changes meanwhile');
    await shows('Deletions paused: 6');
    // A comparison counts anew what is left out.
    add('a', 'old');
    child.kill('SIGUSR1');
    await shows('Deletions paused: 4');
    expect(keys()).toBe('a,b,c,d,e,later,new,old');
    child.kill('SIGUSR2');
    await until(() => keys() === 'a,later,new,old', 'the deletions');
    await until(() => !status().includes('paused'), 'the line to go');
    remove('new');
    await until(() => keys() === 'a,later,old', 'a single deletion');
    remove('a', 'later', 'old');
    add('x');
    await until(() => keys() === 'x', 'three deletions');
    expect(child.exitCode).toBeNull();
  });

  it('more than maxDelete in a batch pause; a higher one and HUP carry them out', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    add(...names);
    const child = box.start(settings('maxDelete = "50%"') + sync('delay = 2'));
    await until(() => keys() === names.join(), 'the files', 30_000);
    await box.logs(/Startup of .* finished/);
    child.kill('SIGUSR1');
    await until(() => count(box.logged, 'Finished comparing') === 2, 'a count of all objects');
    remove('a', 'b', 'c', 'd');
    await shows('Deletions paused: 4 of 6, maxDelete is "50%"');
    remove('e');
    add('g');
    await until(() => keys() === 'a,b,c,d,e,f,g', 'the new file');
    await shows('Deletions paused: 5');
    writeFileSync(
      join(box.top, 'lsyncd.conf'),
      (settings() + sync('delay = 2, maxDelete = "90%"')).replaceAll('$TOP', box.top),
    );
    child.kill('SIGHUP');
    await until(() => keys() === 'f,g', 'the deletions', 30_000);
    await until(() => !status().includes('paused'), 'the line to go');
  });

  it('leave by SIGUSR2 for a batch deletes what was held back, also with delete = "running"', async () => {
    add('a', 'b', 'c', 'd');
    await put('foreign');
    const child = box.start(settings() + sync('delete = "running", maxDelete = 2'));
    await until(() => keys() === 'a,b,c,d,foreign', 'the files');
    await box.logs(/Startup of .* finished/);
    remove('a', 'b', 'c');
    await shows('Deletions paused: 3');
    add('b');
    child.kill('SIGUSR2');
    await until(() => keys() === 'b,d,foreign', 'the deletions');
  });
});

describe('deletions by commands', { timeout: 120_000 }, () => {
  let target: string;
  beforeEach(() => {
    target = join(box.top, 'target');
    mkdirSync(target);
  });
  const there = (): string => readdirSync(target).toSorted().join();
  const stale = (...names: readonly string[]): void => {
    for (const name of names) writeFileSync(join(target, name), 'stale');
  };
  const rsync = (keys = ''): string =>
    `sync { default.rsync, source = "$TOP/source", target = "$TOP/target", delay = 1, ${keys} }`;
  const layer3 = (keys = ''): string => `sync {
      source = "$TOP/source", target = "$TOP/target", delay = 1, init = false,
      onCreate = "cp ^sourcePathname ^targetPathname", onModify = "cp ^sourcePathname ^targetPathname",
      onDelete = "rm -f ^targetPathname", ${keys} }`;

  it('rsync at the start stops at maxDelete and goes on with all else until leave is given', async () => {
    stale('a', 'b', 'c', 'd', 'e', 'f');
    add('new');
    const child = box.start(settings() + rsync('maxDelete = 2'));
    await box.logs('4 are to be deleted');
    await shows('Deletions paused: 4, maxDelete is 2; SIGUSR2');
    expect(box.logged).toContain('but for deletions: 25');
    expect(readdirSync(target)).toHaveLength(5);
    add('later');
    await until(() => existsSync(join(target, 'later')), 'what changes meanwhile', 30_000);
    remove('new');
    await shows('Deletions paused: 5');
    expect(existsSync(join(target, 'new'))).toBe(true);
    child.kill('SIGUSR2');
    await until(() => there() === 'later', 'the deletions', 30_000);
    await until(() => !status().includes('paused'), 'the line to go');
    expect(child.exitCode).toBeNull();
  });

  it('rsync: a batch of too many deletions deletes nothing; a higher maxDelete and HUP carry them out', async () => {
    add('a', 'b', 'c', 'd', 'e');
    const child = box.start(settings('maxDelete = 3') + rsync('init = false'));
    await box.watches(child);
    add('a', 'b', 'c', 'd', 'e');
    await until(() => there() === 'a,b,c,d,e', 'the files', 30_000);
    await until(() => /There are 0 delays/.test(status()), 'quiet');
    remove('a', 'b', 'c', 'd');
    await shows('Deletions paused: 4, maxDelete is 3');
    add('f');
    await until(() => there() === 'a,b,c,d,e,f', 'the new file', 30_000);
    writeFileSync(
      join(box.top, 'lsyncd.conf'),
      (settings('maxDelete = 4') + rsync('init = false')).replaceAll('$TOP', box.top),
    );
    child.kill('SIGHUP');
    await until(() => there() === 'e,f', 'the deletions', 30_000);
  });

  it('rsync: a directory moved out of the tree is one event and many deletions', async () => {
    mkdirSync(join(box.source, 'd'));
    for (const name of ['a', 'b', 'c', 'd', 'e']) writeFileSync(join(box.source, 'd', name), 'x');
    const child = box.start(settings() + rsync('maxDelete = 2'));
    await box.logs(/Startup of .* finished/);
    rmSync(join(box.source, 'd', 'e'));
    await until(() => !existsSync(join(target, 'd', 'e')), 'a deletion below the limit', 30_000);
    const away = join(box.top, 'away');
    renameSync(join(box.source, 'd'), away);
    await shows(/Deletions paused: \d, maxDelete is 2/);
    expect(readdirSync(join(target, 'd')).length).toBeGreaterThanOrEqual(2);
    child.kill('SIGUSR2');
    await until(() => there() === '', 'the deletions', 30_000);
    expect(child.exitCode).toBeNull();
  });

  it('layer 3: too many Delete events wait; what has come back is not deleted', async () => {
    const child = box.start(settings() + layer3('maxDelete = 3'));
    await box.watches(child);
    add('a', 'b', 'c', 'd', 'e');
    await until(() => there() === 'a,b,c,d,e', 'the files', 30_000);
    await until(() => /There are 0 delays/.test(status()), 'quiet', 30_000);
    remove('a', 'b', 'c', 'd');
    await shows('Deletions paused: 4, maxDelete is 3');
    writeFileSync(join(box.source, 'b'), 'again');
    add('f');
    await until(() => existsSync(join(target, 'f')), 'the new file', 30_000);
    remove('e');
    await shows('Deletions paused: 5');
    expect(there()).toBe('a,b,c,d,e,f');
    child.kill('SIGUSR2');
    await until(() => there() === 'b,f', 'the deletions', 30_000);
    expect(readFileSync(join(target, 'b'), 'latin1')).toBe('again');
    remove('f');
    await until(() => there() === 'b', 'a single deletion', 30_000);
  });

  it('a percentage is an error at the start', async () => {
    const child = box.start(settings('maxDelete = "10%"') + rsync());
    expect(await box.ended(child)).toBe(255);
    expect(box.logged + box.stderr).toContain(
      'Sync1: maxDelete = "10%" needs to know how much the target holds',
    );
    const wrong = box.start(settings('maxDelete = "many"') + rsync());
    expect(await box.ended(wrong)).toBe(255);
    expect(box.stderr).toContain('setting "maxDelete" must be a number of deletions, or a percentage');
  });

  it('an empty source empties the target as under lsyncd, unless the config says no', async () => {
    stale('a', 'b');
    const child = box.start(settings('allowEmptySource = false') + rsync());
    await box.logs('is empty: nothing is deleted there');
    await shows('Source empty: ');
    expect(there()).toBe('a,b');
    add('c');
    await until(() => there() === 'c', 'the startup', 30_000);
    await until(() => !status().includes('Source empty'), 'the line to go');
    child.kill('SIGTERM');
    await box.ended(child);
    remove('c');
    const second = box.start(settings('allowEmptySource = false') + rsync());
    await until(() => count(box.logged, 'is empty: nothing is deleted there') === 2, 'the second start');
    second.kill('SIGUSR2');
    await until(() => there() === '', 'leave');
    second.kill('SIGTERM');
    await box.ended(second);
    stale('a');
    box.start(settings() + rsync());
    await until(() => there() === '', 'what lsyncd does', 30_000);
  });
});
