import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asBytes, type ByteString } from '../../../src/core/bytes.js';
import { isTable, LuaFloat, LuaVm, type LuaTable, type LuaValue } from '../../../src/lua/vm.js';
import { failure, run } from './machine.js';

const vm = LuaVm.create();

/** A value's way into Lua and back. */
function through(value: LuaValue): LuaValue {
  return vm.call(vm.load(asBytes('return ...'), 'echo.lua'), [value])[0];
}

function table(source: string): LuaTable {
  const [value] = run(vm, `return ${source}`);
  if (isTable(value)) return value;
  throw new Error(`${source} is no table`);
}

describe('numbers', () => {
  it('keeps the two number types apart', () => {
    const kind = (value: LuaValue) => vm.call(vm.load(asBytes('return math.type(...)'), 'k.lua'), [value])[0];
    expect([1, 2 ** 53 - 1, 2n ** 62n, 0, -0].map(kind)).toEqual(Array(5).fill('integer'));
    expect([1.5, 2 ** 53, 1e300, NaN, Infinity, new LuaFloat(1), new LuaFloat(-0)].map(kind)).toEqual(
      Array(7).fill('float'),
    );
  });

  it('gives integers as numbers while they are safe, then as bigints', () => {
    expect(run(vm, 'return 5, -5, 9007199254740991, 9007199254740992, math.mininteger, 1 << 62')).toEqual([
      5,
      -5,
      9007199254740991,
      9007199254740992n,
      -(2n ** 63n),
      2n ** 62n,
    ]);
  });

  it('gives floats as numbers only when they have a fraction', () => {
    expect(run(vm, 'return 0.5, 1.0, -0.0, 1e300, 1/0')).toEqual([
      0.5,
      new LuaFloat(1),
      new LuaFloat(-0),
      new LuaFloat(1e300),
      new LuaFloat(Infinity),
    ]);
  });

  it('refuses a bigint that does not fit', () => {
    expect(() => through(2n ** 63n)).toThrow(RangeError);
    expect(() => through(-(2n ** 63n) - 1n)).toThrow(RangeError);
  });

  it('never changes a number on its way', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.maxSafeInteger(),
          fc.double({ noNaN: true }),
          fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        ),
        (given) => {
          const back = through(given);
          const value = back instanceof LuaFloat ? back.value : back;
          expect(Number(value)).toBe(Number(given) + 0);
          if (typeof given === 'bigint') expect(BigInt(value as number | bigint)).toBe(given);
        },
      ),
    );
  });
});

describe('strings', () => {
  it('never changes a byte on its way', () => {
    const bytes = fc.uint8Array({ maxLength: 600 }).map((list) => asBytes(String.fromCharCode(...list)));
    fc.assert(
      fc.property(bytes, (given) => {
        expect(through(given)).toBe(given);
      }),
    );
  });
});

describe('identity', () => {
  it('gives the same table, function and thread as the same object', () => {
    const [a, b, f, g, t, u] = run(
      vm,
      'local t, c = {}, coroutine.create(print) return t, t, print, print, c, c',
    );
    expect(a).toBe(b);
    expect(f).toBe(g);
    expect(t).toBe(u);
    expect(through(a)).toBe(a);
  });

  it('refuses values that are not Lua', () => {
    const forged = { type: 'table' } as unknown as LuaTable;
    expect(() => through(forged)).toThrow(TypeError);
    expect(() => vm.table({}).setMetatable(forged)).toThrow(TypeError);
  });
});

