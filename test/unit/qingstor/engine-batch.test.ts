import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
const oddity = (path: string) => execFileSync('mkfifo', [bench.at(path)]);

describe('a batch uploads', () => {
  it('files by one request each, without listing', async () => {
    await bench.write('/a', 'one');
    await bench.write('/d/b', 'two');
    const { stats } = await bench.synced({ paths: ['/a', '/d/', '/d/b'] });
    expect(bench.stored()).toEqual({ a: 'one', 'd/': 'DIR', 'd/b': 'two' });
    expect(bench.store.taken().sort()).toEqual(['mark p/d/', 'upload p/a', 'upload p/d/b']);
    expect(stats).toEqual({ files: 2, bytes: 6, deletions: 0, moves: 0 });
    expect(bench.log.sort()).toEqual(['Exec: mark /d/', 'Exec: upload /a', 'Exec: upload /d/b']);
  });

  it('the final state, not that of the event', async () => {
    await bench.write('/f', 'late');
    await bench.mkdir('/d');
    await bench.synced({ paths: ['/f/', '/d', '/gone'] });
    expect(bench.stored()).toEqual({ f: 'late', 'd/': 'DIR' });
  });

  it('a path once that is named several times', async () => {
    await bench.write('/f');
    await bench.synced({ paths: ['/f', '/f', { path: '/f', mayDelete: false }] });
    expect(bench.store.taken()).toEqual(['upload p/f']);
  });

  it('several files at once, and no more than it has workers', async () => {
    const paths = Array.from({ length: 30 }, (_, i) => `/f${i}`);
    for (const path of paths) await bench.write(path);
    bench.store.before = () => until(() => bench.store.busiest === 4, 'four uploads at once');
    await bench.synced({ paths });
    expect(bench.store.busiest).toBe(4);
    expect(bench.stored()).toEqual(bench.expected());
  });

  it('everything below a deep directory, with one listing of its prefix', async () => {
    await bench.write('/d/new');
    await bench.write('/d/sub/changed', 'now', 2_000_000_000);
    await bench.write('/d/same', 'same', 1_000_000_000);
    bench.store.put('p/d/sub/changed', 'old', 1_500_000_000);
    bench.store.put('p/d/same', 'same', 1_500_000_000);
    bench.store.put('p/d/extra', 'x');
    bench.store.put('p/elsewhere', 'x');
    await bench.synced({ paths: [{ path: '/d/', deep: true }] });
    expect(bench.stored()).toEqual({ ...bench.expected(), elsewhere: 'x' });
    expect(bench.store.taken().sort()).toEqual([
      'list p/d/',
      'mark p/d/',
      'mark p/d/sub/',
      'remove p/d/extra',
      'upload p/d/new',
      'upload p/d/sub/changed',
    ]);
  });

  it('what took the place of something of the same size with an older time', async () => {
    await bench.write('/d/f', 'old!', 1_000_000);
    await bench.write('/d/same', 'same', 1_000_000);
    await bench.write('/e/f', 'new!', 1_000);
    await bench.write('/e/same', 'same', 1_000);
    await bench.start();
    // Two events for all this: the directory was moved away, another one into its place.
    await bench.rm('/d');
    await bench.mv('/e', '/d');
    await bench.synced({ paths: ['/d/', '/e/'].map((path) => ({ path, deep: true })) });
    expect(bench.stored()).toEqual(bench.expected());
    expect(bench.store.taken().filter((call) => call.startsWith('upload'))).toEqual(['upload p/d/f']);
  });

  it('nothing of what is excluded or below it', async () => {
    for (const path of ['/keep', '/no/a', '/d/no/b', '/d/yes']) await bench.write(path);
    const excluded = (path: string) => path.endsWith('/no/');
    const paths = ['/keep', '/no/', '/no/a', '/d/no/b', { path: '/d/', deep: true }];
    await bench.synced({ paths, excluded });
    expect(Object.keys(bench.stored())).toEqual(['d/', 'd/yes', 'keep']);
  });

  it('links to files with their content, links to directories as markers', async () => {
    await bench.write('/real/f', 'content');
    await bench.link('real/f', '/file-link');
    await bench.link('real', '/dir-link');
    await bench.synced({ paths: ['/file-link', '/dir-link', '/dir-link/f'] });
    expect(bench.stored()).toEqual({ 'file-link': 'content', 'dir-link/': 'DIR' });
  });

  it('nothing for broken links, loops and pipes, and warns once of each', async () => {
    await bench.link('nowhere', '/broken');
    await bench.link('loop', '/loop');
    oddity('/pipe');
    for (let i = 0; i < 2; i++) await bench.synced({ paths: ['/broken', '/loop', '/pipe'] });
    expect(bench.store.keys()).toEqual([]);
    expect(bench.warnings.sort()).toEqual([
      'Warn: skipped DIR/broken: a broken symbolic link',
      'Warn: skipped DIR/loop: a broken symbolic link',
      'Warn: skipped DIR/pipe: a named pipe, neither file nor directory',
    ]);
  });

  it('into the bucket itself when there is no prefix', async () => {
    withOptions({ prefix: '' });
    await bench.write('/d/f', 'x');
    await bench.synced({ paths: ['/d/', '/d/f'] });
    expect(bench.store.keys()).toEqual(['d/', 'd/f']);
    await bench.rm('/d');
    await bench.synced({ paths: ['/d/'] });
    expect(bench.store.keys()).toEqual([]);
  });

  it('a file that vanishes on its way as if it never was', async () => {
    await bench.write('/f');
    bench.store.put('p/f', 'old');
    bench.store.before = ({ kind }) => {
      if (kind === 'upload') rmSync(bench.at('/f'));
    };
    const { stats } = await bench.synced({ paths: ['/f'] });
    expect(stats).toMatchObject({ files: 0, deletions: 1 });
    expect(bench.stored()).toEqual({});
  });

  it('but keeps the object of such a file where it may not delete', async () => {
    await bench.write('/f');
    bench.store.put('p/f', 'old');
    bench.store.before = ({ kind }) => {
      if (kind === 'upload') rmSync(bench.at('/f'));
    };
    await bench.synced({ paths: [{ path: '/f', mayDelete: false }] });
    expect(bench.stored()).toEqual({ f: 'old' });
  });

  it('only what exists with create off, only what is missing with overwriting off', async () => {
    withOptions({ create: false, markers: false, overwrite: 'always' });
    await bench.write('/there', 'new');
    await bench.write('/missing');
    bench.store.put('p/there', 'old');
    bench.store.put('p/missing-but-longer', 'x');
    await bench.synced({ paths: ['/there', '/missing'] });
    expect(bench.stored()).toEqual({ there: 'new', 'missing-but-longer': 'x' });

    withOptions({ overwrite: 'never', markers: false });
    await bench.write('/there', 'new');
    await bench.write('/missing', 'm');
    bench.store.put('p/there', 'old');
    await bench.synced({ paths: ['/there', '/missing'] });
    expect(bench.stored()).toEqual({ there: 'old', missing: 'm' });
  });

  it('nothing below the top when subdirectories are off', async () => {
    withOptions({ subdirs: false });
    await bench.write('/top');
    await bench.write('/d/below');
    await bench.synced({ paths: ['/top', '/d/', '/d/below', { path: '/', deep: true }] });
    expect(bench.stored()).toEqual({ top: '/top', 'd/': 'DIR' });
  });
});

