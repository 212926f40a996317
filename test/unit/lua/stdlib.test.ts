import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asBytes, fromText } from '../../../src/core/bytes.js';
import { LuaVm } from '../../../src/lua/vm.js';
import { failure, MemoryStream, run } from './machine.js';

/** What the oracle scripts (test/lua) can not show: where our machine ends and the world begins. */

let dir: string;
let vm: LuaVm;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lua-stdlib-'));
  vm = LuaVm.create();
  vm.globals.set('dir', fromText(dir));
});

afterEach(() => {
  vm.close();
  rmSync(dir, { recursive: true });
});

const descriptors = () => readdirSync('/proc/self/fd').length;

describe('files', () => {
  it('that scripts forget are closed with the machine', () => {
    const before = descriptors();
    run(vm, 'for i = 1, 20 do io.open(dir .. "/f" .. i, "w"):write("x") end kept = io.open(dir .. "/f1")');
    expect(descriptors()).toBeGreaterThanOrEqual(before + 20);
    vm.close();
    expect(descriptors()).toBe(before);
    // A second time there is nothing left to do.
    vm.close();
  });

  it('are written at once, without flush or close', () => {
    run(vm, 'file = io.open(dir .. "/now", "w") file:write("there")');
    expect(readFileSync(join(dir, 'now'), 'utf8')).toBe('there');
  });

  it('may have names of any bytes', () => {
    vm.globals.set('name', asBytes('/bad\xff\n name'));
    run(vm, 'io.open(dir .. name, "w"):write("x")');
    expect(existsSync(Buffer.from(`${dir}/bad\xff\n name`, 'latin1'))).toBe(true);
    expect(run(vm, 'return os.rename(dir .. name, dir .. "/plain"), os.remove(dir .. "/plain")')).toEqual([
      true,
      true,
    ]);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('without a name leave nothing behind', () => {
    const before = new Set(readdirSync(tmpdir()).filter((name) => name.startsWith('lua_')));
    expect(run(vm, 'local t = io.tmpfile() t:write("abc") t:seek("set") return t:read("a")')).toEqual([
      'abc',
    ]);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('lua_') && !before.has(name))).toEqual([]);
  });

  it('larger than any buffer come whole', () => {
    const content = 'line of text\n'.repeat(100_000);
    writeFileSync(join(dir, 'large'), content);
    expect(
      run(
        vm,
        'local n = 0 for _ in io.lines(dir .. "/large") do n = n + 1 end return n, #io.open(dir .. "/large"):read("a")',
      ),
    ).toEqual([100_000, content.length]);
  });

  it('keep the standard streams open', () => {
    const stdout = new MemoryStream();
    const own = LuaVm.create({ stdout });
    run(own, 'io.stdout:close() io.write("still here")');
    own.close();
    expect([stdout.written, stdout.closed]).toEqual(['still here', 0]);
  });
});

describe('commands', () => {
  it('take and give any bytes', () => {
    const bytes = asBytes('a\xff\x80 $x \'q\' "d"\n');
    vm.globals.set('bytes', bytes);
    expect(
      run(
        vm,
        `local h = io.popen("printf %s 'x" .. "\\xff\\xc3\\xa9" .. "y'") return h:read("a"), h:close()`,
      ),
    ).toEqual(['x\xff\xc3\xa9y', true, 'exit', 0]);
    run(vm, 'local h = io.popen("cat > " .. dir .. "/out", "w") h:write(bytes) h:close()');
    expect(readFileSync(join(dir, 'out'), 'latin1')).toBe(bytes);
  });

  it('that do not read their input say how they ended', () => {
    expect(run(vm, 'local h = io.popen("exit 3", "w") h:write(("x"):rep(1000000)) return h:close()')).toEqual(
      [undefined, 'exit', 3],
    );
  });

  it('wait for their end', () => {
    run(vm, 'os.execute("(sleep 0.2; echo done) > " .. dir .. "/late")');
    expect(readFileSync(join(dir, 'late'), 'utf8')).toBe('done\n');
  });
});

describe('environment', () => {
  it('is the process own, in UTF-8', () => {
    process.env['LUA_TEST_NAME'] = 'größe';
    try {
      expect(run(vm, 'return os.getenv("LUA_TEST_NAME")')).toEqual([fromText('größe')]);
    } finally {
      delete process.env['LUA_TEST_NAME'];
    }
  });
});

describe('modules', () => {
  it('written in C are refused with a reason', () => {
    writeFileSync(join(dir, 'native.so'), '');
    run(vm, 'package.path = "" package.cpath = dir .. "/?.so"');
    expect(failure(() => run(vm, 'require("native")')).message).toMatch(
      /modules written in C cannot be loaded here$/,
    );
    expect(run(vm, 'return select(3, package.loadlib("x", "y"))')).toEqual(['absent']);
  });

  it.each([
    ['LUA_PATH', '/first/?.lua', '/first/?.lua'],
    [
      'LUA_PATH_5_3',
      '/own/?.lua;;',
      /^\/own\/\?\.lua;\/usr\/local\/share\/lua\/5\.3\/\?\.lua;.*\.\/\?\.lua;/,
    ],
  ])('are searched by %s', (name, value, expected) => {
    process.env[name] = value;
    try {
      const path = run(LuaVm.create(), 'return package.path')[0];
      if (typeof expected === 'string') expect(path).toBe(expected);
      else expect(path).toMatch(expected);
    } finally {
      Reflect.deleteProperty(process.env, name);
    }
  });
});

describe('memory', () => {
  it('is counted and left to JavaScript', () => {
    expect(
      run(
        vm,
        'return collectgarbage(), collectgarbage("count") > 100, math.type(collectgarbage("count")), collectgarbage("isrunning")',
      ),
    ).toEqual([0, true, 'float', true]);
    expect(run(vm, 'return collectgarbage("setpause", 150), collectgarbage("setpause", 200)')).toEqual([
      200, 150,
    ]);
  });

  it('that cannot be had is an error scripts can catch', () => {
    expect(run(vm, 'return pcall(string.rep, "x", 1 << 40)')[0]).toBe(false);
    expect(run(vm, 'return 1')).toEqual([1]);
  });
});
