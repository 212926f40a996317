import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
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

const settings = (more = '') =>
  `settings { logfile = "$TOP/log", statusFile = "$TOP/status", statusInterval = 1, ${more} }\n`;
const status = (): string => (existsSync(box.status) ? readFileSync(box.status, 'latin1') : '');
const read = (file: string): string | undefined =>
  existsSync(file) ? readFileSync(file, 'latin1') : undefined;
const count = (text: string, part: string): number => text.split(part).length - 1;

/** An executable script in the sandbox. */
function script(name: string, text: string): string {
  const file = join(box.top, name);
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

describe('a failing path', () => {
  it('is tried rarely, and the others are not: no storm above maxDelays', async () => {
    script(
      'act',
      'echo "$1" >> "$TOPDIR/calls"; case "$1" in */bad) exit 5;; esac; cp "$1" "$TOPDIR/target/"',
    );
    const child = box.start(
      `${settings()}sync { source = "$TOP/source", delay = 0, maxDelays = 5, init = false, exitcodes = { [0] = "ok", [5] = "again" },
        onCreate = "$TOP/act ^sourcePathname", onModify = "$TOP/act ^sourcePathname" }`,
      { env: { TOPDIR: box.top } },
    );
    await box.watches(child);
    for (const name of ['bad', ...Array.from({ length: 60 }, (_, i) => `f${i}`)])
      writeFileSync(join(box.source, name), name);
    await until(() => existsSync(join(target, 'f59')), 'the others');
    await until(() => count(read(join(box.top, 'calls'))!, '/bad') >= 3, 'a third try');
    const calls = read(join(box.top, 'calls'))!;
    // Each try begins a longer wait: what a storm would do in a second takes hours.
    expect(count(calls, '/bad')).toBeLessThan(8);
    expect(calls.split('\n').length - 1).toBeLessThan(60 * 2 + 8);
  });

  it('is quarantined after so many failures: logged once, and listed', async () => {
    script('act', 'test -e "$TOPDIR/heal" && exit 0; exit 5');
    const child = box.start(
      `${settings('quarantineAfter = 7')}sync { source = "$TOP/source", delay = 0, init = false, quarantineAfter = 2,
        exitcodes = { [0] = "ok", [5] = "again" }, onModify = "$TOP/act ^sourcePathname", onCreate = "/bin/true" }`,
      { env: { TOPDIR: box.top } },
    );
    await box.watches(child);
    writeFileSync(join(box.source, 'bad'), 'x');
    await box.logs(/bad quarantined after 2 failures/);
    await until(() => /Quarantined: Modify \/bad, 2 failures, next try in \d+ s/.test(status()), 'its line');
    expect(status()).toMatch(/Filtering:\n {2}nothing\.\nQuarantined: /);
    expect(count(box.logged, 'quarantined')).toBe(1);
  });

  it('of a child ended by a signal is tried again', async () => {
    script('act', 'test -e "$TOPDIR/once" || { : > "$TOPDIR/once"; kill -9 $$; }; cp "$1" "$TOPDIR/target/"');
    const child = box.start(
      `${settings()}sync { source = "$TOP/source", delay = 0, init = false, onModify = "$TOP/act ^sourcePathname" }`,
      { env: { TOPDIR: box.top } },
    );
    await box.watches(child);
    writeFileSync(join(box.source, 'f'), 'x');
    await until(() => read(join(target, 'f')) === 'x', 'the second try');
    expect(box.logged).toContain('= 137');
    expect(child.exitCode).toBeNull();
  });
});

describe('an exit code nobody foresaw', () => {
  const two = (exitcodes: string) => `${settings()}
    sync { name = "A", source = "$TOP/source", delay = 0, init = false, ${exitcodes} onModify = "$TOP/act ^sourcePathname" }
    sync { name = "B", source = "$TOP/other", delay = 0, init = false, onModify = "/bin/cp ^sourcePathname $TOP/target/" }`;

  it.each(['', 'exitcodes = { [0] = "ok" },'])('suspends its sync only (%s)', async (exitcodes) => {
    mkdirSync(join(box.top, 'other'));
    script('act', 'test -e "$TOPDIR/heal" || exit 7; cp "$1" "$TOPDIR/target/"');
    const child = box.start(two(exitcodes), { env: { TOPDIR: box.top } });
    await box.watches(child, 2);
    writeFileSync(join(box.source, 'f'), 'x');
    await box.logs('A suspended: exit code 7');
    await until(() => status().includes('Suspended: exit code 7, next try '), 'its line');
    writeFileSync(join(box.source, 'g'), 'y');
    writeFileSync(join(box.top, 'other', 'h'), 'z');
    await until(() => read(join(target, 'h')) === 'z', 'the other sync');
    writeFileSync(join(box.top, 'heal'), '');
    await until(() => read(join(target, 'f')) === 'x' && read(join(target, 'g')) === 'y', 'both', 60_000);
    await box.logs('A works again.');
    expect(child.exitCode).toBeNull();
    await until(() => !status().includes('Suspended'), 'the line to go');
  });

  it.each(['exitcodes = { [7] = "die" },', 'collect = function() return "die" end,'])(
    'that the config wants to die of ends the program (%s)',
    async (key) => {
      mkdirSync(join(box.top, 'other'));
      script('act', 'exit 7');
      const child = box.start(two(key), { env: { TOPDIR: box.top } });
      await box.watches(child, 2);
      writeFileSync(join(box.source, 'f'), 'x');
      expect(await box.ended(child)).toBe(255);
      expect(box.logged).toContain('Critical exitcode.');
    },
  );

  it('at startup ends the program, with what the child said and the remedy', async () => {
    script('act', 'echo first >&2; echo "no such bucket" >&2; exit 5');
    const child = box.start(
      `${settings()}sync { source = "$TOP/source", exitcodes = { [5] = "again" }, onStartup = "$TOP/act ^source" }`,
    );
    expect(await box.ended(child)).toBe(255);
    expect(box.logged).toContain('Terminating since "insist" is not set.');
    expect(box.logged).toContain('ended with exit code 5:');
    expect(box.logged).toContain('  no such bucket');
    expect(box.logged).toContain('With "insist" (or -insist)');
    // Where the child's words would have gone anyway.
    expect(box.stderr).toContain('no such bucket');
  });
});

describe('rsync that ends with 23', { timeout: 120_000 }, () => {
  const config = (more = '') =>
    `${settings()}sync { default.rsync, source = "$TOP/source", target = "$TOP/target", delay = 1, rsync = { binary = "$TOP/rsync" }, ${more} }`;

  /** rsync as a user who may not read everything. */
  const asNobody = (): void => {
    for (const directory of [box.top, box.source, target]) chmodSync(directory, 0o777);
    chownSync(target, 65_534, 65_534);
    script('rsync', 'exec setpriv --reuid 65534 --regid 65534 --clear-groups rsync "$@"');
  };

  it('has what it named tried again, and nothing else', async () => {
    asNobody();
    const child = box.start(config());
    await box.logs('Startup of');
    writeFileSync(join(box.source, 'odd \xe9\n"name"'), 'bad', { mode: 0o600 });
    writeFileSync(join(box.source, 'good'), 'good', { mode: 0o644 });
    await box.logs('rsync could not transfer everything (23)');
    await until(() => read(join(target, 'good')) === 'good', 'the other file');
    await until(() => /There are [12] delays\n/.test(status()), 'one left');
    writeFileSync(join(box.source, 'later'), 'later', { mode: 0o644 });
    await until(() => read(join(target, 'later')) === 'later', 'a later file');
    chmodSync(join(box.source, 'odd \xe9\n"name"'), 0o644);
    await until(() => read(join(target, 'odd \xe9\n"name"')) === 'bad', 'the healed file', 60_000);
    await until(() => /There are 0 delays\n/.test(status()), 'nothing left');
    expect(child.exitCode).toBeNull();
  });

  it('at startup has only what it named tried again, whole directories included', async () => {
    asNobody();
    mkdirSync(join(box.source, 'd', 'e'), { recursive: true });
    writeFileSync(join(box.source, 'd', 'e', 'f'), 'inside', { mode: 0o644 });
    writeFileSync(join(box.source, 'bad'), 'bad', { mode: 0o600 });
    writeFileSync(join(box.source, 'good'), 'good', { mode: 0o644 });
    chmodSync(join(box.source, 'd'), 0o700);
    box.start(config());
    await box.logs('Startup of');
    await until(() => /There are 2 delays\n/.test(status()), 'what failed');
    expect(read(join(target, 'good'))).toBe('good');
    chmodSync(join(box.source, 'bad'), 0o644);
    chmodSync(join(box.source, 'd'), 0o755);
    await until(() => read(join(target, 'bad')) === 'bad', 'the file', 60_000);
    await until(() => read(join(target, 'd', 'e', 'f')) === 'inside', 'the directory', 60_000);
    expect(count(box.logged, 'recursive startup')).toBe(1);
  });

  it('has all tried again when it names nothing', async () => {
    script('rsync', `test -e "$TOPDIR/once" && exec rsync "$@"; : > "$TOPDIR/once"; exit 23`);
    box.start(config('init = false'), { env: { TOPDIR: box.top } });
    await until(() => box.logged.includes('Startup') || existsSync(box.status), 'the start');
    await until(() => /watching 1 directories/.test(status()), 'the watch');
    writeFileSync(join(box.source, 'f'), 'x');
    await until(() => read(join(target, 'f')) === 'x', 'the second try', 60_000);
    expect(box.logged).toContain('What failed is tried again.');
  });
});
