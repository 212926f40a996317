import { execFileSync, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/program.js';
import { QingStor } from '../support/qingstor/server.js';
import { until } from '../support/wait.js';

let box: Sandbox;
let target: string;
const status = (): string => (existsSync(box.status) ? readFileSync(box.status, 'latin1') : '');

beforeEach(() => {
  box = new Sandbox();
  target = join(box.top, 'target');
  mkdirSync(target);
});
afterEach(() => box.close());

const mountNamespace = ['unshare', '-m', '--propagation', 'private'];
const canMount =
  process.getuid?.() === 0 &&
  spawnSync(mountNamespace[0]!, [...mountNamespace.slice(1), 'true']).status === 0;

/** Runs a command in the mount namespace of a program. */
function inside(child: ChildProcess, ...words: readonly string[]): void {
  execFileSync('nsenter', ['-t', String(child.pid), '-m', '--', ...words]);
}

describe('a source that goes away', { timeout: 90_000 }, () => {
  it('layer 3: nothing is deleted, and what is there when it is back is acted upon', async () => {
    const child = box.start(`
      settings { logfile = "$TOP/log" }
      sync {
        source = "$TOP/source", target = "$TOP/target", delay = 1,
        onCreate = "test -d ^sourcePathname || cp ^sourcePathname ^targetPathname",
        onModify = "cp ^sourcePathname ^targetPathname",
        onDelete = "rm -rf ^targetPathname",
      }`);
    await box.watches(child);
    writeFileSync(join(box.source, 'f'), 'one');
    await until(() => existsSync(join(target, 'f')), 'the file');
    await box.logs('Finished Modify');
    renameSync(box.source, `${box.source}.away`);
    await box.logs('is gone: nothing is deleted');
    writeFileSync(join(`${box.source}.away`, 'g'), 'meanwhile');
    renameSync(`${box.source}.away`, box.source);
    await box.logs('is back', 30_000);
    await until(() => existsSync(join(target, 'g')), 'what came meanwhile', 30_000);
    expect(readFileSync(join(target, 'f'), 'utf8')).toBe('one');
    writeFileSync(join(box.source, 'h'), 'later');
    await until(() => existsSync(join(target, 'h')), 'what comes later', 30_000);
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
  });

  it('default.rsync: the target keeps everything until the source has content again', async () => {
    const child = box.start(`
      settings { logfile = "$TOP/log" }
      sync { default.rsync, source = "$TOP/source", target = "$TOP/target", delay = 5 }`);
    await box.logs(/Startup of .* finished/);
    writeFileSync(join(box.source, 'f'), 'one');
    await until(() => existsSync(join(target, 'f')), 'the file', 30_000);
    await box.logs('Finished a list');
    rmSync(box.source, { recursive: true });
    await box.logs('is gone: nothing is deleted');
    mkdirSync(box.source);
    // An empty directory may be the mount point of what is missing: it is not taken for the source.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(existsSync(join(target, 'f'))).toBe(true);
    writeFileSync(join(box.source, 'g'), 'two');
    await box.logs('is back', 30_000);
    await until(() => existsSync(join(target, 'g')) && !existsSync(join(target, 'f')), 'equal trees', 30_000);
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
  });

  it('QingStor: the bucket keeps everything, and is compared when the source is back', async () => {
    const server = new QingStor({ buckets: ['bucket'] });
    await server.listen();
    try {
      writeFileSync(join(box.home, '.qingstor', 'config.yaml'), server.config);
      const child = box.start(`
        settings { logfile = "$TOP/log", statusFile = "$TOP/status", statusInterval = 1 }
        sync { default.qingstor, source = "$TOP/source", target = "qs://bucket", delay = 1 }`);
      await box.logs(/Startup of .* finished/);
      const keys = (): string => server.bucket('bucket').objects.keys.join();
      writeFileSync(join(box.source, 'f'), 'one');
      await until(() => keys() === 'f', 'the object');
      renameSync(box.source, `${box.source}.away`);
      await box.logs('is gone: nothing is deleted');
      await until(() => status().includes(`Source missing: ${box.source}/, nothing is deleted`), 'its line');
      writeFileSync(join(`${box.source}.away`, 'g'), 'meanwhile');
      renameSync(`${box.source}.away`, box.source);
      await until(() => keys() === 'f,g', 'the comparison', 30_000);
      await until(() => !status().includes('Source missing'), 'its line to go');
      child.kill('SIGTERM');
      expect(await box.ended(child)).toBe(143);
    } finally {
      await server.close();
    }
  });

  it.skipIf(!canMount)(
    'QingStor: an empty file system mounted over it deletes nothing, nor does an unmount (needs root)',
    async () => {
      const server = new QingStor({ buckets: ['bucket'] });
      await server.listen();
      try {
        writeFileSync(join(box.home, '.qingstor', 'config.yaml'), server.config);
        const child = box.start(
          `settings { logfile = "$TOP/log", statusFile = "$TOP/status", statusInterval = 1 }
          sync { default.qingstor, source = "$TOP/source", target = "qs://bucket", delay = 0 }`,
          { through: mountNamespace },
        );
        await box.logs(/Startup of .* finished/);
        const keys = (): string => server.bucket('bucket').objects.keys.toSorted().join();
        for (const name of ['f', 'g']) writeFileSync(join(box.source, name), name);
        await until(() => keys() === 'f,g', 'the objects');
        inside(child, 'mount', '-t', 'tmpfs', 'none', box.source);
        // Before the mount is noticed: a comparison would find nothing.
        child.kill('SIGUSR1');
        await box.logs('is gone: nothing is deleted');
        await until(() => status().includes('Source missing: '), 'its line');
        writeFileSync(join(box.source, 'h'), 'below the mount');
        inside(child, 'umount', box.source);
        await until(() => keys() === 'f,g,h', 'the comparison', 30_000);
        // Content on what is mounted makes it the source, content and all; its unmount is a loss again.
        inside(child, 'mount', '-t', 'tmpfs', 'none', box.source);
        inside(child, 'touch', join(box.source, 'other'));
        await until(() => keys() === 'other', 'the other file system', 30_000);
        inside(child, 'umount', box.source);
        await until(() => keys() === 'f,g,h', 'what is below it', 30_000);
        child.kill('SIGTERM');
        expect(await box.ended(child)).toBe(143);
      } finally {
        await server.close();
      }
    },
  );

  it.skipIf(!canMount)(
    'default.rsync: an empty file system mounted over it deletes nothing, events before it included (needs root)',
    async () => {
      const child = box.start(
        `settings { logfile = "$TOP/log", statusFile = "$TOP/status", statusInterval = 1 }
        sync { default.rsync, source = "$TOP/source", target = "$TOP/target", delay = 1 }`,
        { through: mountNamespace },
      );
      await box.logs(/Startup of .* finished/);
      for (const name of ['f', 'g']) writeFileSync(join(box.source, name), name);
      await until(() => existsSync(join(target, 'f')) && existsSync(join(target, 'g')), 'the files', 30_000);
      // Due after the mount: rsync would find f gone.
      writeFileSync(join(box.source, 'f'), 'anew');
      inside(child, 'mount', '-t', 'tmpfs', 'none', box.source);
      await box.logs('is gone: nothing is deleted');
      await until(() => status().includes('Source missing: '), 'its line');
      expect(existsSync(join(target, 'f')) && existsSync(join(target, 'g'))).toBe(true);
      writeFileSync(join(box.source, 'h'), 'below the mount');
      inside(child, 'umount', box.source);
      await until(() => existsSync(join(target, 'h')), 'the transfer', 30_000);
      await until(() => readFileSync(join(target, 'f'), 'utf8') === 'anew', 'the change', 30_000);
      expect(existsSync(join(target, 'g'))).toBe(true);
      child.kill('SIGTERM');
      expect(await box.ended(child)).toBe(143);
    },
  );
});
