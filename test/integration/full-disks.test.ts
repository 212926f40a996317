import { execFileSync, spawnSync, type ChildProcess } from 'node:child_process';
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
  mkdirSync(join(box.top, 'small'));
});
afterEach(() => box.close());

const unshare = ['unshare', '-m', '--propagation', 'private'];
const canMount =
  process.getuid?.() === 0 && spawnSync(unshare[0]!, [...unshare.slice(1), 'true']).status === 0;

/** Runs the program with a small file system of its own at a directory. */
function withSmall(directory: string): string[] {
  return [...unshare, 'sh', '-c', `mount -t tmpfs -o size=256k none '${directory}' && exec "$@"`, 'sh'];
}

/** Runs a command in the mount namespace of a program. */
function inside(child: ChildProcess, ...words: readonly string[]): string {
  return execFileSync('nsenter', ['-t', String(child.pid), '-m', '--', ...words], { encoding: 'latin1' });
}

/** Fills a file system to the last byte. */
function fill(child: ChildProcess, directory: string): void {
  inside(child, 'sh', '-c', `cat /dev/zero > '${directory}/ballast' 2> /dev/null; true`);
}

const times = (text: string, part: string): number => text.split(part).length - 1;

const layer3 = `source = "$TOP/source", target = "$TOP/target", delay = 0.1,
  onCreate = "cp ^sourcePathname ^targetPathname", onModify = "cp ^sourcePathname ^targetPathname"`;

describe('logs that cannot be written', { timeout: 60_000 }, () => {
  it('a full log device is told once on stderr, and syncing goes on', async () => {
    const child = box.start(`settings { logfile = "/dev/full" } sync { ${layer3} }`);
    await box.watches(child);
    for (const name of ['a', 'b', 'c']) {
      writeFileSync(join(box.source, name), name);
      await until(() => existsSync(join(target, name)), name);
    }
    expect(times(box.stderr, "Cannot write logfile '/dev/full'")).toBe(1);
    expect(child.exitCode).toBeNull();
  });

  it.skipIf(!canMount)(
    'full disk of log and status file: told once, and when there is room again',
    async () => {
      const small = join(box.top, 'small');
      const child = box.start(
        `settings { logfile = "$TOP/small/log", statusFile = "$TOP/small/status", statusInterval = 0.1 }
       sync { ${layer3} }`,
        { through: withSmall(small) },
      );
      const log = (): string => inside(child, 'cat', join(small, 'log'));
      await box.watches(child);
      writeFileSync(join(box.source, 'a'), 'a');
      await until(() => existsSync(join(target, 'a')), 'the first');
      fill(child, small);
      // Until a line does not fit the last page any more.
      for (let i = 0; !box.stderr.includes('Cannot write logfile'); i++) {
        expect(i).toBeLessThan(300);
        writeFileSync(join(box.source, `f${i}`), 'x');
        await until(() => existsSync(join(target, `f${i}`)), `f${i}`);
      }
      writeFileSync(join(box.source, 'b'), 'b');
      await until(() => existsSync(join(target, 'b')), 'what comes while it is full');
      inside(child, 'rm', join(small, 'ballast'));
      await until(() => {
        writeFileSync(join(box.source, 'c'), 'c');
        return box.stderr.includes('can be written again;');
      }, 'the log to go on');
      await until(
        () => log().includes('Status file') && log().includes('can be written again'),
        'the status file',
      );
      expect(times(box.stderr, 'Cannot write logfile')).toBe(1);
      expect(log()).toMatch(/\n$/);
      for (const line of log().trimEnd().split('\n')) expect(line).not.toMatch(/.\w{3} \w{3} [ \d]\d \d\d:/);
      await until(
        () => inside(child, 'cat', join(small, 'status')).includes('watching 1 directories'),
        'status',
      );
    },
  );

  it('a status file that cannot be written is one warning, and one line when it can', async () => {
    const child = box.start(
      `settings { logfile = "$TOP/log", statusFile = "$TOP/later/status", statusInterval = 0 } sync { ${layer3} }`,
    );
    await box.watches(child);
    for (const name of ['a', 'b', 'c']) {
      writeFileSync(join(box.source, name), name);
      await until(() => existsSync(join(target, name)), name);
    }
    await box.logs('Cannot write status file');
    mkdirSync(join(box.top, 'later'));
    await box.logs('can be written again');
    expect(readFileSync(join(box.top, 'later', 'status'), 'latin1')).toContain('watching 1 directories');
    expect(times(box.logged, 'Cannot write status file')).toBe(1);
    expect(times(box.logged, 'can be written again')).toBe(1);
  });
});

describe.skipIf(!canMount)('a target without room (needs root)', { timeout: 90_000 }, () => {
  const engines = {
    'default.rsync': ['default.rsync, source = "$TOP/source", target = "$TOP/target", delay = 0.1'],
    'default.direct': ['default.direct, source = "$TOP/source", target = "$TOP/target", delay = 0.1'],
    'layer 3': [layer3],
  };
  it.each(Object.entries(engines))(
    '%s: told, tried again, and equal when there is room',
    async (_, [sync]) => {
      const child = box.start(
        `settings { logfile = "$TOP/log", statusFile = "$TOP/status", statusInterval = 0.1 } sync { ${sync} }`,
        { through: withSmall(target) },
      );
      await box.watches(child);
      writeFileSync(join(box.source, 'first'), 'first');
      await until(
        () =>
          spawnSync('nsenter', ['-t', String(child.pid), '-m', '--', 'test', '-s', join(target, 'first')])
            .status === 0,
        'the first file',
      );
      const big = Buffer.alloc(400 * 1024, 'x');
      writeFileSync(join(box.source, 'big'), big);
      await until(
        () => (box.logged + box.stderr + box.stdout).includes('No space left on device'),
        'it to be told',
        30_000,
      );
      expect(child.exitCode).toBeNull();
      writeFileSync(join(box.source, 'late'), 'late');
      inside(child, 'mount', '-o', 'remount,size=4m', target);
      const same = (): boolean =>
        spawnSync('nsenter', ['-t', String(child.pid), '-m', '--', 'diff', '-r', box.source, target])
          .status === 0;
      await until(same, 'equal trees', 60_000);
      expect(child.exitCode).toBeNull();
    },
  );
});
