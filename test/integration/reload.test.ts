import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Sandbox } from '../support/program.js';
import { until } from '../support/wait.js';

let box: Sandbox;

beforeEach(() => {
  box = new Sandbox();
});
afterEach(() => box.close());

it('twenty reloads lose nothing, though no sync has a startup action', { timeout: 120_000 }, async () => {
  const child = box.start(`
    settings { logfile = "$TOP/log", maxProcesses = 4 }
    sync { source = "$TOP/source", maxProcesses = 4, onCreate = "echo ^pathname >> $TOP/seen" }`);
  await box.logs('--- Startup ---');
  await box.watches(child);
  const seen = () =>
    new Set(existsSync(join(box.top, 'seen')) ? readFileSync(join(box.top, 'seen'), 'utf8').split('\n') : []);
  const made: string[] = [];
  for (let reload = 1; reload <= 20; reload++) {
    child.kill('SIGHUP');
    await until(() => {
      const name = `f${made.length}`;
      writeFileSync(join(box.source, name), '');
      made.push(name);
      return box.logged.split('--- Startup ---').length > reload + 1;
    }, `reload ${reload}`);
  }
  await until(
    () => {
      const names = seen();
      return made.every((name) => names.has(name));
    },
    'every file to be acted upon',
    90_000,
  ).catch((error: unknown) => {
    const names = seen();
    throw new Error(`${String(error)}: ${made.filter((name) => !names.has(name)).join()} of ${made.length}`);
  });
  expect(made.length).toBeGreaterThan(20);
  child.kill('SIGTERM');
  expect(await box.ended(child)).toBe(143);
});

it('a config that no longer loads leaves the old one at work', async () => {
  const config =
    'settings { logfile = "$TOP/log" } sync { source = "$TOP/source", onCreate = "echo ok >> $TOP/seen" }';
  const child = box.start(config);
  await box.watches(child);
  writeFileSync(join(box.top, 'lsyncd.conf'), 'sync { source = }');
  child.kill('SIGHUP');
  await box.logs('the old config stays in force');
  expect(box.logged).toContain('lsyncd.conf:1:');
  writeFileSync(join(box.source, 'f'), '');
  await until(() => existsSync(join(box.top, 'seen')), 'the old config at work');
  child.kill('SIGTERM');
  expect(await box.ended(child)).toBe(143);
});