describe('a batch deletes', () => {
  it('what has vanished, in one request', async () => {
    for (const key of ['a', 'b', 'c']) bench.store.put(`p/${key}`, 'x');
    const { stats } = await bench.synced({ paths: ['/a', '/b'] });
    expect(bench.stored()).toEqual({ c: 'x' });
    expect(stats.deletions).toBe(2);
    expect(bench.store.taken()).toEqual(['remove p/a p/a/ p/b p/b/']);
    expect(bench.log.filter((line) => line.includes('delete'))).toContain('Exec: delete /a');
  });

  it('a vanished directory with one listing of its own prefix', async () => {
    for (const key of ['d/', 'd/a', 'd/e/', 'd/e/b', 'dx', 'd']) bench.store.put(`p/${key}`, '');
    await bench.synced({ paths: ['/d/', '/d/a', '/d/e/', '/d/e/b'] });
    expect(bench.store.keys()).toEqual(['p/d', 'p/dx']);
    expect(bench.store.taken().filter((call) => call.startsWith('list'))).toEqual(['list p/d/']);
  });

  it('nothing that it may not', async () => {
    for (const key of ['a', 'd/', 'd/a']) bench.store.put(`p/${key}`, 'x');
    await bench.synced({ paths: ['/a', '/d/', '/d/a'].map((path) => ({ path, mayDelete: false })) });
    expect(bench.store.keys()).toEqual(['p/a', 'p/d/', 'p/d/a']);
  });

  it('what is owed with the first event that may, if it has not come back', async () => {
    withOptions({ rememberDeletes: true });
    await bench.write('/f');
    for (const key of ['a', 'b', 'd/', 'd/x']) bench.store.put(`p/${key}`, 'x');
    await bench.synced({ paths: ['/a', '/b', '/d/'].map((path) => ({ path, mayDelete: false })) });
    expect(bench.store.keys()).toEqual(['p/a', 'p/b', 'p/d/', 'p/d/x']);
    await bench.write('/b', 'back');
    await bench.synced({ paths: ['/f'] });
    expect(bench.store.keys()).toEqual(['p/b', 'p/f']);
  });

  it('what is owed after an outage all the same', async () => {
    withOptions({ rememberDeletes: true });
    bench.store.put('p/a', 'x');
    await bench.synced({ paths: [{ path: '/a', mayDelete: false }] });
    await bench.write('/f');
    bench.store.fail({ kind: 'remove', scope: 'outage' });
    expect(verdicts((await bench.run({ paths: ['/f'] })).failures)).toEqual(['again']);
    await bench.synced({ paths: ['/f'] });
    expect(bench.store.keys()).toEqual(['p/f']);
  });

  it('nothing that is there again when it comes to it', async () => {
    for (const key of ['f', 'd/', 'd/x']) bench.store.put(`p/${key}`, 'old');
    await bench.write('/other');
    bench.store.before = ({ kind }) => {
      if (kind !== 'upload') return;
      writeFileSync(bench.at('/f'), 'new');
      mkdirSync(bench.at('/d'));
    };
    await bench.synced({ paths: ['/f', '/d/', '/other'] });
    expect(bench.store.keys()).toEqual(['p/d/', 'p/f', 'p/other']);
  });

  it('the key of a file that became a directory, and the reverse', async () => {
    bench.store.put('p/was-file', 'x');
    for (const key of ['was-dir/', 'was-dir/a', 'was-dir/b']) bench.store.put(`p/${key}`, '');
    await bench.write('/was-file/in', 'in');
    await bench.write('/was-dir', 'file');
    await bench.synced({ paths: ['/was-file', '/was-file/', '/was-file/in', '/was-dir/', '/was-dir'] });
    expect(bench.stored()).toEqual(bench.expected());
  });

  it('what stood below a directory that became a link', async () => {
    await bench.write('/real/f', 'x');
    await bench.mkdir('/d');
    await bench.write('/d/f', 'x');
    await bench.start();
    await bench.rm('/d');
    await bench.link('real', '/d');
    await bench.synced({ paths: ['/d/f', '/d/', '/d'] });
    expect(bench.stored()).toEqual({ 'real/': 'DIR', 'real/f': 'x', 'd/': 'DIR' });
  });

  it("the marker of a link to a directory, whose event doesn't end in a slash", async () => {
    await bench.mkdir('/real');
    await bench.link('real', '/l');
    await bench.start();
    await bench.rm('/l');
    await bench.synced({ paths: ['/l'] });
    expect(bench.stored()).toEqual({ 'real/': 'DIR' });
  });

  it('the marker of a link that leads to a file now', async () => {
    await bench.mkdir('/real');
    await bench.write('/file', 'f');
    await bench.link('real', '/l');
    await bench.start();
    await bench.rm('/l');
    await bench.link('file', '/l');
    await bench.synced({ paths: ['/l'] });
    expect(bench.stored()).toEqual(bench.expected());
  });

  it('the object of a file whose place a pipe has taken', async () => {
    bench.store.put('p/f', 'x');
    oddity('/f');
    await bench.synced({ paths: ['/f'] });
    expect(bench.store.keys()).toEqual([]);
  });

  it('nothing excluded', async () => {
    for (const key of ['d/a.tmp', 'd/b', 'x.tmp']) bench.store.put(`p/${key}`, 'x');
    const excluded = (path: string) => path.endsWith('.tmp');
    await bench.synced({ paths: ['/d/', '/x.tmp'], excluded });
    expect(bench.store.keys()).toEqual(['p/d/a.tmp', 'p/x.tmp']);
  });

  it('nothing that the globs leave alone', async () => {
    withOptions({ globs: { exclude: '*.log', include: 'keep*' } });
    for (const key of ['a.log', 'keep.log', 'd/b.log', 'd/c']) bench.store.put(`p/${key}`, 'x');
    await bench.write('/new.log');
    await bench.write('/keep2.log');
    await bench.synced({ paths: ['/a.log', '/keep.log', '/d/', '/new.log', '/keep2.log'] });
    expect(bench.store.keys()).toEqual(['p/a.log', 'p/d/b.log', 'p/keep2.log']);
  });

  it('more than a request takes in several', async () => {
    const paths = Array.from({ length: 1203 }, (_, i) => `/f${i}`);
    for (const path of paths) bench.store.put(`p${path}`, 'x');
    bench.store.pageSize = 1000;
    const { stats } = await bench.synced({ paths });
    expect(bench.store.keys()).toEqual([]);
    expect(stats.deletions).toBe(1203);
    const sizes = bench.store.taken().map((call) => call.split(' ').length - 1);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
  });
});

