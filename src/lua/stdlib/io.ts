import { unlinkSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asBytes, fromText, toText, type ByteString } from '../../core/bytes.js';
import { LuaArgumentError, LuaRaise } from '../errors.js';
import type { LuaFunction, LuaValue } from '../values.js';
import type { LuaVm } from '../vm.js';
import { Args, install, type Library } from './args.js';
import { FileStream, type Stream } from './file.js';
import { attempt, Handles, type Handle } from './handles.js';
import { CommandInput, CommandOutput } from './popen.js';
import { formatsOf, readAll } from './read.js';
import { systemError } from './strerror.js';

type Which = 'input' | 'output';

/**
 * Lua's `io` library. All calls are synchronous. `popen` runs its command in one go: for reading when it is
 * opened, for writing when it is closed (popen.ts).
 */
export class IoLibrary {
  private readonly handles: Handles;

  /** The files `io.read` and `io.write` work on. */
  private readonly defaults: Record<Which, LuaValue>;

  constructor(
    private readonly vm: LuaVm,
    streams: Readonly<Record<'stdin' | 'stdout' | 'stderr', Stream>>,
  ) {
    this.handles = new Handles(vm);
    const standard = {
      stdin: this.handles.make(streams.stdin, true),
      stdout: this.handles.make(streams.stdout, true),
      stderr: this.handles.make(streams.stderr, true),
    };
    this.defaults = { input: standard.stdin, output: standard.stdout };
    const io = vm.globals.get('io');
    if (typeof io === 'object' && io.type === 'table') {
      for (const [key] of [...io.entries()]) io.set(key, undefined);
      for (const [name, file] of Object.entries(standard)) io.set(name, file);
    }
    install(vm, 'io', this.functions());
    this.installMethods();
  }

  private functions(): Library {
    return {
      open: (args) => this.open(args),
      popen: (args) => this.popen(args),
      tmpfile: () => attempt(() => [this.handles.make(temporary())]),
      type: (args) => {
        if (args.count === 0) throw new LuaArgumentError(0, 'value expected');
        const handle = this.handles.handle(args.at(0));
        return handle && asBytes(handle.stream === undefined ? 'closed file' : 'file');
      },
      close: (args) =>
        this.handles.close(args.count === 0 ? this.standard('output') : this.openHandle(args, 0)),
      read: (args) => this.read(this.standardStream('input'), args, 0),
      write: (args) => this.write(this.defaults.output, this.standardStream('output'), args, 0),
      lines: (args) => this.ioLines(args),
      input: (args) => this.redirect(args, 'input', 'r'),
      output: (args) => this.redirect(args, 'output', 'w'),
    };
  }

  private installMethods(): void {
    const meta = this.handles.metatable;
    meta.set('__index', meta);
    const methods: Library = {
      close: (args) => this.handles.close(this.openHandle(args, 0)),
      flush: (args) => {
        this.handles.stream(args, 0);
        return true;
      },
      lines: (args) => [this.lines(this.openHandle(args, 0), args, 1, false)],
      read: (args) => this.read(this.handles.stream(args, 0), args, 1),
      write: (args) => this.write(args.at(0), this.handles.stream(args, 0), args, 1),
      seek: (args) => {
        const stream = this.handles.stream(args, 0);
        const whence = args.option(1, 'cur', ['set', 'cur', 'end']);
        const offset = args.optSize(2, 0);
        return attempt(() => [stream.seek(whence, offset)]);
      },
      setvbuf: (args) => {
        this.handles.stream(args, 0);
        args.option(1, args.string(1), ['no', 'full', 'line']);
        return true;
      },
      __tostring: (args) => {
        const handle = this.handles.of(args, 0);
        return asBytes(handle.stream === undefined ? 'file (closed)' : `file (${handle.address})`);
      },
      __gc: () => undefined,
    };
    for (const [name, run] of Object.entries(methods))
      meta.set(
        name,
        this.vm.fn(name, (call) => run(new Args(this.vm, call))),
      );
    install(this.vm, 'io', {
      flush: () => {
        this.standardStream('output');
        return true;
      },
    });
  }

