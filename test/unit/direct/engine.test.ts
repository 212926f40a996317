import { spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  ftruncateSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemIo, type ContentIo } from '../../../src/direct/content.js';
import type { DirectEngine } from '../../../src/direct/engine.js';
import type { DirectEvent } from '../../../src/direct/events.js';
import { until } from '../../support/wait.js';
import { event, how, never, TwoTrees } from './two-trees.js';

let trees: TwoTrees;

beforeEach(() => (trees = new TwoTrees()));
afterEach(() => trees.remove());

const at = (name: string): string => trees.at(name);
const from = (name: string): string => trees.from(name);
const text = (name: string): string => trees.text(name);
const run = (...events: readonly DirectEvent[]): Promise<string[]> => trees.run(...events);
const engine = (io?: ContentIo): DirectEngine => trees.engine(io);

describe('default.direct without children', () => {
  it('copies files, directories and links with modes, times to the nanosecond, owners', async () => {
    mkdirSync(from('d'), { mode: 0o750 });
    writeFileSync(from('d/f'), 'content');
    chmodSync(from('d/f'), 0o4751);
    utimesSync(from('d/f'), 1, 1_234_567_890.123456);
    symlinkSync('../nowhere', from('d/link'));
    lutimesSync(from('d/link'), 1, 1_000_000_000.5);
    utimesSync(from('d'), 1, 1_100_000_000.25);
    expect(await run(event('Create', '/d/'), event('Create', '/d/f'), event('Create', '/d/link'))).toEqual(
      [],
    );
    for (const name of ['d', 'd/f', 'd/link']) {
      const [have, want] = [at(name), from(name)].map((path) => lstatSync(path, { bigint: true }));
      expect([name, have!.mode, have!.uid, have!.gid, have!.mtimeNs]).toEqual([
        name,
        want!.mode,
        want!.uid,
        want!.gid,
        want!.mtimeNs,
      ]);
    }
    expect(text('d/f')).toBe('content');
    expect(readlinkSync(at('d/link'))).toBe('../nowhere');
  });

  it('keeps holes', async () => {
    const fd = openSync(from('sparse'), 'w');
    writeSync(fd, 'begin', 0);
    writeSync(fd, 'middle', 40_000_000);
    ftruncateSync(fd, 80_000_000);
    closeSync(fd);
    expect(await run(event('Modify', '/sparse'))).toEqual([]);
    const have = statSync(at('sparse'));
    expect(have.size).toBe(80_000_000);
    expect(have.blocks * 512).toBeLessThan(1_000_000);
    expect(readFileSync(at('sparse')).equals(readFileSync(from('sparse')))).toBe(true);
  });

  it('never shows half a file, and leaves nothing of a copy that failed', async () => {
    writeFileSync(at('f'), 'old');
    writeFileSync(from('f'), 'x'.repeat(3_000_000));
    const seen = new Set<string>();
    let room = 2_000_000;
    const full: ContentIo = {
      ...systemIo,
      write: (fd, buffer, length, position) => {
        seen.add(text('f'));
        room -= length;
        if (room < 0) return Promise.reject(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' }));
        return systemIo.write(fd, buffer, length, position);
      },
    };
    const copy = event('Modify', '/f');
    const first = await engine(full).run([copy], how(), never);
    expect(first.failures.get(copy)?.message).toMatch(/No space left on device \(ENOSPC\); free some space/);
    expect(readdirSync(trees.target)).toEqual(['f']);
    expect([...seen]).toEqual(['old']);
    expect(await run(copy)).toEqual([]);
    expect(text('f')).toBe('x'.repeat(3_000_000));
  });

  it('goes on with the others when one fails', async () => {
    writeFileSync(from('a'), 'a');
    writeFileSync(from('b'), 'b');
    mkdirSync(at('a'));
    writeFileSync(at('a/kept'), 'excluded');
    const events = [event('Modify', '/a'), event('Modify', '/b')];
    const { failures } = await engine().run(
      events,
      how(true, (path) => path === '/a/kept'),
      never,
    );
    expect([...failures.keys()]).toEqual([events[0]]);
    expect(failures.get(events[0]!)?.message).toMatch(
      /a directory stands there at the target that holds excluded/,
    );
    expect(text('b')).toBe('b');
  });

  it('takes what changed while it was read once more, and what never stands still as it is, to be done again', async () => {
    writeFileSync(from('f'), 'one');
    let writes = 0;
    const changing = (times: number): ContentIo => ({
      ...systemIo,
      read: async (fd, buffer, length, position) => {
        const got = await systemIo.read(fd, buffer, length, position);
        if (writes++ < times) writeFileSync(from('f'), `content ${writes}`);
        return got;
      },
    });
    const copy = event('Modify', '/f');
    const twice = await engine(changing(2)).run([copy], how(), never);
    expect(twice.failures.size).toBe(0);
    expect(text('f')).toBe('content 2');
    writes = 0;
    const always = await engine(changing(Infinity)).run([copy], how(), never);
    expect(always.failures.get(copy)?.message).toMatch(/changed while it was copied/);
    expect(text('f')).toMatch(/^content \d$/);
    // It is known not to be the last word: a comparison brings the rest.
    expect((await engine().full(how(), never)).failures.size).toBe(0);
    expect(text('f')).toBe(readFileSync(from('f'), 'utf8'));
  });

  it('renames at the trees.target, and brings what is missing or was changed before the move', async () => {
    mkdirSync(from('new/deep'), { recursive: true });
    writeFileSync(from('new/deep/changed'), 'second');
    writeFileSync(from('new/same'), 'same');
    mkdirSync(at('old/deep'), { recursive: true });
    writeFileSync(at('old/deep/changed'), 'first!');
    utimesSync(at('old/deep/changed'), 1, 1);
    writeFileSync(at('old/same'), 'same');
    for (const file of [from('new/same'), at('old/same')]) utimesSync(file, 9, 9);
    const { ino } = statSync(at('old/same'));
    expect(await run(event('Move', '/old/', '/new/'))).toEqual([]);
    expect(text('new/deep/changed')).toBe('second');
    expect(statSync(at('new/same')).ino).toBe(ino);
    expect(existsSync(at('old'))).toBe(false);
    // Nothing there to be renamed: copied.
    renameSync(from('new'), from('newer'));
    rmSync(at('new'), { recursive: true });
    expect(await run(event('Move', '/new/', '/newer/'))).toEqual([]);
    expect(text('newer/deep/changed')).toBe('second');
  });

  it('renames over what stands in the way: file, empty and full directory', async () => {
    writeFileSync(from('b'), 'moved');
    writeFileSync(at('a'), 'moved');
    mkdirSync(at('b/full'), { recursive: true });
    expect(await run(event('Move', '/a', '/b'))).toEqual([]);
    expect(text('b')).toBe('moved');
    mkdirSync(from('e'));
    mkdirSync(at('d'));
    writeFileSync(at('e'), 'a file');
    expect(await run(event('Move', '/d/', '/e/'))).toEqual([]);
    expect(statSync(at('e')).isDirectory()).toBe(true);
    expect(existsSync(at('a')) || existsSync(at('d'))).toBe(false);
  });

  it('deletes trees, but not what stands there again, and nothing without leave', async () => {
    for (const name of ['gone', 'again', 'kept']) {
      mkdirSync(at(`${name}/d`), { recursive: true });
      writeFileSync(at(`${name}/d/f`), name);
    }
    mkdirSync(from('again'));
    writeFileSync(from('again/new'), 'new');
    expect(
      await run(event('Delete', '/gone/'), event('Delete', '/again/'), event('Delete', '/never')),
    ).toEqual([]);
    expect(existsSync(at('gone'))).toBe(false);
    expect(readdirSync(at('again'))).toEqual(['new']);
    await engine().run([event('Delete', '/kept/')], how(false), never);
    expect(text('kept/d/f')).toBe('kept');
  });

  it('takes no path that has vanished for a failure', async () => {
    expect(
      await run(
        event('Create', '/no/such'),
        event('Create', '/none/'),
        event('Attrib', '/a'),
        event('Move', '/a', '/b'),
      ),
    ).toEqual([]);
    expect(readdirSync(trees.target)).toEqual([]);
  });

  it('makes missing parents, and changes kinds', async () => {
    mkdirSync(from('a/b'), { recursive: true });
    writeFileSync(from('a/b/f'), 'x');
    writeFileSync(at('a'), 'a file is in the way');
    expect(await run(event('Modify', '/a/b/f'))).toEqual([]);
    expect(text('a/b/f')).toBe('x');
    rmSync(from('a'), { recursive: true });
    symlinkSync('elsewhere', from('a'));
    expect(await run(event('Create', '/a'))).toEqual([]);
    expect(readlinkSync(at('a'))).toBe('elsewhere');
  });

  it('changes attributes without copying', async () => {
    writeFileSync(from('f'), 'x');
    expect(await run(event('Create', '/f'))).toEqual([]);
    const { ino } = statSync(at('f'));
    chmodSync(from('f'), 0o640);
    utimesSync(from('f'), 5, 1_000_000_005.75);
    expect(await run(event('Attrib', '/f'))).toEqual([]);
    const have = statSync(at('f'));
    expect([have.ino, have.mode & 0o777, have.mtimeMs]).toEqual([ino, 0o640, 1_000_000_005_750]);
  });

  it('takes equal size and time for no proof when a file was modified', async () => {
    writeFileSync(from('f'), 'new');
    writeFileSync(at('f'), 'old');
    for (const file of [from('f'), at('f')]) utimesSync(file, 7, 7);
    expect(await run(event('Modify', '/f'))).toEqual([]);
    expect(text('f')).toBe('new');
  });

  it('takes names as bytes', async () => {
    const names = [
      '-rf',
      ' ',
      '\n',
      '$(touch x)',
      'it\'s "q"',
      '[a]*?',
      '\\',
      '..x',
      '\xff\xfe',
      'x'.repeat(255),
    ];
    const bytes = (name: string): Buffer => Buffer.from(name, 'latin1');
    for (const name of names)
      writeFileSync(Buffer.concat([Buffer.from(`${trees.source}/`), bytes(name)]), name);
    expect(await run(...names.map((name) => event('Create', `/${name}`)))).toEqual([]);
    expect(readdirSync(trees.target, { encoding: 'latin1' }).sort()).toEqual([...names].sort());
  });

  it('says once what it cannot take: sockets, fifos', async () => {
    const made = spawn('mkfifo', [from('pipe')]);
    await until(() => made.exitCode === 0, 'a fifo');
    const one = engine();
    for (let i = 0; i < 2; i++)
      expect((await one.run([event('Create', '/pipe')], how(), never)).failures.size).toBe(0);
    expect(trees.warned).toEqual([`skipped ${trees.source}/pipe: neither file, directory nor symbolic link`]);
  });
});
