import { asBytes, type BytePath, type ByteString } from '../../core/bytes.js';
import type { Delay } from '../../core/delay.js';
import { LuaRaise, isTable, type LuaTable, type LuaValue, type LuaVm } from '../vm.js';
import type { ScriptSync } from './host.js';
import type { InletFactory } from './inlet.js';

/** What an event table stands for: a delay of a sync; of a move, one of its ends. */
export interface EventRef {
  readonly sync: ScriptSync;
  readonly delay: Delay;
  readonly end: 'origin' | 'destination';
}

/** Path of the end of a delay an event stands for; '' for events on the whole source. */
function endPath(ref: EventRef): BytePath {
  const { delay } = ref;
  if (delay.etype === 'Init' || delay.etype === 'Blanket') return asBytes('');
  return ref.end === 'destination' ? (delay.path2 ?? delay.path) : delay.path;
}

const withoutSlash = (path: ByteString): ByteString =>
  path.endsWith('/') ? asBytes(path.slice(0, -1)) : path;

/** Everything before the last segment, which may itself end in a slash; keeps its trailing slash. */
function dirOf(path: ByteString): ByteString {
  const cut = withoutSlash(path).lastIndexOf('/');
  return asBytes(path.slice(0, cut + 1));
}

function nameOf(path: ByteString): ByteString | undefined {
  const name = path.slice(withoutSlash(path).lastIndexOf('/') + 1);
  return name === '' || name === '/' ? undefined : asBytes(name);
}

const join = (base: ByteString, path: ByteString): ByteString => asBytes(base + path);

/** The configured target as text; a missing one is an error the script's author can mend. */
function targetOf(ref: EventRef, events: EventObjects): ByteString {
  const target = ref.sync.config.get('target');
  if (target === undefined) throw new LuaRaise(`sync ${ref.sync.name} has no target`, 1);
  return typeof target === 'string' ? target : events.vm.tostring(target);
}

/** Event fields (spec/config.md, "Events"). Paths of a join keep the doubled slash lsyncd shows. */
const fields: Readonly<Record<string, (ref: EventRef, events: EventObjects) => LuaValue>> = {
  etype: (ref) => asBytes(ref.delay.etype),
  // A script may hold an event longer than the queue does: it keeps the status of its last moment there.
  status: (ref) => asBytes(ref.delay.status === 'gone' ? 'active' : ref.delay.status),
  isdir: (ref) => endPath(ref).endsWith('/'),
  isList: () => false,
  name: (ref) => nameOf(endPath(ref)),
  basename: (ref) => {
    const name = nameOf(endPath(ref));
    return name === undefined ? undefined : withoutSlash(name);
  },
  path: (ref) => asBytes(endPath(ref).slice(1)),
  pathname: (ref) => withoutSlash(asBytes(endPath(ref).slice(1))),
  pathdir: (ref) => asBytes(dirOf(endPath(ref)).slice(1)),
  source: (ref) => ref.sync.source,
  sourcePath: (ref) => join(ref.sync.source, endPath(ref)),
  sourcePathname: (ref) => join(ref.sync.source, withoutSlash(endPath(ref))),
  sourcePathdir: (ref) => join(ref.sync.source, dirOf(endPath(ref))),
  target: (ref) => ref.sync.config.get('target'),
  targetPath: (ref, events) => join(targetOf(ref, events), endPath(ref)),
  targetPathname: (ref, events) => join(targetOf(ref, events), withoutSlash(endPath(ref))),
  targetPathdir: (ref, events) => join(targetOf(ref, events), dirOf(endPath(ref))),
  config: (ref) => ref.sync.config,
  inlet: (ref, events) => events.inlets.of(ref.sync),
  move: (ref) => (ref.delay.etype === 'Move' ? asBytes(ref.end === 'origin' ? 'Fr' : 'To') : undefined),
};

/** Makes and recognises the event tables scripts get; the same delay always gives the same table. */
export class EventObjects {
  private readonly refs = new WeakMap<object, EventRef>();
  private readonly tables = new WeakMap<Delay, { readonly origin: LuaTable; destination?: LuaTable }>();
  private readonly meta: LuaTable;

  /** Set by the inlet factory, which needs events itself. */
  inlets!: InletFactory;

  constructor(readonly vm: LuaVm) {
    this.meta = vm.table({
      __index: vm.fn('event.__index', (call) => this.index(call.args[0], call.args[1])),
    });
  }

  /** The event of a delay; for a move, the origin and the destination. */
  of(sync: ScriptSync, delay: Delay): readonly [LuaTable, LuaTable?] {
    let made = this.tables.get(delay);
    if (made === undefined) {
      made = { origin: this.make({ sync, delay, end: 'origin' }) };
      this.tables.set(delay, made);
    }
    if (delay.etype !== 'Move') return [made.origin];
    made.destination ??= this.make({ sync, delay, end: 'destination' });
    return [made.origin, made.destination];
  }

  /** The delay behind an event table, or undefined when the value is no event. */
  resolve(value: LuaValue): EventRef | undefined {
    return isTable(value) ? this.refs.get(value.identity) : undefined;
  }

  /** A field as a script would read it, for layer 3 variables. */
  field(value: LuaValue, name: string): LuaValue {
    return this.index(value, asBytes(name));
  }

  private make(ref: EventRef): LuaTable {
    const table = this.vm.table({});
    table.setMetatable(this.meta);
    this.refs.set(table.identity, ref);
    return table;
  }

  private index(table: LuaValue, key: LuaValue): LuaValue {
    const ref = this.resolve(table);
    if (ref === undefined) throw new LuaRaise('not an event', 1);
    const field = typeof key === 'string' && Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (field === undefined)
      throw new LuaRaise(asBytes(`event does not have field "${this.vm.tostring(key)}"`), 1);
    return field(ref, this);
  }
}
