import { beforeEach, describe, expect, it } from 'vitest';
import { asBytes } from '../../../src/core/bytes.js';
import { isTable, type LuaValue } from '../../../src/lua/vm.js';
import { failure } from './machine.js';
import { ScriptWorld, type TestSync } from './script-world.js';

let world: ScriptWorld;
let sync: TestSync;

beforeEach(() => {
  world = new ScriptWorld();
  sync = world.sync();
});

const enter = (...paths: string[]) =>
  paths.map((path) => sync.enter({ kind: 'Modify', path: asBytes(path) }));

/** A list value as JS sees it. */
function items(value: LuaValue): LuaValue[] {
  if (!isTable(value)) throw new Error('no list');
  return Array.from({ length: value.length }, (_, i) => value.get(i + 1));
}

describe('inlet', () => {
  it('is one for each sync', () => {
    expect(world.inlets.of(sync)).toBe(world.inlets.of(sync));
    expect(world.inlets.resolve(world.inlets.of(sync))).toBe(sync);
    expect(world.inlets.resolve(world.vm.table({}))).toBeUndefined();
    expect(world.run('return inlet.getSync() == inlet, inlet.getConfig().target')).toEqual([true, '/dst/']);
  });

  it('gives the next event, then nothing', () => {
    expect(world.run('return (inlet.getEvent())')).toEqual([undefined]);
    enter('/a', '/b');
    expect(world.run('return inlet.getEvent().path')).toEqual(['a']);
    expect(world.run('inlet.discardEvent(inlet.getEvent()) return inlet.getEvent().path')).toEqual(['b']);
    expect(world.run('inlet.discardEvent(inlet.getEvent()) return (inlet.getEvent())')).toEqual([undefined]);
  });

  it('gives both ends of a move', () => {
    sync.enter({ kind: 'Move', path: asBytes('/a'), path2: asBytes('/b') });
    expect(world.run('local o, d = inlet.getEvent() return o.path, d.path')).toEqual(['a', 'b']);
  });

  it('drops only events that wait', () => {
    const [delay] = enter('/a');
    world.event(sync, { kind: 'Modify', path: asBytes('/other') });
    world.vm.globals.set('active', world.events.of(sync, delay!)[0]);
    sync.queue.start([delay!]);
    expect(failure(() => world.run('inlet.discardEvent(active)')).message).toBe(
      'chunk.lua:1: Ignored cancel of a non-waiting event.',
    );
    for (const wrong of ['nil', '5', '{}', 'inlet'])
      expect(failure(() => world.run(`inlet.discardEvent(${wrong})`)).message).toBe(
        'chunk.lua:1: discardEvent expects an event',
      );
    world.run('inlet.discardEvent(event)');
    expect([...sync.queue].map(({ path }) => path)).toEqual(['/a']);
  });

  it('makes blanket and full events', () => {
    expect(world.run('local e = inlet.createBlanketEvent() return e.etype, e.sourcePath')).toEqual([
      'Blanket',
      '/src/',
    ]);
    sync = world.sync();
    expect(world.run('return inlet.createFullEvent().etype')).toEqual(['Full']);
    expect([...sync.queue].map(({ etype }) => etype)).toEqual(['Full']);
  });
});

describe('getEvents', () => {
  it('gives all that is ready, and names its paths', () => {
    enter('/a', '/dir/', '/x y');
    sync.enter({ kind: 'Move', path: asBytes('/m1'), path2: asBytes('/m2') });
    const [paths, list, size, isList, target] = world.run(
      'local l = inlet.getEvents() return l.getPaths(), l.getList(), l.size(), l.isList, l.config.target',
    );
    expect(items(paths)).toEqual(['/a', '/dir/', '/x y', '/m1', '/m2']);
    expect(items(list)).toEqual(items(paths));
    expect([size, isList, target]).toEqual([4, true, '/dst/']);
  });

  it('gives what the test passes, up to a break', () => {
    enter('/a', '/b', '/c', '/d');
    const [some, until, none] = world.run(`
      return inlet.getEvents(function(e) return e.path ~= 'b' end).getPaths(),
        inlet.getEvents(function(e) if e.path == 'c' then return 'break' end return true end).getPaths(),
        inlet.getEvents(function(e) end).getPaths()`);
    expect([items(some), items(until), items(none)]).toEqual([['/a', '/c', '/d'], ['/a', '/b'], []]);
  });

  it('gives the test both ends of a move', () => {
    sync.enter({ kind: 'Move', path: asBytes('/a'), path2: asBytes('/b') });
    expect(world.run('local n inlet.getEvents(function(o, d) n = o.path .. d.path end) return n')).toEqual([
      'ab',
    ]);
  });

  it('refuses a test that is no function', () => {
    expect(failure(() => world.run('inlet.getEvents(5)')).message).toBe(
      'chunk.lua:1: getEvents expects a function',
    );
  });

  it('fails as the test fails', () => {
    enter('/a');
    expect(failure(() => world.run('inlet.getEvents(function(e)\n return e.nosuch end)')).message).toBe(
      'chunk.lua:2: event does not have field "nosuch"',
    );
  });

  it('changes paths by a mutator', () => {
    enter('/a', '/b', '/c');
    sync.enter({ kind: 'Move', path: asBytes('/m1'), path2: asBytes('/m2') });
    const [changed] = world.run(`return inlet.getEvents().getPaths(function(etype, path, path2)
      if path == '/b' then return end
      if path2 then return path2, etype end
      return etype .. path, nil
    end)`);
    expect(items(changed)).toEqual(['Modify/a', 'Modify/c', '/m2', 'Move']);
    expect(failure(() => world.run('inlet.getEvents().getPaths(5)')).message).toBe(
      'chunk.lua:1: getPaths expects a function',
    );
  });

  it('gives agents with the delays taken', () => {
    const delays = enter('/a', '/b');
    const [list] = world.run('return inlet.getEvents()');
    expect(world.lists.resolve(list)).toEqual({ sync, delays, isList: true });
    expect(world.lists.resolve(world.vm.table({ isList: true }))).toBeUndefined();
  });
});

describe('filters of an inlet', () => {
  it('can be added, asked for and removed', () => {
    world.run(
      'inlet.addExclude("*.bak") inlet.addExclude("/tmp/") inlet.appendFilter("- secret") inlet.appendFilter("+", "kept file")',
    );
    expect(sync.rules()).toEqual({ excludes: ['*.bak', '/tmp/'], filters: ['- secret', '+ kept file'] });
    const [excludes, filters, has] = world.run(
      'inlet.rmExclude("*.bak") return inlet.getExcludes(), inlet.getFilters(), inlet.hasFilters()',
    );
    expect([items(excludes), items(filters), has]).toEqual([['/tmp/'], ['- secret', '+ kept file'], true]);
  });

  it('are none at first', () => {
    expect(world.run('return #inlet.getExcludes(), #inlet.getFilters(), inlet.hasFilters()')).toEqual([
      0,
      0,
      false,
    ]);
  });

  it('refuse what is no rule', () => {
    for (const bad of ['"x"', '"* foo"', '"-"', '"- "', '"*", "foo"'])
      expect(failure(() => world.run(`inlet.appendFilter(${bad})`)).message).toMatch(
        /^chunk\.lua:1: Unknown filter rule: "/,
      );
    expect(sync.rules().filters).toEqual([]);
  });
});
