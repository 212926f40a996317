import { mkdirSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineBench, clean, verdicts } from '../../support/engine-bench.js';

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
const transfers = () => bench.store.taken().sort();

describe('a comparison of everything', () => {
  it('uploads what is missing and deletes what is too much', async () => {
    await bench.write('/a', 'A');
    await bench.write('/d/e/f', 'F');
    await bench.mkdir('/empty');
    for (const key of ['extra', 'd/extra', 'gone/', 'gone/x']) bench.store.put(`p/${key}`, '');
    bench.store.put('elsewhere', 'x');
    bench.store.put('px', 'x');
    const { stats } = clean(await bench.full());
    expect(bench.stored()).toEqual({ ...bench.expected(), elsewhere: 'x', px: 'x' });
    expect(stats).toEqual({ files: 2, bytes: 2, deletions: 4, moves: 0 });
    expect(transfers()).toEqual([
      'list p/',
      'mark p/d/',
      'mark p/d/e/',
      'mark p/empty/',
      'remove p/d/extra p/extra p/gone/ p/gone/x',
      'upload p/a',
      'upload p/d/e/f',
    ]);
  });

  it('costs one listing when nothing differs', async () => {
    for (let i = 0; i < 20; i++) await bench.write(`/d${i % 3}/f${i}`);
    await bench.start();
    const { stats } = clean(await bench.full());
    expect(bench.store.taken()).toEqual(['list p/']);
    expect(stats).toEqual({ files: 0, bytes: 0, deletions: 0, moves: 0 });
  });

  it('uploads what has another size or is newer by a whole second, and nothing else', async () => {
    for (const name of ['same', 'older', 'newer', 'longer']) await bench.write(`/${name}`, 'text', 1_000_000);
    for (const [name, modified] of [
      ['same', 1_000_000],
      ['older', 1_000_001],
      ['newer', 999_999],
      ['longer', 2_000_000],
    ] as const)
      bench.store.put(`p/${name}`, name === 'longer' ? 'other length' : 'othe', modified);
    clean(await bench.full());
    expect(transfers()).toEqual(['list p/', 'upload p/longer', 'upload p/newer']);
  });

  it('overwrites always, never, or creates nothing, where told to', async () => {
    const cases = [
      { options: { overwrite: 'always' }, uploads: ['upload p/new', 'upload p/old'] },
      { options: { overwrite: 'never' }, uploads: ['upload p/new'] },
      { options: { overwrite: 'changed' }, uploads: ['upload p/new'] },
      { options: { overwrite: 'always', create: false }, uploads: ['upload p/old'] },
    ] as const;
    for (const { options, uploads } of cases) {
      withOptions({ ...options, markers: false });
      await bench.write('/d/x', 'x');
      await bench.write('/old', 'text', 1_000_000);
      await bench.write('/new');
      bench.store.put('p/old', 'same', 2_000_000);
      bench.store.put('p/d/x', 'x', 4_000_000_000);
      clean(await bench.full({ delete: false }));
      const rest = transfers().filter((call) => call.startsWith('upload') && call !== 'upload p/d/x');
      expect(rest, JSON.stringify(options)).toEqual(uploads);
    }
  });

  it('deletes nothing unless it may', async () => {
    await bench.write('/a');
    bench.store.put('p/extra', 'x');
    clean(await bench.full({ delete: false }));
    expect(bench.store.keys()).toEqual(['p/a', 'p/extra']);
  });

  it('leaves alone what is excluded, on both sides', async () => {
    for (const path of ['/a', '/no/in', '/d/x.tmp', '/d/y']) await bench.write(path);
    for (const key of ['no/there', 'no/', 'z.tmp', 'old']) bench.store.put(`p/${key}`, '');
    const excluded = (path: string) => path === '/no/' || path.endsWith('.tmp');
    clean(await bench.full({ excluded }));
    expect(bench.store.keys()).toEqual(['p/a', 'p/d/', 'p/d/y', 'p/no/', 'p/no/there', 'p/z.tmp']);
  });

  it('leaves alone what the globs say, on both sides', async () => {
    withOptions({ globs: { exclude: '*.log', include: 'd/*' } });
    for (const path of ['/a.log', '/b', '/d/c.log']) await bench.write(path);
    for (const key of ['z.log', 'd/old.log', 'old']) bench.store.put(`p/${key}`, 'x');
    clean(await bench.full());
    expect(bench.store.keys()).toEqual(['p/b', 'p/d/', 'p/d/c.log', 'p/z.log']);
  });

  it('stays at the top when subdirectories are off, and deletes nothing below', async () => {
    withOptions({ subdirs: false });
    for (const path of ['/a', '/d/b']) await bench.write(path);
    for (const key of ['d/old', 'old']) bench.store.put(`p/${key}`, 'x');
    clean(await bench.full());
    expect(bench.store.keys()).toEqual(['p/a', 'p/d/', 'p/d/old']);
  });

  it('replaces a file by a directory and a directory by a file', async () => {
    await bench.write('/was-file/in');
    await bench.write('/was-dir', 'file');
    for (const key of ['was-file', 'was-dir/', 'was-dir/in']) bench.store.put(`p/${key}`, '');
    clean(await bench.full());
    expect(bench.stored()).toEqual(bench.expected());
  });

  it('keeps the object that stands for the target itself', async () => {
    await bench.write('/a');
    bench.store.put('p/', '');
    clean(await bench.full());
    expect(bench.store.keys()).toEqual(['p/', 'p/a']);
  });

  it('does not follow links to directories', async () => {
    await bench.write('/d/f');
    await bench.link('..', '/d/up');
    await bench.link('d', '/l');
    bench.store.put('p/l/f', 'x');
    clean(await bench.full());
    expect(bench.stored()).toEqual({ 'd/': 'DIR', 'd/f': '/d/f', 'd/up/': 'DIR', 'l/': 'DIR' });
  });

  it('tells how far it is', async () => {
    const seen: string[] = [];
    withOptions({ progress: ({ phase }) => seen.push(phase) });
    await bench.write('/a');
    bench.store.put('p/a', 'x');
    clean(await bench.full());
    expect(seen).toEqual(['list', 'compare']);
  });

  it('pays what deletions are owed', async () => {
    withOptions({ rememberDeletes: true });
    await bench.write('/a');
    bench.store.put('p/gone', 'x');
    await bench.synced({ paths: [{ path: '/gone', mayDelete: false }] });
    clean(await bench.full());
    bench.store.put('p/gone', 'put by somebody else');
    await bench.synced({ paths: ['/a'] });
    expect(bench.store.keys()).toEqual(['p/a', 'p/gone']);
  });
});

