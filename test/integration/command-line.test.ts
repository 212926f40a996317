import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
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
});
afterEach(() => box.close());

const content = (path: string): string | undefined =>
  existsSync(path) ? readFileSync(path, 'utf8') : undefined;

/** A program that records its arguments, a line a call. */
function recorder(name: string): string {
  const file = join(box.top, name);
  writeFileSync(file, `#!/bin/sh\nprintf '%s\\n' "$*" >> '${file}.calls'\n`, { mode: 0o755 });
  return file;
}

describe('syncs of the command line', () => {
  it('-rsync copies at start and then what changes; several at once', async () => {
    const second = join(box.top, 'second');
    const other = join(box.top, 'other');
    mkdirSync(second);
    mkdirSync(other);
    writeFileSync(join(box.source, 'old'), 'here before');
    const args = ['-rsync', box.source, target, '-rsync', second, other, '-delay', '1', '-logfile', box.log];
    const child = box.run(['-nodaemon', ...args]);
    await until(() => content(join(target, 'old')) === 'here before', 'the startup copy');
    await box.logs(new RegExp(`Startup of ${second}/ -> ${other}/ finished`));
    writeFileSync(join(box.source, 'new'), 'one');
    writeFileSync(join(second, 'new'), 'two');
    await until(() => content(join(target, 'new')) === 'one', 'the first sync');
    await until(() => content(join(other, 'new')) === 'two', 'the second sync');
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
  });

  it('-sshopts reach ssh and rsync', async () => {
    const rsync = recorder('rsync');
    const ssh = recorder('ssh');
    const script = join(box.top, 'binaries.lua');
    writeFileSync(
      script,
      `default.rsyncssh.rsync.binary = "${rsync}"\ndefault.rsyncssh.ssh.binary = "${ssh}"\n`,
    );
    const child = box.run([
      ...['-nodaemon', '-delay', '1', '-script', script, '-logfile', box.log],
      ...['-rsyncssh', box.source, 'backup.example', '/srv/copy', '-sshopts', `-p 2222 -o 'User=a b'`],
    ]);
    await box.logs('Startup of');
    expect(content(`${rsync}.calls`)).toContain(`--rsh=${ssh} -p 2222 -o 'User=a b'`);
    expect(content(`${rsync}.calls`)).toContain('backup.example:/srv/copy/');
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
  });

  it('refuses an empty target: lsyncd would take it for /', async () => {
    // A source that is not there: should the check ever fail, nothing may be deleted.
    const child = box.run(['-nodaemon', '-rsync', join(box.top, 'nothing'), '']);
    expect(await box.ended(child)).toBe(255);
    expect(box.stderr).toContain('Parameter "target" is empty');
  });

  it.each(['/', '//', '/./'])('refuses the root of the file system: %s', async (root) => {
    const child = box.run(['-nodaemon', '-onepass', '-rsync', join(box.top, 'nothing'), root]);
    expect(await box.ended(child)).toBe(255);
    expect(box.stderr).toContain('is the root of the file system');
  });

  it('says that a source is not there', async () => {
    const child = box.run(['-nodaemon', '-rsync', join(box.top, 'nothing'), target]);
    expect(await box.ended(child)).toBe(255);
    expect(box.stderr).toContain(`Cannot access source directory: ${join(box.top, 'nothing')}`);
  });
});

describe('-script', () => {
  it('runs Lua files before the config, in their order', async () => {
    writeFileSync(join(box.top, 'a.lua'), 'order = "a"');
    writeFileSync(join(box.top, 'b.lua'), 'order = order .. "b"');
    const child = box.start('sync { source = "$TOP/source", onStartup = "echo order " .. order }', {
      args: ['-script', join(box.top, 'a.lua'), '-script', join(box.top, 'b.lua')],
    });
    await until(() => box.stdout.includes('order ab'), 'both scripts');
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
  });

  it('names a script that is not there or broken', async () => {
    const missing = box.start('sync { source = "$TOP/source" }', { args: ['-script', '/nonexistent.lua'] });
    expect(await box.ended(missing)).toBe(255);
    expect(box.stderr).toContain("'/nonexistent.lua'");
    writeFileSync(join(box.top, 'broken.lua'), 'x = = 1');
    const broken = box.start('sync { source = "$TOP/source" }', {
      args: ['-script', join(box.top, 'broken.lua')],
    });
    expect(await box.ended(broken)).toBe(255);
    expect(box.stderr).toContain('broken.lua:1:');
  });
});

describe('-onepass', () => {
  it('runs the startup actions, then ends with 0', async () => {
    writeFileSync(join(box.source, 'f'), 'x');
    const child = box.run(['-nodaemon', '-onepass', '-rsync', box.source, target]);
    expect(await box.ended(child)).toBe(0);
    expect(content(join(target, 'f'))).toBe('x');
  });

  it('ends with 255 when a startup fails', async () => {
    const child = box.start(
      'settings { onepass = true } sync { source = "$TOP/source", onStartup = "exit 3" }',
    );
    expect(await box.ended(child)).toBe(255);
  });
});

describe('crontab', () => {
  it('runs the full action at its times, beside the queue', async () => {
    const child = box.start(`
      settings { logfile = "$TOP/log" }
      sync {
        source = "$TOP/source",
        crontab = { "* * * * * *" },
        onStartup = "echo startup >> $TOP/calls",
        onFull = "echo full >> $TOP/calls",
        onCreate = "echo create >> $TOP/calls",
      }`);
    const calls = () => (content(join(box.top, 'calls')) ?? '').split('\n');
    await until(() => calls().filter((call) => call === 'full').length >= 2, 'two full runs');
    expect(calls()[0]).toBe('startup');
    writeFileSync(join(box.source, 'f'), '');
    await until(() => calls().includes('create'), 'an event');
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
  });

  it('falls back on the startup action', async () => {
    const child = box.start(
      'sync { source = "$TOP/source", crontab = { "* * * * * *" }, onStartup = "echo again >> $TOP/calls" }',
    );
    await until(
      () => (content(join(box.top, 'calls')) ?? '').split('again').length > 2,
      'the startup action again',
    );
    child.kill('SIGTERM');
    await box.ended(child);
  });

  it.each([
    ['"0 0 * * *"', 'it needs 6 fields'],
    ['"0 61 * * * *"', 'crontab "0 61 * * * *" is no time'],
    ['7', 'must be a list of strings'],
  ])('%s is refused with its line', async (expression, text) => {
    const child = box.start(
      `\nsync { source = "$TOP/source", crontab = { ${expression} }, onFull = "true" }`,
    );
    expect(await box.ended(child)).toBe(255);
    expect(box.stderr).toContain(text);
    expect(box.stderr).toContain('lsyncd.conf:2:');
  });
});
