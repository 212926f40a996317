import { describe, expect, it } from 'vitest';
import { asBytes, fromText, toText } from '../../../src/core/bytes.js';
import { isFunction, isTable, LuaFloat, LuaRaise, LuaVm, toNumber } from '../../../src/lua/vm.js';
import { evaluate, failure, MemoryStream, run } from './machine.js';

describe('calling from JS into Lua', () => {
  it('passes arguments and gives all results', () => {
    const vm = LuaVm.create();
    const add = vm.load(asBytes('local a, b = ... return a + b, a - b, nil'), 'add.lua');
    expect(vm.call(add, [5, 3])).toEqual([8, 2, undefined]);
    expect(vm.call(add, [0.5, 1])).toEqual([1.5, -0.5, undefined]);
  });

  it('gives no results for a chunk that returns none', () => {
    expect(run(LuaVm.create(), 'local x = 1')).toEqual([]);
  });

  it('keeps nils between and behind other arguments', () => {
    const vm = LuaVm.create();
    const count = vm.load(asBytes('return select("#", ...), (select(2, ...))'), 'c.lua');
    expect(vm.call(count, [1, undefined, undefined])).toEqual([3, undefined]);
    expect(
      vm.call(
        count,
        [undefined, 'x', undefined].map((v) => (v === undefined ? v : asBytes(v))),
      ),
    ).toEqual([3, 'x']);
  });

  it('keeps machines apart', () => {
    const [a, b] = [LuaVm.create(), LuaVm.create()];
    run(a, 'shared = 1');
    expect(run(b, 'return shared')).toEqual([undefined]);
    expect(() => b.globals.set('foreign', a.table({}))).not.toThrow();
  });

  it('runs deep alternation of JS and Lua, and fails in Lua words where it is too deep', () => {
    const vm = LuaVm.create();
    vm.globals.set(
      'again',
      vm.fn('again', ({ args: [f, n] }) => (isFunction(f) ? vm.call(f, [n]) : undefined)),
    );
    const nest = 'function nest(n) if n == 0 then return "bottom" end return again(nest, n - 1) end ';
    expect(run(vm, `${nest} return nest(50)`)).toEqual(['bottom']);
    expect(failure(() => run(vm, `${nest} return nest(100000)`)).message).toMatch(/stack overflow/);
    expect(run(vm, 'return nest(5)')).toEqual(['bottom']);
  });
});

describe('calling from Lua into JS', () => {
  it('counts arguments, nils at the end too', () => {
    const vm = LuaVm.create();
    vm.globals.set(
      'count',
      vm.fn('count', (call) => call.argc),
    );
    expect(run(vm, 'return count(), count(nil), count(1, nil), count(nil, nil, 3)')).toEqual([0, 1, 2, 3]);
  });

  it('gives one value, many, a nil, or nothing', () => {
    const vm = LuaVm.create();
    const results = {
      one: () => 1,
      many: () => [1, undefined, asBytes('x')],
      nothing: () => undefined,
      none: () => [],
    };
    for (const [name, impl] of Object.entries(results)) vm.globals.set(name, vm.fn(name, impl));
    expect(
      run(vm, 'return select("#", one()), select("#", many()), select("#", nothing()), select("#", none())'),
    ).toEqual([1, 3, 0, 0]);
    expect(run(vm, 'return many()')).toEqual([1, undefined, 'x']);
  });

  it('shows arguments as tostring does', () => {
    const vm = LuaVm.create();
    vm.globals.set(
      'text',
      vm.fn('text', (call) => call.text(0)),
    );
    expect(
      run(
        vm,
        'return text(1.0), text(nil), text(true), text(2^53), text("é"), text(setmetatable({}, {__tostring = function() return "T" end}))',
      ),
    ).toEqual(['1.0', 'nil', 'true', '9.007199254741e+15', asBytes('é'), 'T']);
  });

  it('works on the stack of the coroutine that calls', () => {
    const vm = LuaVm.create();
    vm.globals.set(
      'call',
      vm.fn('call', ({ args: [f, ...rest] }) => (isFunction(f) ? vm.call(f, rest) : undefined)),
    );
    const source = `
      local co = coroutine.wrap(function()
        local a = call(function(x) return x * 2 end, 21)
        coroutine.yield(a)
        return call(string.rep, 'ab', 2)
      end)
      return co(), co()`;
    expect(run(vm, source)).toEqual([42, 'abab']);
  });

  it('turns LuaRaise into an error with the place of the call', () => {
    const vm = LuaVm.create();
    for (const level of [0, 1, 2])
      vm.globals.set(
        `raise${level}`,
        vm.fn('raise', () => {
          throw new LuaRaise('no good', level);
        }),
      );
    const source = (n: number) =>
      `local function f()\n  raise${n}()\n  return 1\nend\nlocal x = f()\nreturn x`;
    expect(failure(() => run(vm, source(0))).message).toBe('no good');
    expect(failure(() => run(vm, source(1))).message).toBe('chunk.lua:2: no good');
    expect(failure(() => run(vm, source(2))).message).toBe('chunk.lua:5: no good');
  });

  it('knows where it was called', () => {
    const vm = LuaVm.create();
    vm.globals.set(
      'where',
      vm.fn('where', (call) => [call.where(1), call.where(2), call.where(50)]),
    );
    expect(
      run(
        vm,
        'local function f()\n local a, b, c = where()\n return a, b, c\nend\n local a, b, c = f() return a, b, c',
      ),
    ).toEqual(['chunk.lua:2:', 'chunk.lua:5:', '']);
  });

  it('says which functions are native', () => {
    const vm = LuaVm.create();
    const [lua, native] = run(vm, 'return function() end, print');
    expect(isFunction(lua) && lua.isNative()).toBe(false);
    expect(isFunction(native) && native.isNative()).toBe(true);
    expect(vm.fn('f', () => 1).isNative()).toBe(true);
  });
});