describe('a comparison that must not delete', () => {
  it('deletes nothing for an empty source, and says so', async () => {
    bench.store.put('p/a', 'x');
    bench.store.put('p/b', 'x');
    const { stats, held } = clean(await bench.full());
    expect(stats.deletions).toBe(0);
    expect(bench.store.keys()).toEqual(['p/a', 'p/b']);
    expect(held).toEqual({ reason: 'empty source', count: 2, of: 2, paths: [] });
  });

  it('empties the target for an empty source that may', async () => {
    bench.store.put('p/a', 'x');
    const { stats, held } = clean(await bench.full({ allowEmpty: true }));
    expect(stats.deletions).toBe(1);
    expect(held).toBeUndefined();
    expect(bench.store.keys()).toEqual([]);
  });

  it('says nothing when both are empty', async () => {
    clean(await bench.full());
    expect(bench.warnings).toEqual([]);
  });

  it('deletes nothing when the source is missing', async () => {
    bench.store.put('p/a', 'x');
    renameSync(bench.dir, `${bench.dir}.away`);
    const { failures } = await bench.full();
    renameSync(`${bench.dir}.away`, bench.dir);
    expect(verdicts(failures)).toEqual(['again']);
    expect(failures[0]!.message).toContain('source missing');
    expect(bench.store.calls).toEqual([]);
  });

  it('deletes nothing when the source goes between listing and walk, or comes back as another', async () => {
    await bench.write('/a');
    bench.store.put('p/a', '/a');
    bench.store.put('p/b', 'x');
    const away = `${bench.dir}.away`;
    bench.store.before = ({ kind }) => {
      if (kind === 'list') renameSync(bench.dir, away);
    };
    expect(verdicts((await bench.full()).failures)).toEqual(['again']);
    renameSync(away, bench.dir);
    bench.store.before = ({ kind }) => {
      if (kind !== 'list') return;
      renameSync(bench.dir, away);
      mkdirSync(bench.dir);
      writeFileSync(bench.at('/other'), 'x');
    };
    expect(verdicts((await bench.full()).failures)).toEqual(['again']);
    await bench.rm('/other');
    rmdirSync(bench.dir);
    renameSync(away, bench.dir);
    expect(bench.store.keys()).toEqual(expect.arrayContaining(['p/a', 'p/b']));
  });

  it('deletes nothing after an outage, and everything with the next success', async () => {
    for (let i = 0; i < 10; i++) await bench.write(`/f${i}`);
    bench.store.put('p/gone', 'x');
    const outage = bench.store.fail({ kind: 'upload', scope: 'outage', after: 2, times: 3 });
    expect(verdicts((await bench.full()).failures)).toEqual(['again']);
    expect(outage.struck).toBe(3);
    expect(bench.store.keys()).toContain('p/gone');
    clean(await bench.full());
    expect(bench.stored()).toEqual(bench.expected());
  });

  it('fails as a whole when the listing fails, in its middle too', async () => {
    await bench.write('/a');
    bench.store.fail({ kind: 'list', scope: 'store', message: 'no such bucket', remedy: 'create it' });
    expect((await bench.full()).failures).toEqual([
      { verdict: 'failed', message: 'no such bucket (create it)' },
    ]);
    bench.store.fail({ kind: 'list', scope: 'outage', message: 'gone' });
    expect((await bench.full()).failures).toEqual([{ verdict: 'again', message: 'gone' }]);
    expect(bench.store.keys()).toEqual([]);
  });

  it('deletes what it can when one object is refused', async () => {
    await bench.write('/a');
    await bench.write('/b');
    bench.store.put('p/gone', 'x');
    bench.store.fail({ kind: 'upload', key: 'p/a', scope: 'object', message: 'denied' });
    const { failures } = await bench.full();
    expect(failures).toEqual([{ path: '/a', verdict: 'failed', message: '/a: denied' }]);
    expect(bench.store.keys()).toEqual(['p/b']);
  });

  it('deletes nothing that was created since the walk', async () => {
    await bench.write('/a');
    bench.store.put('p/late', 'x');
    bench.store.before = ({ kind }) => {
      if (kind === 'upload') writeFileSync(bench.at('/late'), 'new');
    };
    clean(await bench.full());
    expect(bench.store.keys()).toEqual(['p/a', 'p/late']);
  });

  it('rejects when it is aborted in its listing, transfers or deletions', async () => {
    for (const at of ['list', 'upload', 'remove']) {
      withOptions();
      await bench.write('/a');
      bench.store.put('p/gone', 'x');
      const stop = new AbortController();
      bench.store.before = ({ kind }) => {
        if (kind === at) stop.abort(new Error(`stop at ${at}`));
      };
      await expect(bench.full({}, stop.signal)).rejects.toThrow(`stop at ${at}`);
      expect(bench.store.keys()).toContain('p/gone');
    }
  });
});
