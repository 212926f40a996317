import { beforeEach, describe, expect, it } from 'vitest';
import { asBytes, fromText } from '../../../src/core/bytes.js';
import { LsyncdError } from '../../../src/core/errors.js';
import { isFunction, LuaError, LuaRaise, LuaVm } from '../../../src/lua/vm.js';
import { failure, run } from './machine.js';

let vm: LuaVm;
beforeEach(() => (vm = LuaVm.create()));

const error = (source: string) => failure(() => run(vm, source));

describe('messages', () => {
  it.each([
    ['error("plain")', 'chunk.lua:1: plain'],
    ['error("no place", 0)', 'no place'],
    ['\n\nlocal x = nil\nx.y = 1', "chunk.lua:4: attempt to index a nil value (local 'x')"],
    ['nosuch()', "chunk.lua:1: attempt to call a nil value (global 'nosuch')"],
    ['error(5)', '5'],
    ['error(5.0)', '5.0'],
    ['error()', '(error object is a nil value)'],
    ['error({})', '(error object is a table value)'],
    ['error(true)', '(error object is a boolean value)'],
    ['error(print)', '(error object is a function value)'],
    ['error(setmetatable({}, { __tostring = function() return "shown" end }))', 'shown'],
    ['string.rep()', "chunk.lua:1: bad argument #1 to 'rep' (string expected, got no value)"],
    ['("x"):rep({})', "chunk.lua:1: bad argument #1 to 'rep' (number expected, got table)"],
    [
      'io.lines("/no/such/file")',
      "chunk.lua:1: cannot open file '/no/such/file' (No such file or directory)",
    ],
  ])('%s', (source, message) => {
    expect(error(source).message).toBe(message);
  });

  it('keep their bytes beside their text', () => {
    const thrown = error('error("\\xff\\xc3\\xa9", 0)');
    expect([thrown.bytes, thrown.message]).toEqual(['\xff\xc3\xa9', '\uFFFDé']);
  });

  it('keep the value', () => {
    const [table] = run(vm, 'object = { code = 5 } return object');
    expect(error('error(object)').value).toBe(table);
  });
});

describe('backtraces', () => {
  const where = (source: string) => error(source).traceback.map((frame) => frame.where);

  it('have file and line of every call, innermost first', () => {
    const source =
      'local function inner()\n error("x")\nend\nlocal function middle()\n inner()\n return 1\nend\nlocal r = middle()\nreturn r';
    expect(where(source)).toEqual(['[C]:-1', 'chunk.lua:2', 'chunk.lua:5', 'chunk.lua:8']);
    expect(error(source).traceback.map((frame) => frame.name)).toEqual([
      'error',
      'inner',
      'middle',
      undefined,
    ]);
  });

  it('have names in UTF-8', () => {
    const f = vm.load(asBytes('error("x")'), fromText('größe.lua'));
    expect(failure(() => vm.call(f)).traceback.map((frame) => frame.where)).toContain('größe.lua:1');
  });

  it('go on through JS functions', () => {
    vm.globals.set(
      'through',
      vm.fn('through', ({ args: [f] }) => (isFunction(f) ? vm.call(f) : [])),
    );
    const places = where(
      'local function deep()\n error("deep")\nend\nthrough(function()\n deep()\n return 1 end)',
    );
    expect(places.slice(0, 3)).toEqual(['[C]:-1', 'chunk.lua:2', 'chunk.lua:5']);
    expect(error('through(function() error("x", 0) end)').message).toBe('x');
  });

  it('are cut in the middle when they are long', () => {
    const { traceback } = error(
      'local function f(n) if n == 0 then error("x") end return (f(n - 1)) end f(100)',
    );
    expect(traceback).toHaveLength(40);
    expect(traceback[0]?.name).toBe('error');
  });

  it('are of the error that came out, not of one caught before', () => {
    expect(where('pcall(error, "first")\n\nerror("second")')).toEqual(['[C]:-1', 'chunk.lua:3']);
  });

  it('come out of a runaway recursion', () => {
    const thrown = error('local function f() return 1 + f() end\nf()');
    expect(thrown.message).toMatch(/stack overflow/);
    expect(thrown.traceback.length).toBeLessThanOrEqual(40);
    expect(run(vm, 'return 1')).toEqual([1]);
  });
});

describe('errors of JS functions', () => {
  class Odd extends Error {}

  beforeEach(() => {
    vm.globals.set(
      'odd',
      vm.fn('odd', () => {
        throw new Odd('odd thing');
      }),
    );
    vm.globals.set(
      'known',
      vm.fn('known', () => {
        throw new LsyncdError('LSY_TEST', 'known thing');
      }),
    );
    vm.globals.set(
      'raise',
      vm.fn('raise', () => {
        throw new LuaRaise(fromText('größe'), 1);
      }),
    );
  });

  it('leave as the cause', () => {
    const thrown = error('odd()');
    expect(thrown.cause).toBeInstanceOf(Odd);
    expect(thrown.message).toBe('odd thing');
    expect(error('local x = known()').cause).toBeInstanceOf(LsyncdError);
  });

  it('can be caught and shown by scripts', () => {
    expect(run(vm, 'local ok, e = pcall(odd) return ok, tostring(e), e .. "!", "! " .. e, type(e)')).toEqual([
      false,
      'odd thing',
      'odd thing!',
      '! odd thing',
      'userdata',
    ]);
  });

  it('stay the cause when a script throws them again', () => {
    expect(error('local ok, e = pcall(odd) error(e)').cause).toBeInstanceOf(Odd);
    expect(error('local ok, e = pcall(odd) error("about: " .. e, 0)').cause).toBeUndefined();
  });

  it('keep their text', () => expect(error('raise()').message).toBe('chunk.lua:1: größe'));

  it('give bytes to Lua', () =>
    expect(run(vm, 'return select(2, pcall(raise))')).toEqual([fromText('größe')]));

  it('come through JS that calls Lua again as they were', () => {
    vm.globals.set(
      'through',
      vm.fn('through', ({ args: [f] }) => (isFunction(f) ? vm.call(f) : [])),
    );
    expect(error('through(function() through(odd) end)').cause).toBeInstanceOf(Odd);
    expect(run(vm, 'return pcall(through, function() error("plain", 0) end)')).toEqual([false, 'plain']);
    const [, table] = run(
      vm,
      'local t = {} local ok, e = pcall(through, function() error(t) end) return ok, e == t',
    );
    expect(table).toBe(true);
  });

  it('show what is no Error', () => {
    vm.globals.set(
      'text',
      vm.fn('text', () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- what careless packages do
        throw 'just text';
      }),
    );
    expect(error('text()').message).toBe('just text');
  });
});

describe('LuaError', () => {
  it('names itself', () => {
    const made = new LuaError({ bytes: asBytes('m'), value: undefined, traceback: [] });
    expect([made.name, String(made), 'cause' in made]).toEqual(['LuaError', 'LuaError: m', false]);
  });
});
