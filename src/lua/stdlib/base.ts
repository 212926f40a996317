import { readFileSync } from 'node:fs';
import { asBytes, fromText, type ByteString } from '../../core/bytes.js';
import { fromBuffer, toBuffer } from '../../sys/bytes.js';
import { LuaRaise } from '../errors.js';
import { isFunction, isTable, LuaFloat } from '../values.js';
import { skipHash } from '../codec.js';
import type { LuaVm } from '../vm.js';
import { install, type Args } from './args.js';
import type { Stream } from './file.js';
import { systemError } from './strerror.js';

/** The base library's functions that need the world: output, files, memory. */
export function openBase(vm: LuaVm, streams: { readonly stdin: Stream; readonly stdout: Stream }): void {
  const tuning = { setpause: 200, setstepmul: 200 };
  const load = vm.globals.get('load');
  install(vm, '', {
    print: (args) => {
      const tostring = vm.globals.index('tostring');
      if (!isFunction(tostring)) throw new LuaRaise("attempt to call a non-function 'tostring'", 1);
      const texts = Array.from({ length: args.count }, (_, i) => {
        const [text] = vm.call(tostring, [args.at(i)]);
        if (typeof text === 'string') return text;
        if (vm.typeName(text) === 'number') return vm.tostring(text);
        throw new LuaRaise("'tostring' must return a string to 'print'", 1);
      });
      streams.stdout.write(asBytes(texts.join('\t') + '\n'));
      return [];
    },
    // Memory is JavaScript's to collect; weak tables do not exist, `__gc` is never called.
    collectgarbage: (args) => {
      const options = ['collect', 'count', 'step', 'isrunning', 'stop', 'restart'];
      const modes = ['generational', 'incremental', 'setpause', 'setstepmul'];
      const option = args.option(0, 'collect', [...options, ...modes]);
      if (option === 'count') return [count()];
      if (option === 'isrunning') return true;
      if (option === 'step') return false;
      if (option !== 'setpause' && option !== 'setstepmul') return 0;
      const before = tuning[option];
      tuning[option] = args.optSize(1, 0);
      return before;
    },
    loadfile: (args) => {
      if (!isFunction(load)) throw new LuaRaise("'load' is missing", 1);
      const source = readChunk(args, streams.stdin);
      if (!('text' in source)) return [undefined, source.error];
      const rest = Array.from({ length: Math.max(0, args.count - 1) }, (_, i) => args.at(i + 1));
      const [mode, ...env] = rest;
      return vm.call(load, [skipHash(source.text), source.name, mode, ...env]);
    },
  });
  // In Lua, so that the file's code may yield.
  const dofile = vm.call(
    vm.load(
      asBytes(
        'local loadfile, error = loadfile, error return function(path) local f, message = loadfile(path) if not f then error(message, 0) end return f() end',
      ),
      '=(library)',
    ),
  )[0];
  vm.globals.set('dofile', dofile);
  const table = vm.globals.get('table');
  if (isTable(table)) vm.globals.set('unpack', table.get('unpack'));
}

/** Kibibytes in use. */
function count(): number | LuaFloat {
  const kibibytes = process.memoryUsage().heapUsed / 1024;
  return Number.isInteger(kibibytes) ? new LuaFloat(kibibytes) : kibibytes;
}

/** The text of a chunk file (no path: standard input) and its chunk name, or Lua's error text. */
function readChunk(
  args: Args,
  stdin: Stream,
): { readonly text: ByteString; readonly name: ByteString } | { readonly error: ByteString } {
  if (args.absent(0)) {
    const parts: ByteString[] = [];
    for (let part = stdin.read(1 << 16); part !== ''; part = stdin.read(1 << 16)) parts.push(part);
    return { text: asBytes(parts.join('')), name: asBytes('=stdin') };
  }
  const path = args.string(0);
  try {
    return { text: fromBuffer(readFileSync(toBuffer(path))), name: asBytes(`@${path}`) };
  } catch (error) {
    const { text } = systemError(error);
    const verb = text === 'Is a directory' ? 'read' : 'open';
    return { error: asBytes(`cannot ${verb} ${path}: ${fromText(text)}`) };
  }
}
