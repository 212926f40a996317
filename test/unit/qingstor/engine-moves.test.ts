import { rmSync, writeFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineBench, verdicts } from '../../support/engine-bench.js';
import { until } from '../../support/wait.js';

let bench: EngineBench;
beforeEach(() => {
  bench = new EngineBench();
});
afterEach(() => bench.close());

/** The bench again, with other options. */
const withOptions = (...options: ConstructorParameters<typeof EngineBench>) => {
  bench.close();
  bench = new EngineBench(...options);
};

/** Calls but for deletions and listings. */
const transfers = () =>
  bench.store
    .taken()
    .filter((call) => !/^(list|remove)/.test(call))
    .sort();

describe('a moved file', () => {
  it('is renamed on the server and not uploaded', async () => {
    await bench.write('/a', 'content');
    await bench.start();
    await bench.mv('/a', '/b');
    const { stats } = await bench.synced({ moves: [['/a', '/b']] });
    expect(bench.store.taken()).toEqual(['move p/a -> p/b']);
    expect(bench.stored()).toEqual({ b: 'content' });
    expect(stats).toEqual({ files: 0, bytes: 0, deletions: 0, moves: 1 });
    expect(bench.log).toContain('Exec: move /a -> /b');
  });

  it('is uploaded afterwards when it has changed too', async () => {
    await bench.write('/a', 'old');
    await bench.start();
    await bench.mv('/a', '/b');
    await bench.write('/b', 'new');
    await bench.synced({ moves: [['/a', '/b']], paths: ['/b'] });
    expect(bench.store.taken()).toEqual(['move p/a -> p/b', 'upload p/b']);
    expect(bench.stored()).toEqual({ b: 'new' });
  });

  it('goes through every name it had, in order', async () => {
    await bench.write('/a', 'A');
    await bench.write('/b', 'B');
    await bench.start();
    await bench.mv('/a', '/tmp');
    await bench.mv('/b', '/a');
    await bench.mv('/tmp', '/b');
    await bench.synced({
      moves: [
        ['/a', '/tmp'],
        ['/b', '/a'],
        ['/tmp', '/b'],
      ],
    });
    expect(bench.store.taken()).toEqual(['move p/a -> p/tmp', 'move p/b -> p/a', 'move p/tmp -> p/b']);
    expect(bench.stored()).toEqual({ a: 'B', b: 'A' });
  });

  it('waits for a move of what it replaces', async () => {
    await bench.write('/a', 'A');
    await bench.write('/b', 'B');
    await bench.start();
    await bench.mv('/a', '/c');
    await bench.mv('/b', '/a');
    let first = true;
    bench.store.before = async () => {
      const turns = first ? 20 : 0;
      first = false;
      for (let i = 0; i < turns; i++) await nextTurn();
    };
    await bench.synced({
      moves: [
        ['/a', '/c'],
        ['/b', '/a'],
      ],
    });
    expect(bench.stored()).toEqual({ a: 'B', c: 'A' });
  });

  it('moves beside others that do not touch it', async () => {
    const names = Array.from({ length: 20 }, (_, i) => i);
    for (const i of names) await bench.write(`/from/${i}`);
    await bench.mkdir('/to');
    await bench.start();
    bench.store.busiest = 0;
    bench.store.before = () => until(() => bench.store.busiest === 4, 'four moves at once');
    for (const i of names) await bench.mv(`/from/${i}`, `/to/${i}`);
    await bench.synced({ moves: names.map((i) => [`/from/${i}`, `/to/${i}`] as const) });
    expect(bench.stored()).toEqual(bench.expected());
    expect(transfers()).toHaveLength(20);
  });

  it('is uploaded when the server says it does not have it, and the origin deleted lest it be there after all', async () => {
    await bench.write('/b', 'content');
    const { stats } = await bench.synced({ moves: [['/a', '/b']] });
    expect(bench.stored()).toEqual({ b: 'content' });
    expect(bench.store.taken()).toEqual(['move p/a -> p/b', 'upload p/b', 'remove p/a']);
    expect(stats).toMatchObject({ files: 1, moves: 0 });
  });

  it('is uploaded when the server cannot rename, and the origin deleted after that', async () => {
    await bench.write('/b', 'content');
    bench.store.put('p/a', 'content');
    bench.store.fail({ kind: 'move', scope: 'object' });
    await bench.synced({ moves: [['/a', '/b']] });
    expect(bench.stored()).toEqual({ b: 'content' });
    expect(bench.store.taken()).toEqual(['move p/a -> p/b', 'upload p/b', 'remove p/a']);
  });

  it('keeps its origin when neither rename nor upload works', async () => {
    await bench.write('/b', 'content');
    bench.store.put('p/a', 'content');
    bench.store.put('p/x', '');
    bench.store.fail({ kind: 'move', scope: 'outage' });
    bench.store.fail({ kind: 'upload', scope: 'outage' });
    const { failures } = await bench.run({ moves: [['/a', '/b']], paths: ['/x'] });
    expect(verdicts(failures)).toEqual(['again /b']);
    expect(bench.stored()).toEqual({ a: 'content' });
  });

  it('is there when only the answer of the rename was lost', async () => {
    await bench.write('/b', 'content');
    bench.store.put('p/a', 'content');
    bench.store.fail({ kind: 'move', scope: 'outage', done: true });
    await bench.synced({ moves: [['/a', '/b']] });
    expect(bench.stored()).toEqual({ b: 'content' });
  });

  it('is added, and stays at its origin, when nothing may be deleted', async () => {
    await bench.write('/b', 'content');
    bench.store.put('p/a', 'content');
    await bench.synced({ moves: [['/a', '/b', false]] });
    expect(bench.stored()).toEqual({ a: 'content', b: 'content' });
  });

  it('is uploaded when it comes from an excluded name, deleted when it goes to one', async () => {
    const excluded = (path: string) => path.endsWith('.tmp');
    await bench.write('/b', 'content');
    await bench.synced({ moves: [['/x.tmp', '/b']], excluded });
    expect(bench.store.taken()).toEqual(['upload p/b']);
    await bench.mv('/b', '/b.tmp');
    await bench.synced({ moves: [['/b', '/b.tmp']], excluded });
    expect(bench.stored()).toEqual({});
  });

  it('is uploaded or deleted in the same way when globs leave one of its keys alone', async () => {
    withOptions({ globs: { exclude: '*.tmp' } });
    await bench.write('/b', 'content');
    await bench.synced({ moves: [['/x.tmp', '/b']] });
    expect(bench.stored()).toEqual({ b: 'content' });
    await bench.mv('/b', '/b.tmp');
    await bench.synced({ moves: [['/b', '/b.tmp']] });
    expect(bench.stored()).toEqual({});
  });

  it('keeps the object of its origin when its new name can have no key', async () => {
    const long = `/${'x'.repeat(200)}`.repeat(5) + '/yyyyyyyyyyyyyyyyyyyy';
    await bench.write(long, 'content');
    bench.store.put('p/a', 'content');
    const { failures } = await bench.run({ moves: [['/a', long]] });
    expect(verdicts(failures)).toEqual([`failed ${long}`]);
    expect(bench.stored()).toEqual({ a: 'content' });
  });

  it('that was a link is uploaded anew', async () => {
    await bench.write('/d/real', 'elsewhere');
    await bench.write('/real', 'content');
    await bench.link('real', '/l');
    await bench.start();
    await bench.mv('/l', '/d/l');
    await bench.synced({ moves: [['/l', '/d/l']] });
    expect(bench.stored()).toEqual(bench.expected());
    expect(bench.stored()['d/l']).toBe('elsewhere');
  });

  it('of which something else stands at the old name is not mixed up with it', async () => {
    await bench.write('/a', 'A');
    await bench.start();
    await bench.mv('/a', '/b');
    await bench.write('/a', 'second');
    await bench.synced({ moves: [['/a', '/b']], paths: ['/a'] });
    expect(bench.stored()).toEqual({ a: 'second', b: 'A' });
  });
});

