import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canUnshare, limitedTo } from '../support/monitor/child.js';
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

const engines = {
  'layer 3': `delay = 0.1, maxProcesses = 4,
    onCreate = "if [ -d ^sourcePathname ]; then mkdir -p ^targetPathname; else cp ^sourcePathname ^targetPathname; fi || [ ! -e ^sourcePathname ]",
    onModify = "cp ^sourcePathname ^targetPathname || [ ! -e ^sourcePathname ]", onDelete = "rm -rf ^targetPathname",
    onStartup = "cp -a ^source/. ^target"`,
  'default.rsync': 'default.rsync, delay = 0.1',
  'default.direct': 'default.direct, delay = 0.1',
};

const differences = (): string =>
  spawnSync('diff', ['-r', box.source, target], { encoding: 'latin1' }).stdout;

async function equal(what: string): Promise<void> {
  await until(() => differences() === '', what, 30_000).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${differences()}\n${box.logged.slice(-3000)}`);
  });
}

describe.skipIf(!canUnshare)('out of watches (needs root)', { timeout: 90_000 }, () => {
  it.each(Object.entries(engines))('%s: what is not watched is polled', async (_, engine) => {
    for (let i = 0; i < 30; i++) mkdirSync(join(box.source, `${i}`));
    for (let i = 0; i < 30; i++) writeFileSync(join(box.source, `${i}`, 'gone'), 'x');
    const child = box.start(
      `settings { logfile = "$TOP/log", statusFile = "$TOP/status", statusInterval = 0.1, pollInterval = 0.5 }
       sync { source = "$TOP/source", target = "$TOP/target", ${engine} }`,
      { through: limitedTo('watches', 10) },
    );
    await box.logs('31 directories are to be watched, user.max_inotify_watches is 10');
    await box.logs('compared every 0.5 s');
    await equal('the start');
    for (let i = 0; i < 30; i++) {
      writeFileSync(join(box.source, `${i}`, 'new'), `${i}`);
      rmSync(join(box.source, `${i}`, 'gone'));
    }
    mkdirSync(join(box.source, 'fresh', 'deep'), { recursive: true });
    writeFileSync(join(box.source, 'fresh', 'deep', 'f'), 'f');
    renameSync(join(box.source, '0'), join(box.source, '29', 'moved'));
    await equal('what changed meanwhile');
    for (let i = 1; i < 30; i++) writeFileSync(join(box.source, `${i}`, 'new'), `again ${i}`);
    await equal('what changed again');
    await until(
      () =>
        existsSync(box.status) &&
        readFileSync(box.status, 'latin1').includes('Polled: not every directory can be watched'),
      'the status file',
    );
    expect(box.logged.split('out of inotify watches').length - 1).toBe(1);
    child.kill('SIGTERM');
    await box.ended(child);
  });
});