describe('a batch without its source', () => {
  it('fails as a whole and deletes nothing', async () => {
    await bench.write('/f');
    await bench.start();
    renameSync(bench.dir, `${bench.dir}.away`);
    const { failures } = await bench.run({ paths: ['/f'] });
    renameSync(`${bench.dir}.away`, bench.dir);
    expect(verdicts(failures)).toEqual(['again']);
    expect(failures[0]!.message).toMatch(/^source missing: .* nothing is deleted/);
    expect(bench.store.keys()).toEqual(['p/f']);
  });

  it('takes another, empty directory in its place for one that is not mounted', async () => {
    await bench.write('/f');
    await bench.start();
    renameSync(bench.dir, `${bench.dir}.away`);
    mkdirSync(bench.dir);
    const { failures } = await bench.run({ paths: ['/f'] });
    expect(verdicts(failures)).toEqual(['again']);
    expect(bench.store.keys()).toEqual(['p/f']);
    rmSync(`${bench.dir}.away`, { recursive: true });
  });

  it('deletes nothing when it goes while the batch runs', async () => {
    await bench.write('/f');
    bench.store.put('p/gone', 'x');
    bench.store.before = ({ kind }) => {
      if (kind === 'upload') renameSync(bench.dir, `${bench.dir}.away`);
    };
    const { failures } = await bench.run({ paths: ['/f', '/gone'] });
    renameSync(`${bench.dir}.away`, bench.dir);
    expect(verdicts(failures)).toEqual(['again']);
    expect(bench.store.keys()).toContain('p/gone');
  });
});
