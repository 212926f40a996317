import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asBytes, fromText } from '../../../src/core/bytes.js';
import { lockGlobals } from '../../../src/lua/globals/lock.js';
import { isTable, LuaExit } from '../../../src/lua/vm.js';
import { failure } from './machine.js';
import { ScriptWorld, type TestSync } from './script-world.js';

let world: ScriptWorld;
let sync: TestSync;

beforeEach(() => {
  world = new ScriptWorld();
  sync = world.sync();
});

const message = (source: string) => failure(() => world.run(source)).message;

describe('log', () => {
  it.each([
    ['"text"', 'text'],
    ['"a", "b", 1, 2.5, 3.0', 'ab12.53.0'],
    ['nil', '(nil)'],
    ['"x", nil, "y", nil', 'x(nil)y(nil)'],
    ['true, false', '(true)(false)'],
    ['', ''],
    ['1 << 60', '1152921504606846976'],
  ])('joins %s', (args, text) => {
    world.run(`log("Normal"${args === '' ? '' : `, ${args}`})`);
    expect(world.logged).toEqual([['Normal', text]]);
  });

  it('names tables and timestamps', () => {
    world.clock = 1500;
    world.run('log("Error", {}, now())');
    expect(world.logged[0]?.[1]).toMatch(/^\(Table: 0x[0-9a-f]+\)\(Timestamp: 1\.500000\)$/);
  });

  it('needs a category, and values that can be shown', () => {
    const wrong = (index: number, got: string) =>
      `chunk.lua:1: bad argument #${index} to 'log' (string expected, got ${got})`;
    expect(message('log()')).toBe(wrong(1, 'no value'));
    expect(message('log({}, "x")')).toBe(wrong(1, 'table'));
    expect(message('log("Normal", 1, print)')).toBe(wrong(3, 'function'));
    expect(world.logged).toEqual([]);
  });
});

describe('timestamps', () => {
  beforeEach(() => (world.clock = 10_000));

  it('add and subtract seconds', () => {
    expect(
      world.run(
        'local t = now() return tostring(t + 2), tostring(2 + t), tostring(t - 0.5), tostring(t + 5 - t), t - (t + 1) == -1',
      ),
    ).toEqual(['12.000000', '12.000000', '9.500000', '5.0', true]);
  });

  it('compare', () => {
    expect(
      world.run(
        'local t = now() return t < t + 1, t <= t, t > t + 1, t >= t, t == now(), t ~= now() + 1, t == 5',
      ),
    ).toEqual([true, true, false, true, true, true, false]);
  });

  it('join as text', () =>
    expect(world.run('return "at " .. now(), now() .. "!"')).toEqual(['at 10.000000', '10.000000!']));

  it('go with the clock', () => {
    world.run('t = now()');
    world.clock = 12_250;
    expect(world.run('return now() - t')).toEqual([2.25]);
  });

  it('refuse everything else', () => {
    expect(message('return now() + "x"')).toBe('chunk.lua:1: Adding non-number to timestamp');
    expect(message('return now() + now()')).toBe('chunk.lua:1: Adding non-number to timestamp');
    expect(message('return 5 - now()')).toBe('chunk.lua:1: Cannot subtract a timestamp from something else');
    expect(message('return now() < 5')).toBe('chunk.lua:1: Cannot compare a timestamp with something else');
    expect(message('return {} <= now()')).toBe('chunk.lua:1: Cannot compare a timestamp with something else');
  });
});

