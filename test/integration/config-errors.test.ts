import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/program.js';

let box: Sandbox;

beforeEach(() => {
  box = new Sandbox();
});
afterEach(() => box.close());

/** What a config that is refused says on stderr. */
async function refused(config: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const child = box.start(config, { env });
  expect(await box.ended(child)).toBe(255);
  return box.stderr;
}

const short = { LSYNCD_TS_LOAD_SECONDS: '0.2' };

describe('Lua code that does not end', () => {
  it.each([
    ['at the top', '\nlocal n = 0\nwhile true do\n  n = n + 1\nend', /lsyncd\.conf:[345] /],
    ['in a function', 'local function f()\n  repeat until false\nend\n\nf()', /lsyncd\.conf:2 /],
    ['behind pcall', 'while true do\n  pcall(error)\nend', /lsyncd\.conf:[123] /],
    [
      'in a prepare',
      'sync { source = "$TOP/source", prepare = function()\n  while true do end\nend }',
      /lsyncd\.conf:2 /,
    ],
  ])('%s: the start ends, with the line', async (_, config, place) => {
    const text = await refused(config, short);
    expect(text).toMatch(/Error: the config has been computing for 0\.2 seconds and does not end/);
    expect(text).toMatch(place);
    expect(text).toContain('LSYNCD_TS_LOAD_SECONDS');
  });

  it('a config that waits for something is not stuck', async () => {
    const config = `
      for i = 1, 3 do os.execute("sleep 0.3") for j = 1, 20000 do end end
      sync { source = "$TOP/source", onStartup = "echo patient" }`;
    const child = box.start(config, { args: ['-onepass'], env: { LSYNCD_TS_LOAD_SECONDS: '0.6' } });
    expect(await box.ended(child)).toBe(0);
    expect(box.stdout).toContain('patient');
  });

  it('a callback is told of again and again, and goes on', async () => {
    const config = `settings { logfile = "$TOP/log" }
      sync { source = "$TOP/source", onCreate = function(event)
        while not io.open("$TOP/enough") do
        end
        log("Normal", "went on")
      end, onModify = "true" }`;
    const child = box.start(config, { env: short });
    await box.watches(child);
    writeFileSync(join(box.source, 'f'), '');
    await box.logs(/(Warn: Lua code does not end.*lsyncd\.conf:[34]\n[^]*){2}/);
    writeFileSync(join(box.top, 'enough'), '');
    await box.logs('went on');
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
  });
});

describe('configs that are refused say what to change, and where', () => {
  const sync = (keys: string) => `\n\nsync {\n  source = "$TOP/source",\n  ${keys}\n}\n`;

  it.each([
    ['a negative delay', sync('onCreate = "true", delay = -1'), 'delay must be a number and >= 0'],
    ['a delay in words', sync('onCreate = "true", delay = "soon"'), 'delay must be a number and >= 0'],
    [
      'maxProcesses of zero',
      sync('onCreate = "true", maxProcesses = 0'),
      'maxProcesses must be a number and >= 1',
    ],
    [
      'rsyncssh without targetdir',
      sync('default.rsyncssh, host = "h"'),
      'default.rsyncssh needs "targetdir" configured',
    ],
    [
      'rsyncssh without host',
      sync('default.rsyncssh, targetdir = "/t"'),
      'default.rsyncssh needs "host" configured',
    ],
    ['rsync without target', sync('default.rsync'), 'default.rsync needs "target" configured'],
    [
      'an exclude of the wrong type',
      sync('onCreate = "true", exclude = 7'),
      'Parameter "exclude" must be a string or a list of strings',
    ],
    [
      'an exclude with a table in it',
      sync('onCreate = "true", exclude = { { "a" } }'),
      'Parameter "exclude" must be a string or a list of strings',
    ],
    [
      'a filter of the wrong type',
      sync('onCreate = "true", filter = true'),
      'Parameter "filter" must be a string or a list of strings',
    ],
    [
      'a typo',
      sync('onCreate = "true", onModfy = "true"'),
      'Parameter "onModfy" unknown. ( if this is not a typo add it to checkgauge )',
    ],
    [
      '2.0: a shell text quoted twice',
      sync("target = '$TOP/t', onStartup = '[[if [ -d ^source ]; then true; fi]]'"),
      'onStartup = [[if ... fi]] without others',
    ],
    [
      '2.0: rsyncOpts',
      sync('default.rsync, target = "$TOP/t", rsyncOpts = "-ltus"'),
      'use rsync = { ... } with named options',
    ],
    [
      '2.0: rsyncOps',
      sync('default.rsync, target = "$TOP/t", rsyncOps = { "-a" }'),
      'use rsync = { ... } with named options',
    ],
  ])('%s', async (_, config, text) => {
    const shown = await refused(config);
    expect(shown).toContain(text);
    // The call's own line, or the first of it.
    expect(shown).toMatch(/lsyncd\.conf:3:/);
  });

  // lsyncd's words: they name the file that cannot be read, not the line of the config.
  it.each([
    [
      'an excludeFrom that is not there',
      sync('onCreate = "true", excludeFrom = "$TOP/nothing"'),
      /Cannot open exclude file "\/.*\/nothing": .*No such file/,
    ],
    [
      'an excludeFrom that is a directory',
      sync('onCreate = "true", excludeFrom = "$TOP/source"'),
      /Cannot open exclude file "\/.*\/source": .*Is a directory/,
    ],
    [
      'a filterFrom that is not there',
      sync('onCreate = "true", filterFrom = "$TOP/nothing"'),
      /Cannot open filter file "\/.*\/nothing": .*No such file/,
    ],
  ])('%s', async (_, config, text) => {
    expect(await refused(config)).toMatch(text);
  });

  it('2.0: settings = { … }', async () => {
    const text = await refused(
      'settings = { logfile = "$TOP/log" }\nsync { source = "$TOP/source", onCreate = "true" }',
    );
    expect(text).toContain('Do not use settings = { ... }');
    expect(text).toContain('please use settings{ ... } ( without the equal sign )');
  });

  it('2.0: a shell text for onStartup is no mistake', async () => {
    mkdirSync(join(box.top, 't'));
    writeFileSync(join(box.source, 'f'), 'x');
    const child = box.start(
      'sync { source = "$TOP/source", target = "$TOP/t", onStartup = [[if [ "$(ls -A ^source)" ]; then cp -r ^source* ^target; echo full; else echo empty; fi]] }',
      { args: ['-onepass'] },
    );
    expect(await box.ended(child)).toBe(0);
    expect(box.stdout).toContain('full');
    expect(readFileSync(join(box.top, 't/f'), 'utf8')).toBe('x');
  });
});
