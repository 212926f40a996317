import { describe, expect, it } from 'vitest';
import { asBytes } from '../../../src/core/bytes.js';
import { LuaExit, LuaVm, isFunction } from '../../../src/lua/vm.js';
import { run } from './machine.js';

class Stuck extends Error {}

/** A machine whose clock goes on a millisecond each time it is asked. */
function watched(stuckAfter: number | undefined, throws = true) {
  const places: string[] = [];
  let time = 0;
  let asked = 0;
  const vm = LuaVm.create({
    watchdog: {
      clock: () => {
        asked++;
        return time++;
      },
      ...(stuckAfter === undefined ? {} : { stuckAfter }),
      onStuck: (place) => {
        places.push(place);
        if (throws) throw new Stuck(`stuck at ${place}`);
      },
    },
  });
  return { vm, places, asked: () => asked };
}

describe('watchdog', () => {
  it('ends a loop that never ends, and says where', () => {
    const { vm, places } = watched(5);
    expect(() => run(vm, 'local x = 0\nwhile true do\n  x = x + 1\nend')).toThrow(Stuck);
    expect(places).toHaveLength(1);
    expect(places[0]).toMatch(/^chunk\.lua:[23]$/);
  });

  it.each([
    ['numeric for', 'for i = 1, math.huge do end'],
    ['repeat', 'repeat until false'],
    ['goto', '::top:: goto top'],
    ['generic for', 'for _ in function() return 1 end do end'],
    ['calls', 'local function f() return 1 end while f() do end'],
    ['tail calls', 'local function f() return f() end f()'],
    ['callbacks', 'string.gsub(("x"):rep(1e6), ".", function() for i = 1, 100000 do end end)'],
  ])('sees %s', (_, source) => {
    const { vm, places } = watched(5);
    expect(() => run(vm, source)).toThrow(Stuck);
    expect(places).toHaveLength(1);
  });

  it('is not stopped by pcall, xpcall, coroutines or metamethods', () => {
    const endless = 'while true do end';
    for (const source of [
      `pcall(function() ${endless} end) reached = true`,
      `xpcall(function() ${endless} end, function() reached = true end) reached = true`,
      `while true do pcall(function() ${endless} end) end`,
      `coroutine.wrap(function() ${endless} end)() reached = true`,
      `coroutine.resume(coroutine.create(function() ${endless} end)) reached = true`,
      `local t = setmetatable({}, { __index = function() ${endless} end }) pcall(function() return t.x end) reached = true`,
      `table.sort({ 3, 2, 1 }, function() ${endless} end) reached = true`,
    ]) {
      const { vm } = watched(5);
      expect(() => run(vm, source)).toThrow(Stuck);
      expect(vm.globals.get('reached')).toBeUndefined();
      // The machine is still whole.
      expect(run(vm, 'return 1 + 1')).toEqual([2]);
    }
  });

  it('lets a call that is slow but ends go on when onStuck throws nothing, and tells of it again and again', () => {
    const { vm, places } = watched(2, false);
    expect(run(vm, 'local n = 0 for i = 1, 1000000 do n = n + 1 end return n')).toEqual([1_000_000]);
    expect(places.length).toBeGreaterThan(5);
  });

  it('times the outermost call only', () => {
    const { vm, places } = watched(1_000_000);
    vm.globals.set(
      'call',
      vm.fn('call', ({ args: [f] }) => (isFunction(f) ? vm.call(f, [], { stuckAfter: 0 }) : [])),
    );
    run(vm, 'call(function() for i = 1, 200000 do end end)');
    expect(places).toEqual([]);
  });

  it('takes a time for one call', () => {
    const { vm, places } = watched(1_000_000);
    const loop = vm.load(asBytes('for i = 1, 10000000 do end'), 'loop.lua');
    expect(() => vm.call(loop, [], { stuckAfter: 3 })).toThrow(Stuck);
    expect(places).toEqual(['loop.lua:1']);
  });

  it('watches only calls that say so when it has no time of its own', () => {
    const { vm, places, asked } = watched(undefined);
    run(vm, 'for i = 1, 200000 do end');
    expect([places, asked()]).toEqual([[], 0]);
    expect(() => vm.call(vm.load(asBytes('while true do end'), 'w.lua'), [], { stuckAfter: 3 })).toThrow(
      Stuck,
    );
  });

  it('costs nothing after the call has ended', () => {
    const { vm, asked } = watched(1000);
    run(vm, 'return 1');
    const before = asked();
    expect(before).toBeGreaterThan(0);
    const co = vm.load(asBytes('return 1'), 'c.lua');
    vm.call(co);
    expect(asked()).toBe(before + 1);
  });

  it('counts anew for each call', () => {
    const { vm, places } = watched(50);
    for (let i = 0; i < 50; i++) run(vm, 'for i = 1, 100000 do end');
    expect(places).toEqual([]);
  });
});

describe('exit', () => {
  it.each([
    ['os.exit()', 0],
    ['os.exit(true)', 0],
    ['os.exit(false)', 1],
    ['os.exit(7)', 7],
    ['os.exit(-1)', 255],
    ['os.exit(256)', 0],
    ['pcall(os.exit, 3)', 3],
    ['pcall(pcall, function() os.exit(4) end)', 4],
    ['xpcall(os.exit, print, 5)', 5],
    ['coroutine.wrap(function() pcall(os.exit, 6) end)()', 6],
    [
      'setmetatable({}, { __index = function() os.exit(8) end }).x = nil local _ = setmetatable({}, { __index = function() os.exit(8) end }).x',
      8,
    ],
  ])('%s ends everything with %d', (source, code) => {
    const vm = LuaVm.create();
    try {
      run(vm, `${source} reached = true`);
    } catch (error) {
      expect(error).toBeInstanceOf(LuaExit);
      expect((error as LuaExit).code).toBe(code);
      expect(vm.globals.get('reached')).toBeUndefined();
      expect(run(vm, 'return 1')).toEqual([1]);
      return;
    }
    throw new Error('the script went on');
  });
});