describe('loading', () => {
  it('names chunks by path or by text', () => {
    const vm = LuaVm.create();
    expect(failure(() => vm.load(asBytes('x = = 1'), 'dir/conf.lua')).message).toBe(
      "dir/conf.lua:1: unexpected symbol near '='",
    );
    expect(failure(() => vm.load(asBytes('x = = 1'), '=here')).message).toMatch(/^here:1:/);
  });

  it('skips a first line that begins with # and keeps line numbers', () => {
    const error = failure(() => run(LuaVm.create(), '#!/usr/bin/lsyncd\nlocal a = 1\nerror("here")'));
    expect(error.message).toBe('chunk.lua:3: here');
  });

  it('skips a byte order mark', () => expect(evaluate('\xef\xbb\xbfreturn 5')).toBe(5));

  it('refuses compiled chunks', () => {
    expect(failure(() => LuaVm.create().load(asBytes('\x1bLua'), 'x.luac')).message).toMatch(
      /attempt to load a binary chunk/,
    );
  });

  it('leaves the stack as it was after a failure', () => {
    const vm = LuaVm.create();
    for (let i = 0; i < 500; i++) failure(() => vm.load(asBytes('('), 'bad.lua'));
    for (let i = 0; i < 500; i++) failure(() => run(vm, 'error("x")'));
    expect(run(vm, 'return 1')).toEqual([1]);
  });
});

describe('helpers', () => {
  it('reads numerals as Lua does', () => {
    const vm = LuaVm.create();
    expect(vm.parseNumber(asBytes(' 0x10 '))).toBe(16);
    expect(vm.parseNumber(asBytes('1e2'))).toEqual(new LuaFloat(100));
    expect(vm.parseNumber(asBytes('9223372036854775807'))).toBe(2n ** 63n - 1n);
    for (const bad of ['', 'x', '1 2', '1\0', '0x']) expect(vm.parseNumber(asBytes(bad))).toBeUndefined();
  });

  it('shows values as tostring does', () => {
    const vm = LuaVm.create();
    expect(vm.tostring(new LuaFloat(3))).toBe('3.0');
    expect(vm.tostring(2n ** 60n)).toBe('1152921504606846976');
    expect(vm.tostring(vm.table({}))).toMatch(/^table: 0x/);
    expect(vm.tostring(undefined)).toBe('nil');
  });

  it('names types', () => {
    const vm = LuaVm.create();
    const values = run(
      vm,
      'return nil, true, 1, 1.0, 1.5, 1 << 60, "x", {}, print, io.stdout, coroutine.create(print)',
    );
    expect(values.map((value) => vm.typeName(value))).toEqual([
      'nil',
      'boolean',
      'number',
      'number',
      'number',
      'number',
      'string',
      'table',
      'function',
      'userdata',
      'thread',
    ]);
  });

  it('turns numbers of either type into JS numbers', () => {
    expect([1, 1.5, new LuaFloat(2), 2n ** 60n, asBytes('1'), undefined, true].map(toNumber)).toEqual([
      1,
      1.5,
      2,
      2 ** 60,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('carries JS objects in userdata', () => {
    const vm = LuaVm.create();
    const data = { secret: 5 };
    const box = vm.userdata(data, vm.table({ __name: asBytes('Box') }));
    vm.globals.set('box', box);
    expect(run(vm, 'return type(box), tostring(box):match("^Box: ") ~= nil, box == box')).toEqual([
      'userdata',
      true,
      true,
    ]);
    expect(vm.dataOf(run(vm, 'return box')[0])).toBe(data);
    expect(vm.dataOf(vm.table({}))).toBeUndefined();
    expect(vm.metafield(box, '__name')).toBe('Box');
    expect(vm.metafield(5, '__name')).toBeUndefined();
  });

  it('writes to the streams it was given', () => {
    const [stdout, stderr] = [new MemoryStream(), new MemoryStream()];
    const vm = LuaVm.create({ stdin: new MemoryStream('one\ntwo\n'), stdout, stderr });
    run(vm, 'print(io.read(), 1.0, nil) io.write("x") io.stderr:write("e", io.read("a"))');
    expect([stdout.written, stderr.written]).toEqual(['one\t1.0\tnil\nx', 'etwo\n']);
  });

  it('lets text through unchanged, whatever its bytes', () => {
    const bytes = asBytes(Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join(''));
    const vm = LuaVm.create();
    vm.globals.set('bytes', bytes);
    expect(run(vm, 'return bytes, #bytes, bytes:byte(-1), bytes:rep(3)')).toEqual([
      bytes,
      256,
      255,
      bytes.repeat(3),
    ]);
    expect(toText(run(vm, `return "${fromText('grüße €')}"`)[0] as typeof bytes)).toBe('grüße €');
  });

  it('shows its globals as a table', () => {
    const vm = LuaVm.create();
    run(vm, 'answer = 42');
    expect(vm.globals.get('answer')).toBe(42);
    expect(isTable(vm.globals.get('string'))).toBe(true);
    expect(vm.globals.get('fengari')).toBeUndefined();
  });
});
