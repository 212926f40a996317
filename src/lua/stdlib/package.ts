import { accessSync, constants } from 'node:fs';
import { asBytes, fromText, type ByteString } from '../../core/bytes.js';
import { toBuffer } from '../../sys/bytes.js';
import { LuaRaise } from '../errors.js';
import { isFunction, isTable, type LuaFunction, type LuaTable, type LuaValue } from '../values.js';
import type { LuaVm } from '../vm.js';
import { install } from './args.js';

const share = ['/usr/local/share', '/usr/local/lib', '/usr/share'];
const defaultPath = [...share.flatMap((dir) => [`${dir}/lua/5.3/?.lua`, `${dir}/lua/5.3/?/init.lua`])];
const defaultCPath = [
  '/usr/local/lib/lua/5.3/?.so',
  '/usr/lib/x86_64-linux-gnu/lua/5.3/?.so',
  '/usr/lib/lua/5.3/?.so',
  '/usr/local/lib/lua/5.3/loadall.so',
];

/**
 * `require` and `package`, as of Debian's lua5.3: LUA_PATH_5_3 or LUA_PATH, the usual folders, `package.preload`,
 * `package.searchers`. C modules cannot be loaded into this machine and say so.
 */
export function openPackage(vm: LuaVm): void {
  const found = vm.globals.get('package');
  if (!isTable(found)) return;
  const pack = found;
  for (const key of ['jspath', 'searchers', 'loaders']) pack.set(key, undefined);
  pack.set('path', searchPath('LUA_PATH', [...defaultPath, './?.lua', './?/init.lua']));
  pack.set('cpath', searchPath('LUA_CPATH', [...defaultCPath, './?.so']));
  pack.set('config', asBytes('/\n;\n?\n!\n-\n'));
  pack.set(
    'searchers',
    vm.table([
      vm.fn('preload', ({ args: [name] }) => preloaded(pack, vm.tostring(name))),
      vm.fn('lua', ({ args: [name] }) => luaModule(vm, pack, vm.tostring(name))),
      vm.fn('c', ({ args: [name] }) => nativeModule(vm, pack, vm.tostring(name))),
      vm.fn('croot', ({ args: [name] }) => {
        const [root, ...rest] = vm.tostring(name).split('.');
        return rest.length === 0 ? undefined : nativeModule(vm, pack, asBytes(root ?? ''));
      }),
    ]),
  );
  install(vm, 'package', {
    searchpath: (args) => {
      const [name, path] = [args.string(0), args.string(1)];
      const result = search(name, path, args.optString(2, asBytes('.')), args.optString(3, asBytes('/')));
      return 'file' in result ? result.file : [undefined, result.tried];
    },
    loadlib: (args) => {
      args.string(0);
      args.string(1);
      const text = 'dynamic libraries not enabled; check your Lua installation';
      return [undefined, asBytes(text), asBytes('absent')];
    },
  });
  install(vm, '', { require: (args) => require(vm, pack, args.string(0)) });
}

function searchPath(variable: string, otherwise: readonly string[]): ByteString {
  const given = process.env[`${variable}_5_3`] ?? process.env[variable];
  const usual = otherwise.join(';');
  if (given === undefined) return asBytes(usual);
  // `;;` stands for the default path.
  return asBytes(fromText(given).replaceAll(';;', ';\x01;').replaceAll('\x01', usual));
}

function require(vm: LuaVm, pack: LuaTable, name: ByteString): LuaValue {
  const loaded = pack.get('loaded');
  if (!isTable(loaded)) throw new LuaRaise("'package.loaded' must be a table", 1);
  const present = loaded.index(name);
  if (present !== undefined && present !== false) return present;
  const [loader, extra] = findLoader(vm, pack, name);
  const [result] = vm.call(loader, extra === undefined ? [name] : [name, extra]);
  if (result !== undefined) loaded.set(name, result);
  if (loaded.get(name) === undefined) loaded.set(name, true);
  return loaded.get(name);
}

function findLoader(vm: LuaVm, pack: LuaTable, name: ByteString): [LuaFunction, LuaValue] {
  const searchers = pack.index('searchers');
  if (!isTable(searchers)) throw new LuaRaise("'package.searchers' must be a table", 1);
  let tried = '';
  for (let i = 1; ; i++) {
    const searcher = searchers.get(i);
    if (!isFunction(searcher)) throw new LuaRaise(`module '${name}' not found:${tried}`, 1);
    const [loader, extra] = vm.call(searcher, [name]);
    if (isFunction(loader)) return [loader, extra];
    if (typeof loader === 'string') tried += loader;
  }
}

function preloaded(pack: LuaTable, name: ByteString): LuaValue {
  const preload = pack.get('preload');
  if (!isTable(preload)) throw new LuaRaise("'package.preload' must be a table", 1);
  return preload.index(name) ?? asBytes(`\n\tno field package.preload['${name}']`);
}

function luaModule(vm: LuaVm, pack: LuaTable, name: ByteString): LuaValue | readonly LuaValue[] {
  const path = pathField(vm, pack, 'path');
  const result = search(name, path, '.', '/');
  if (!('file' in result)) return result.tried;
  const loadfile = vm.globals.get('loadfile');
  const [loader, message] = isFunction(loadfile) ? vm.call(loadfile, [result.file]) : [];
  if (isFunction(loader)) return [loader, result.file];
  const text = message === undefined ? '' : vm.tostring(message);
  throw new LuaRaise(`error loading module '${name}' from file '${result.file}':\n\t${text}`, 1);
}

function nativeModule(vm: LuaVm, pack: LuaTable, name: ByteString): LuaValue {
  const path = pathField(vm, pack, 'cpath');
  const result = search(name, path, '.', '/');
  if (!('file' in result)) return result.tried;
  throw new LuaRaise(
    `error loading module '${name}' from file '${result.file}':\n\tmodules written in C cannot be loaded here`,
    1,
  );
}

function pathField(vm: LuaVm, pack: LuaTable, key: string): ByteString {
  const value = pack.index(key);
  if (typeof value === 'string' || vm.typeName(value) === 'number') return vm.tostring(value);
  throw new LuaRaise(`'package.${key}' must be a string`, 1);
}

/** The first readable file of a path's templates, or what was tried. */
function search(
  name: ByteString,
  path: ByteString,
  separator: string,
  replacement: string,
): { readonly file: ByteString } | { readonly tried: ByteString } {
  const wanted = separator === '' ? name : name.split(separator).join(replacement);
  let tried = '';
  for (const template of path.split(';').filter((part) => part !== '')) {
    const file = asBytes(template.split('?').join(wanted));
    try {
      accessSync(toBuffer(file), constants.R_OK);
      return { file };
    } catch {
      tried += `\n\tno file '${file}'`;
    }
  }
  return { tried: asBytes(tried) };
}
