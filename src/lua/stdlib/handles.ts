import { asBytes, type ByteString } from '../../core/bytes.js';
import { LuaRaise } from '../errors.js';
import type { LuaTable, LuaValue } from '../values.js';
import type { LuaVm } from '../vm.js';
import type { Args } from './args.js';
import type { Stream } from './file.js';
import { failed } from './strerror.js';

/** What a Lua file userdata carries. */
export class Handle {
  private static made = 0;

  /** For `tostring`. */
  readonly address: string;

  constructor(
    /** Undefined once closed. */
    public stream: Stream | undefined,
    /** One of the three that scripts cannot close. */
    readonly standard: boolean,
  ) {
    this.address = `0x${(0x10_0000 + 0x40 * Handle.made++).toString(16).padStart(12, '0')}`;
  }
}

/** The files of one VM: closes those a script forgot, when they are collected or the VM ends. */
export class Handles {
  readonly metatable: LuaTable;
  private readonly open = new Set<Stream>();
  private readonly forgotten = new FinalizationRegistry<Stream>((stream) => this.release(stream));

  constructor(private readonly vm: LuaVm) {
    this.metatable = vm.table({ __name: asBytes('FILE*') });
    vm.onClose(() => [...this.open].forEach((stream) => this.release(stream)));
  }

  /** Makes the userdata for a stream. */
  make(stream: Stream, standard = false): LuaValue {
    const handle = new Handle(stream, standard);
    if (!standard) {
      this.open.add(stream);
      this.forgotten.register(handle, stream, handle);
    }
    return this.vm.userdata(handle, this.metatable);
  }

  /** Closes a file; Lua's results. */
  close(handle: Handle): readonly LuaValue[] {
    if (handle.standard) return [undefined, asBytes('cannot close standard file')];
    const { stream } = handle;
    if (stream === undefined) throw new LuaRaise('attempt to use a closed file', 1);
    handle.stream = undefined;
    this.open.delete(stream);
    this.forgotten.unregister(handle);
    return attempt(() => stream.close());
  }

  /** The file an argument is, open or closed. */
  of(args: Args, i: number): Handle {
    const data = this.vm.dataOf(args.at(i));
    return data instanceof Handle ? data : args.wrongType(i, 'FILE*');
  }

  /** The open stream an argument is. */
  stream(args: Args, i: number): Stream {
    const { stream } = this.of(args, i);
    if (stream === undefined) throw new LuaRaise('attempt to use a closed file', 1);
    return stream;
  }

  /** The file a value is, undefined for other values. */
  handle(value: LuaValue): Handle | undefined {
    const data = this.vm.dataOf(value);
    return data instanceof Handle ? data : undefined;
  }

  private release(stream: Stream): void {
    if (!this.open.delete(stream)) return;
    try {
      stream.close();
    } catch {
      // nobody is left to tell
    }
  }
}

/** Runs an operation on a file; a system error becomes Lua's triple. */
export function attempt(operation: () => readonly LuaValue[], path?: ByteString): readonly LuaValue[] {
  try {
    return operation();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return failed(error, path);
    throw error;
  }
}