  private open(args: Args): LuaValue | readonly LuaValue[] {
    const path = args.string(0);
    const mode = args.optString(1, asBytes('r'));
    if (!/^[rwa]\+?b?$/.test(mode)) throw new LuaArgumentError(1, 'invalid mode');
    return attempt(() => [this.handles.make(FileStream.open(path, mode))], path);
  }

  private popen(args: Args): LuaValue {
    const command = args.string(0);
    const mode = args.optString(1, asBytes('r'));
    if (mode !== 'r' && mode !== 'w') throw new LuaArgumentError(1, 'invalid mode');
    return this.handles.make(mode === 'r' ? new CommandOutput(command) : new CommandInput(command));
  }

  private read(stream: Stream, args: Args, from: number): readonly LuaValue[] {
    const formats = formatsOf(args, from);
    return attempt(() => readAll(this.vm, stream, formats));
  }

  private write(file: LuaValue, stream: Stream, args: Args, from: number): readonly LuaValue[] {
    const parts: ByteString[] = [];
    const flush = () =>
      attempt(() => {
        stream.write(asBytes(parts.join('')));
        return [file];
      });
    try {
      for (let i = from; i < args.count; i++) parts.push(this.written(args, i));
    } catch (error) {
      // What comes before a wrong argument is written all the same.
      flush();
      throw error;
    }
    return flush();
  }

  /** `write` prints floats with `%.14g` alone: `1.0` as `1`. */
  private written(args: Args, i: number): ByteString {
    const text = args.string(i);
    return typeof args.at(i) === 'string' ? text : asBytes(text.replace(/\.0$/, ''));
  }

  private ioLines(args: Args): readonly LuaValue[] {
    if (args.absent(0)) return [this.lines(this.openDefault(), args, 1, false)];
    const file = this.opened(args.string(0), 'r');
    return [this.lines(this.handles.handle(file)!, args, 1, true)];
  }

  /** The iterator of `lines`; `own`: it closes the file at its end. */
  private lines(handle: Handle, args: Args, from: number, own: boolean): LuaFunction {
    if (args.count - from > 250) throw new LuaArgumentError(251, 'too many arguments');
    return this.vm.fn('lines', () => {
      const { stream } = handle;
      if (stream === undefined) throw new LuaRaise('file is already closed', 1);
      const values = attempt(() => readAll(this.vm, stream, formatsOf(args, from)));
      if (values[0] !== undefined) return values;
      if (values.length > 1 && typeof values[1] === 'string') throw new LuaRaise(values[1], 1);
      if (own) this.handles.close(handle);
      return [undefined];
    });
  }

  private redirect(args: Args, which: Which, mode: string): LuaValue {
    if (!args.absent(0)) {
      const given = args.at(0);
      if (typeof given === 'string' || this.vm.typeName(given) === 'number')
        this.defaults[which] = this.opened(args.string(0), mode);
      else {
        this.openHandle(args, 0);
        this.defaults[which] = given;
      }
    }
    return this.defaults[which];
  }

  private opened(path: ByteString, mode: string): LuaValue {
    try {
      return this.handles.make(FileStream.open(path, mode));
    } catch (error) {
      throw new LuaRaise(`cannot open file '${path}' (${fromText(systemError(error).text)})`, 1);
    }
  }

  private openHandle(args: Args, i: number): Handle {
    this.handles.stream(args, i);
    return this.handles.of(args, i);
  }

  private standard(which: Which): Handle {
    return this.handles.handle(this.defaults[which])!;
  }

  /** The default input for `lines`, which has its own words for a closed one. */
  private openDefault(): Handle {
    const handle = this.standard('input');
    if (handle.stream === undefined) throw new LuaRaise('attempt to use a closed file', 1);
    return handle;
  }

  private standardStream(which: Which): Stream {
    const { stream } = this.standard(which);
    if (stream === undefined) throw new LuaRaise(`standard ${which} file is closed`, 1);
    return stream;
  }
}

/** A file without a name. */
function temporary(): FileStream {
  const dir = mkdtempSync(join(tmpdir(), 'lua_'));
  const path = join(dir, 'tmpfile');
  try {
    return FileStream.open(fromText(path), 'w+');
  } finally {
    unlinkSync(toText(fromText(path)));
    rmdirSync(dir);
  }
}
