import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/program.js';
import { QingStor } from '../support/qingstor/server.js';
import { until } from '../support/wait.js';

let box: Sandbox;
let target: string;

beforeEach(() => {
  box = new Sandbox();
  target = join(box.top, 'target');
  mkdirSync(target);
});
afterEach(() => box.close());

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
        settings { logfile = "$TOP/log" }
        sync { default.qingstor, source = "$TOP/source", target = "qs://bucket", delay = 1 }`);
      await box.logs(/Startup of .* finished/);
      const keys = (): string => server.bucket('bucket').objects.keys.join();
      writeFileSync(join(box.source, 'f'), 'one');
      await until(() => keys() === 'f', 'the object');
      renameSync(box.source, `${box.source}.away`);
      await box.logs('is gone: nothing is deleted');
      writeFileSync(join(`${box.source}.away`, 'g'), 'meanwhile');
      renameSync(`${box.source}.away`, box.source);
      await until(() => keys() === 'f,g', 'the comparison', 30_000);
      child.kill('SIGTERM');
      expect(await box.ended(child)).toBe(143);
    } finally {
      await server.close();
    }
  });
});
