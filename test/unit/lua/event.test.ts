import { beforeEach, describe, expect, it } from 'vitest';
import { asBytes } from '../../../src/core/bytes.js';
import type { QueueInput } from '../../../src/core/queue.js';
import { failure } from './machine.js';
import { ScriptWorld, type TestSync } from './script-world.js';

const create = (path: string): QueueInput => ({ kind: 'Create', path: asBytes(path) });

let world: ScriptWorld;
let sync: TestSync;

beforeEach(() => {
  world = new ScriptWorld();
  sync = world.sync();
});

/** Fields of the event in `name`, as the script sees them. */
function fields(name: string, list: string): unknown[] {
  return [
    ...world.run(
      `return ${list
        .split(' ')
        .map((field) => `${name}.${field}`)
        .join(', ')}`,
    ),
  ];
}

const paths = 'path pathname pathdir name basename';
const sources = 'source sourcePath sourcePathname sourcePathdir';
const targets = 'target targetPath targetPathname targetPathdir';

describe('event fields', () => {
  it('of a file', () => {
    world.event(sync, create('/dir/sub/file.txt'));
    expect(fields('event', `etype status isdir ${paths}`)).toEqual([
      ...['Create', 'wait', false],
      ...['dir/sub/file.txt', 'dir/sub/file.txt', 'dir/sub/', 'file.txt', 'file.txt'],
    ]);
    // Joins keep the doubled slash lsyncd shows.
    expect(fields('event', sources)).toEqual([
      '/src/',
      '/src//dir/sub/file.txt',
      '/src//dir/sub/file.txt',
      '/src//dir/sub/',
    ]);
    expect(fields('event', targets)).toEqual([
      '/dst/',
      '/dst//dir/sub/file.txt',
      '/dst//dir/sub/file.txt',
      '/dst//dir/sub/',
    ]);
  });

  it('of a directory', () => {
    world.event(sync, create('/dir/sub/'));
    expect(fields('event', `isdir ${paths}`)).toEqual([true, 'dir/sub/', 'dir/sub', 'dir/', 'sub/', 'sub']);
    expect(fields('event', 'sourcePath sourcePathname')).toEqual(['/src//dir/sub/', '/src//dir/sub']);
  });

  it('at the top', () => {
    world.event(sync, create('/file'));
    expect(fields('event', paths)).toEqual(['file', 'file', '', 'file', 'file']);
    world.event(sync, create('/top/'));
    expect(fields('event', paths)).toEqual(['top/', 'top', '', 'top/', 'top']);
  });

  it.each([['Blanket' as const], ['Init' as const]])('of %s are of the whole source', (kind) => {
    world.event(sync, { kind });
    expect(fields('event', `etype isdir ${paths} sourcePath targetPath`)).toEqual([
      kind,
      false,
      '',
      '',
      '',
      undefined,
      undefined,
      '/src/',
      '/dst/',
    ]);
  });

  it('of both ends of a move', () => {
    world.event(sync, { kind: 'Move', path: asBytes('/from/a'), path2: asBytes('/to/b') });
    expect(fields('event', 'etype move path targetPath')).toEqual(['Move', 'Fr', 'from/a', '/dst//from/a']);
    expect(fields('event2', 'etype move path targetPath')).toEqual(['Move', 'To', 'to/b', '/dst//to/b']);
    expect(world.run('return event == event2')).toEqual([false]);
  });

  it('of other events have no second end', () => {
    world.event(sync, create('/a'));
    expect(world.run('return event2, event.move')).toEqual([undefined, undefined]);
  });

  it('give config and inlet', () => {
    world.event(sync, create('/a'));
    expect(
      world.run(
        'return event.config == inlet.getConfig(), event.inlet == inlet, event.config.target, event.isList',
      ),
    ).toEqual([true, true, '/dst/', false]);
  });

  it('hold names of any bytes', () => {
    const name = asBytes('/d\xff/\n "\x01$`');
    world.event(sync, { kind: 'Modify', path: name });
    expect(fields('event', 'path name pathdir')).toEqual([name.slice(1), name.slice(4), 'd\xff/']);
  });

  it('follow the delay', () => {
    const delay = world.event(sync, create('/a'));
    expect(fields('event', 'status')).toEqual(['wait']);
    sync.queue.start([delay]);
    expect(fields('event', 'status')).toEqual(['active']);
  });

  it('show a target that is a number', () => {
    sync = world.sync({ target: 5 });
    world.event(sync, create('/a'));
    expect(fields('event', 'target targetPath')).toEqual([5, '5/a']);
  });
});

describe('events', () => {
  it('are the same table for the same delay', () => {
    const delay = world.event(sync, create('/a'));
    expect(world.events.of(sync, delay)[0]).toBe(world.events.of(sync, delay)[0]);
    expect(world.events.resolve(world.events.of(sync, delay)[0])).toEqual({ sync, delay, end: 'origin' });
  });

  it('are told from other values', () => {
    for (const value of [undefined, 5, asBytes('x'), world.vm.table({}), world.vm.fn('f', () => 1)])
      expect(world.events.resolve(value)).toBeUndefined();
  });

  it('refuse fields they do not have', () => {
    world.event(sync, create('/a'));
    expect(failure(() => world.run('\nreturn event.nosuch')).message).toBe(
      'chunk.lua:2: event does not have field "nosuch"',
    );
    expect(failure(() => world.run('return event[1]')).message).toMatch(/does not have field "1"/);
    // Names every JS object has are no fields.
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
      expect(failure(() => world.run(`return event.${name}`)).message).toMatch(/does not have field/);
  });

  it('say that a sync has no target', () => {
    sync = world.sync({});
    world.event(sync, create('/a'));
    expect(world.run('return event.target')).toEqual([undefined]);
    expect(failure(() => world.run('return event.targetPath')).message).toBe(
      'chunk.lua:1: sync Sync1 has no target',
    );
  });

  it('give fields for layer 3', () => {
    const delay = world.event(sync, create('/dir/a'));
    const [event] = world.events.of(sync, delay);
    expect(world.events.field(event, 'sourcePathname')).toBe('/src//dir/a');
  });
});