describe('tables', () => {
  it('are made of lists and of named fields', () => {
    vm.globals.set('list', vm.table([1, asBytes('b'), vm.table({ deep: true })]));
    vm.globals.set('named', vm.table({ a: 1, 'key with space': asBytes('x') }));
    expect(run(vm, 'return #list, list[2], list[3].deep, named.a, named["key with space"]')).toEqual([
      3,
      'b',
      true,
      1,
      'x',
    ]);
    expect(vm.table().length).toBe(0);
  });

  it('read and write keys of every kind', () => {
    const t = vm.table({});
    const other = vm.table({});
    const keys: LuaValue[] = [
      asBytes('s'),
      1,
      new LuaFloat(2),
      2.5,
      2n ** 60n,
      true,
      other,
      vm.fn('f', () => 1),
    ];
    keys.forEach((key, i) => t.set(key, i));
    expect(keys.map((key) => t.get(key))).toEqual(keys.map((_, i) => i));
    // A float that is integral is the integer's key.
    expect(t.get(2)).toBe(2);
    expect(t.get('1')).toBeUndefined();
  });

  it('refuse nil and NaN as keys', () => {
    expect(() => vm.table({}).set(undefined, 1)).toThrow(/index is nil/);
    expect(() => vm.table({}).set(NaN, 1)).toThrow(/index is NaN/);
  });

  it('remove by undefined', () => {
    const t = table('{ 1, 2, 3, x = 1 }');
    t.set('x', undefined);
    t.set(3, undefined);
    expect([t.get('x'), t.length, [...t.entries()]]).toEqual([
      undefined,
      2,
      [
        [1, 1],
        [2, 2],
      ],
    ]);
  });

  it('list their entries, also while they change', () => {
    const t = table('{ a = 1, b = 2, c = 3, 10 }');
    const seen: [LuaValue, LuaValue][] = [];
    for (const [key, value] of t.entries()) {
      seen.push([key, value]);
      t.set(key, undefined);
    }
    expect(seen.map(([key]) => vm.tostring(key)).sort()).toEqual(['1', 'a', 'b', 'c']);
    expect([...t.entries()]).toEqual([]);
  });

  it('read with and without metamethods', () => {
    const t = table('setmetatable({ own = 1 }, { __index = function(_, k) return k .. "!" end })');
    expect([t.get('own'), t.get('other'), t.index('own'), t.index('other')]).toEqual([
      1,
      undefined,
      1,
      'other!',
    ]);
    expect(
      failure(() => table('setmetatable({}, { __index = function() error("no", 0) end })').index('x'))
        .message,
    ).toBe('no');
  });

  it('have metatables, which take effect at once', () => {
    const t = vm.table({});
    vm.globals.set('t', t);
    expect(run(vm, 'return pcall(function() return t + 1 end)')[0]).toBe(false);
    const meta = vm.table({});
    t.setMetatable(meta);
    meta.set(
      '__add',
      vm.fn('__add', () => asBytes('sum')),
    );
    expect(run(vm, 'return t + 1')).toEqual(['sum']);
    meta.set(
      '__index',
      vm.fn('__index', ({ args: [, key] }) => key),
    );
    expect(run(vm, 'return t.some')).toEqual(['some']);
    expect(t.getMetatable()).toBe(meta);
    t.setMetatable(undefined);
    expect(t.getMetatable()).toBeUndefined();
  });

  it('compare as Lua does', () => {
    const [a, b, c] = run(
      vm,
      'local m = { __eq = function(x, y) return x.v == y.v end } return setmetatable({v=1}, m), setmetatable({v=1}, m), setmetatable({v=2}, m)',
    ) as LuaTable[];
    expect([
      a!.equals(a),
      a!.equals(b),
      a!.equals(c),
      a!.equals(1),
      vm.table({}).equals(vm.table({})),
    ]).toEqual([true, true, false, false, false]);
  });

  it('hold what Lua put in, byte for byte', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((c) => String.fromCharCode(c)) }),
          fc.integer(),
        ),
        (fields) => {
          const entries = Object.entries(fields);
          const t = vm.table(Object.fromEntries(entries));
          vm.globals.set('t', t);
          for (const [key, value] of entries) expect(t.get(key as ByteString)).toBe(value);
          expect(
            run(vm, 'local n = 0 for k, v in pairs(t) do n = n + 1 assert(t[k] == v) end return n'),
          ).toEqual([entries.length]);
        },
      ),
      { numRuns: 50 },
    );
  });
});