describe('alarm', () => {
  it('calls a function with its time and one more value', () => {
    world.clock = 1000;
    world.run(
      'called = {} alarm(now() + 3, function(at, extra) called.at, called.extra = tostring(at), extra end, "more")',
    );
    expect(world.alarms.map(({ at }) => at)).toEqual([4000]);
    expect(world.run('return called.at')).toEqual([undefined]);
    world.alarms[0]?.run();
    expect(world.run('return called.at, called.extra')).toEqual(['4.000000', 'more']);
  });

  it('lets errors of the function out', () => {
    world.run('alarm(now(), function()\n error("late") end)');
    expect(failure(() => world.alarms[0]?.run()).message).toBe('chunk.lua:2: late');
  });

  it('needs a timestamp and a function', () => {
    for (const args of ['', '5, print', 'now()', 'now(), 5', 'nil, print', '{}, print'])
      expect(message(`alarm(${args})`)).toBe('chunk.lua:1: alarm expects a timestamp and a function');
    expect(world.alarms).toEqual([]);
  });
});

describe('spawn', () => {
  const event = () => world.event(sync, { kind: 'Create', path: asBytes('/a') });

  it('starts a program for an event', () => {
    const delay = event();
    world.run('spawn(event, "/bin/cp", "-p", event.sourcePath, 5, 1.0)');
    expect(world.spawned).toEqual([
      {
        agent: { sync, delays: [delay], isList: false },
        command: { binary: '/bin/cp', args: ['-p', '/src//a', '5', '1.0'] },
      },
    ]);
    expect(delay.status).toBe('active');
  });

  it('starts one for a list', () => {
    const delay = event();
    world.run('spawn(inlet.getEvents(), "/bin/true")');
    expect(world.spawned[0]?.agent).toEqual({ sync, delays: [delay], isList: true });
  });

  it('flattens tables and drops nils', () => {
    event();
    world.run('spawn(event, "x", { "a", { "b", "c" }, {} }, nil, "d", nil)');
    expect(world.spawned[0]?.command.args).toEqual(['a', 'b', 'c', 'd']);
  });

  it.each([
    ['"<", "input", "-a"', 'input', ['-a']],
    ['"<", nil, "-a"', '', ['-a']],
    ['"<", 5', '5', []],
    ['"<"', '', []],
  ])('pipes: %s', (words, stdin, args) => {
    event();
    world.run(`spawn(event, "prog", ${words})`);
    expect(world.spawned[0]?.command).toEqual({ binary: 'prog', args, stdin });
  });

  it('starts shells, with words as $1, $2 …', () => {
    event();
    world.run('spawnShell(event, "cp $1 $2", "from here", "to")');
    expect(world.spawned[0]?.command).toEqual({
      binary: '/bin/sh',
      args: ['-c', 'cp $1 $2', 'sh', 'from here', 'to'],
    });
  });

  it('starts nothing twice', () => {
    event();
    expect(message('spawn(event, "a") spawn(event, "b")')).toBe(
      'chunk.lua:1: spawn() called on an non-waiting event',
    );
    expect(world.spawned).toHaveLength(1);
  });

  it('starts nothing while fading', () => {
    const delay = event();
    world.fading = true;
    world.run('spawn(event, "a")');
    expect([world.spawned, delay.status]).toEqual([[], 'wait']);
    expect(world.logged).toEqual([['Normal', 'ignored process spawning while fading']]);
  });

  it('refuses what is no agent and what is no program', () => {
    event();
    for (const agent of ['nil', '5', '{}', 'inlet', '"x"'])
      expect(message(`spawn(${agent}, "a")`)).toMatch(
        /^chunk\.lua:1: spawning with an (?:invalid|unknown) agent$/,
      );
    for (const binary of ['', ', nil', ', 5', ', {}'])
      expect(message(`spawn(event${binary})`)).toBe(
        'chunk.lua:1: calling spawn(agent, binary, ...): binary is not a string',
      );
    expect(world.spawned).toEqual([]);
  });

  it('knows the agent of events and lists', () => {
    const delay = event();
    expect(world.spawner.agent(world.run('return event')[0])).toEqual({
      sync,
      delays: [delay],
      isList: false,
    });
    expect(world.spawner.agent(world.run('return inlet.getEvents()')[0]).isList).toBe(true);
  });
});