describe('a moved directory', () => {
  const tree = async () => {
    await bench.write('/d/a', 'A');
    await bench.write('/d/sub/b', 'B');
    await bench.mkdir('/d/empty');
    await bench.start();
  };

  it('is renamed object by object with one listing, and nothing is uploaded', async () => {
    await tree();
    bench.store.put('p/dx', 'neighbour');
    await bench.mv('/d', '/e');
    const { stats } = await bench.synced({ moves: [['/d/', '/e/']] });
    expect(bench.stored()).toEqual({ ...bench.expected(), dx: 'neighbour' });
    expect(bench.store.calls.filter((call) => call.startsWith('list'))).toEqual(['list p/d/']);
    expect(transfers()).toEqual([
      'move p/d/ -> p/e/',
      'move p/d/a -> p/e/a',
      'move p/d/empty/ -> p/e/empty/',
      'move p/d/sub/ -> p/e/sub/',
      'move p/d/sub/b -> p/e/sub/b',
    ]);
    expect(stats).toMatchObject({ files: 0, moves: 5 });
  });

  it('goes through every name it had', async () => {
    await tree();
    await bench.mv('/d', '/e');
    await bench.mv('/e', '/f');
    await bench.synced({
      moves: [
        ['/d/', '/e/'],
        ['/e/', '/f/'],
      ],
    });
    expect(bench.stored()).toEqual(bench.expected());
    expect(bench.store.calls.filter((call) => call.startsWith('upload'))).toEqual([]);
  });

  it('takes along what was changed, added and removed in it', async () => {
    await tree();
    await bench.mv('/d', '/e');
    await bench.write('/e/a', 'changed and longer');
    await bench.write('/e/new', 'N');
    await bench.rm('/e/sub/b');
    await bench.synced({ moves: [['/d/', '/e/']], paths: ['/e/a', '/e/new', '/e/sub/b'] });
    expect(bench.stored()).toEqual(bench.expected());
    expect(transfers().filter((call) => call.startsWith('upload'))).toEqual([
      'upload p/e/a',
      'upload p/e/new',
    ]);
  });

  it('finds changes that nobody named, by size and time', async () => {
    await tree();
    await bench.mv('/d', '/e');
    await bench.write('/e/a', 'longer');
    await bench.write('/e/sub/b', '?', Math.floor(Date.now() / 1000) + 1000);
    await bench.synced({ moves: [['/d/', '/e/']] });
    expect(bench.stored()).toEqual(bench.expected());
  });

  it('is uploaded when the server has nothing of it', async () => {
    await bench.write('/e/a', 'A');
    await bench.write('/e/sub/b', 'B');
    await bench.synced({ moves: [['/d/', '/e/']] });
    expect(bench.stored()).toEqual(bench.expected());
  });

  it('may move into one of its own name, and out of itself', async () => {
    await bench.write('/d/d/f', 'inner');
    await bench.write('/d/g', 'outer');
    await bench.start();
    await bench.mv('/d/d', '/x');
    await bench.rm('/d');
    await bench.mv('/x', '/d');
    await bench.synced({
      moves: [
        ['/d/d/', '/x/'],
        ['/x/', '/d/'],
      ],
      paths: ['/d/g', { path: '/d/', deep: true }],
    });
    expect(bench.stored()).toEqual(bench.expected());
  });

  it('whose place another one has taken leaves that one right', async () => {
    await tree();
    await bench.mv('/d', '/e');
    await bench.write('/d/a', 'another');
    await bench.synced({ moves: [['/d/', '/e/']], paths: ['/d/', '/d/a'] });
    expect(bench.stored()).toEqual(bench.expected());
  });

  it('is added, and stays at its origin, when nothing may be deleted', async () => {
    await tree();
    await bench.mv('/d', '/e');
    await bench.synced({ moves: [['/d/', '/e/', false]] });
    expect(Object.keys(bench.stored())).toEqual([
      ...['d/', 'd/a', 'd/empty/', 'd/sub/', 'd/sub/b'],
      ...['e/', 'e/a', 'e/empty/', 'e/sub/', 'e/sub/b'],
    ]);
  });

  it('leaves what is excluded below it where it is', async () => {
    const excluded = (path: string) => path.endsWith('.tmp');
    await tree();
    bench.store.put('p/d/x.tmp', 'by somebody else');
    await bench.mv('/d', '/e');
    await bench.write('/e/y.tmp');
    await bench.synced({ moves: [['/d/', '/e/']], excluded });
    expect(bench.store.text('p/d/x.tmp')).toBe('by somebody else');
    expect(bench.store.keys()).not.toContain('p/e/y.tmp');
    expect(bench.store.text('p/e/sub/b')).toBe('B');
  });

  it('fails as one path when its listing fails', async () => {
    await tree();
    await bench.mv('/d', '/e');
    bench.store.fail({ kind: 'list', scope: 'outage' });
    await bench.write('/ok');
    const { failures } = await bench.run({ moves: [['/d/', '/e/']], paths: ['/ok'] });
    expect(verdicts(failures)).toEqual(['again /e/']);
    expect(bench.store.text('p/d/a')).toBe('A');
  });

  it('has what cannot be renamed uploaded, and its origin deleted after that', async () => {
    await tree();
    await bench.mv('/d', '/e');
    bench.store.fail({ kind: 'move', key: 'p/d/a', scope: 'object' });
    await bench.synced({ moves: [['/d/', '/e/']] });
    expect(bench.stored()).toEqual(bench.expected());
    expect(transfers()).toContain('upload p/e/a');
  });

  it('that vanishes meanwhile is gone in the end', async () => {
    await tree();
    await bench.mv('/d', '/e');
    bench.store.before = ({ kind }) => {
      if (kind === 'list') rmSync(bench.at('/e'), { recursive: true, force: true });
    };
    await bench.synced({ moves: [['/d/', '/e/']], paths: ['/e/'] });
    expect(bench.stored()).toEqual({});
  });

  it('that became a file is replaced by it', async () => {
    await tree();
    await bench.rm('/d');
    writeFileSync(bench.at('/e'), 'file');
    await bench.synced({ moves: [['/d/', '/e/']], paths: ['/e/', '/e'] });
    expect(bench.stored()).toEqual({ e: 'file' });
  });

  it('is uploaded without markers where directories are no objects', async () => {
    withOptions({ markers: false, overwrite: 'always' });
    await bench.write('/d/a', 'A');
    await bench.write('/d/sub/b', 'B');
    await bench.start();
    await bench.mv('/d', '/e');
    await bench.synced({ moves: [['/d/', '/e/']] });
    expect(bench.stored()).toEqual({ 'e/a': 'A', 'e/sub/b': 'B' });
  });

  it('moves as a link does: only the marker', async () => {
    await bench.write('/real/f', 'x');
    await bench.link('real', '/l');
    await bench.start();
    await bench.mv('/l', '/m');
    await bench.synced({ moves: [['/l', '/m']] });
    expect(bench.stored()).toEqual(bench.expected());
  });
});