describe('terminate', () => {
  it.each([
    ['0', 0],
    ['7', 7],
    ['-1', 255],
    ['256', 0],
  ])('(%s) ends with %d', (args, code) => {
    let thrown: unknown;
    try {
      world.run(`pcall(terminate, ${args})`);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(LuaExit);
    expect((thrown as LuaExit).code).toBe(code);
  });

  it('needs a number', () => {
    expect(message('terminate()')).toBe(
      "chunk.lua:1: bad argument #1 to 'terminate' (number expected, got no value)",
    );
    expect(message('terminate("x")')).toBe(
      "chunk.lua:1: bad argument #1 to 'terminate' (number expected, got string)",
    );
  });
});

describe('readdir', () => {
  let dir: string;
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'lua-readdir-'))));
  afterEach(() => rmSync(dir, { recursive: true }));

  it('tells directories from the rest, whatever their names', () => {
    writeFileSync(join(dir, 'file'), '');
    mkdirSync(join(dir, 'sub'));
    symlinkSync('sub', join(dir, 'link'));
    writeFileSync(Buffer.from(`${dir}/bad\xff\nname`, 'latin1'), '');
    world.vm.globals.set('dir', fromText(dir));
    const [found] = world.run('return readdir(dir)');
    const entries = isTable(found) ? Object.fromEntries(found.entries()) : undefined;
    expect(entries).toEqual({ file: false, sub: true, link: false, 'bad\xff\nname': false });
    expect(world.run('return next(readdir(dir .. "/sub"))')).toEqual([undefined]);
  });

  it('gives nil for what cannot be read', () => {
    world.vm.globals.set('dir', fromText(dir));
    expect(world.run('return (readdir(dir .. "/absent"))')).toEqual([undefined]);
    expect(world.logged).toEqual([['Error', `cannot open dir [${dir}/absent].`]]);
    expect(message('readdir()')).toBe('chunk.lua:1: readdir expects a path');
  });
});

describe('other globals', () => {
  it.each(['observefd', 'nonobservefd'])('%s says that it is not there', (name) => {
    expect(message(`${name}()`)).toMatch(new RegExp(`^chunk\\.lua:1: ${name} is not`));
  });

  it('string.starts and string.ends', () => {
    expect(
      world.run(
        'return ("abc"):starts("ab"), ("abc"):starts("b"), ("abc"):ends("bc"), ("abc"):ends("b"), ("abc"):starts(""), ("a.c"):starts(".")',
      ),
    ).toEqual([true, false, true, false, true, false]);
  });

  it('unpack is table.unpack', () => expect(world.run('return unpack == table.unpack')).toEqual([true]));
});

describe('locked globals', () => {
  beforeEach(() => {
    world.run('known = 1 unknown_local = nil function read() return misspelt end');
    lockGlobals(world.vm);
  });

  it('cannot be made', () => {
    expect(message('\nfresh = 1')).toBe(
      'chunk.lua:2: Lsyncd does not allow GLOBALS to be created on the fly. Declare "fresh" local or declare global on load.',
    );
    expect(message('function f() end')).toMatch(/Declare "f" local/);
    expect(message('_G[1] = 1')).toMatch(/Declare "1" local/);
  });

  it('cannot be misspelt', () => {
    expect(message('return misspelt')).toBe('chunk.lua:1: Access of non-existing global "misspelt"');
    expect(message('return read()')).toMatch(/^chunk\.lua:1: Access of non-existing global "misspelt"$/);
  });

  it('can be changed and read when they are there', () => {
    expect(world.run('known = known + 1 return known, type(print), rawget(_G, "misspelt")')).toEqual([
      2,
      'function',
      undefined,
    ]);
  });

  it('may be `_` and names that begin with two underscores', () => {
    expect(world.run('for _, v in ipairs { 1 } do end _ = 5 __mine = 6 return _, __mine, __other')).toEqual([
      5,
      6,
      undefined,
    ]);
  });

  it('leave locals and tables alone', () => {
    expect(world.run('local x = {} x.y = 1 return x.y, x.z')).toEqual([1, undefined]);
  });
});
