import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asBytes } from '../../../src/core/bytes.js';
import { EngineBench, verdicts } from '../../support/engine-bench.js';

let bench: EngineBench;
beforeEach(() => {
  bench = new EngineBench();
});
afterEach(() => bench.close());

describe('failures of a batch', () => {
  const three = async () => {
    for (const path of ['/a', '/b', '/c']) await bench.write(path);
    return { paths: ['/a', '/b', '/c'] };
  };

  it('name the path alone when one object is in trouble', async () => {
    const batch = await three();
    bench.store.fail({ key: 'p/b', scope: 'object', message: '403 permission_denied', remedy: 'ask' });
    const { failures, stats } = await bench.run(batch);
    expect(failures).toEqual([{ path: '/b', verdict: 'failed', message: '/b: 403 permission_denied (ask)' }]);
    expect(stats.files).toBe(2);
    expect(bench.store.keys()).toEqual(['p/a', 'p/c']);
  });

  it('ask for another try of a file that changes or one outage', async () => {
    const batch = await three();
    bench.store.fail({ key: 'p/b', scope: 'changing' });
    bench.store.fail({ key: 'p/c', scope: 'outage' });
    expect(verdicts((await bench.run(batch)).failures)).toEqual(['again /b', 'again /c']);
  });

  it('are those of the whole when nothing at all succeeded', async () => {
    await bench.write('/a');
    bench.store.fail({ scope: 'outage', message: 'no connection' });
    const { failures } = await bench.run({ paths: ['/a'] });
    expect(failures).toEqual([{ verdict: 'again', message: 'no connection' }]);
  });

  it('stop the batch after three outages in a row', async () => {
    const paths = Array.from({ length: 50 }, (_, i) => `/f${i}`);
    for (const path of paths) await bench.write(path);
    bench.store.fail({ scope: 'outage', after: 10, times: Infinity });
    const { failures } = await bench.run({ paths });
    expect(verdicts(failures)).toEqual(['again']);
    expect(bench.store.calls.length).toBeLessThan(20);
    bench.store.heal();
    await bench.synced({ paths });
    expect(bench.stored()).toEqual(bench.expected());
  });

  it('go on when something succeeds between outages', async () => {
    bench.close();
    bench = new EngineBench({ workers: 1 });
    const paths = Array.from({ length: 20 }, (_, i) => `/f${i}`);
    for (const path of paths) await bench.write(path);
    let calls = 0;
    bench.store.chaos = () => (calls++ % 3 === 0 ? undefined : { scope: 'outage' });
    const { failures, stats } = await bench.run({ paths });
    expect(failures.map(({ verdict }) => verdict)).toEqual(Array(13).fill('again'));
    expect(paths).toEqual(expect.arrayContaining(failures.map(({ path }) => path)));
    expect(stats.files).toBe(7);
  });

  it('stop the batch at once when only a person can mend the target', async () => {
    const paths = Array.from({ length: 50 }, (_, i) => `/f${i}`);
    for (const path of paths) await bench.write(path);
    bench.store.fail({ scope: 'store', message: 'wrong key', remedy: 'mend it', times: Infinity });
    const { failures } = await bench.run({ paths });
    expect(failures).toEqual([{ verdict: 'failed', message: 'wrong key (mend it)' }]);
    expect(bench.store.calls.length).toBeLessThanOrEqual(4);
  });

  it('delete nothing once halted', async () => {
    await bench.write('/f');
    bench.store.put('p/gone', 'x');
    bench.store.fail({ kind: 'upload', scope: 'store' });
    await bench.run({ paths: ['/f', '/gone'] });
    expect(bench.store.keys()).toEqual(['p/gone']);
  });

  it('name what the service refuses to delete', async () => {
    for (const key of ['a', 'b']) bench.store.put(`p/${key}`, 'x');
    bench.store.refuse = (key) => key === 'p/a';
    const { failures } = await bench.run({ paths: ['/a', '/b'] });
    expect(failures).toEqual([
      { path: '/a', verdict: 'failed', message: '/a: not deleted: permission_denied' },
    ]);
    expect(bench.store.keys()).toEqual(['p/a']);
  });

  it('name the vanished directory whose listing fails', async () => {
    bench.store.put('p/d/f', 'x');
    await bench.write('/a');
    bench.store.fail({ kind: 'list', scope: 'outage' });
    const { failures } = await bench.run({ paths: ['/a', '/d/'] });
    expect(verdicts(failures)).toEqual(['again /d/']);
    await bench.synced({ paths: ['/d/'] });
    expect(bench.store.keys()).toEqual(['p/a']);
  });

  it('name odd paths, and keep what the target may have of them', async () => {
    const odd = asBytes('/d/n\xff');
    mkdirSync(bench.at('/d'));
    writeFileSync(bench.raw('d/n\xff'), 'x');
    bench.store.put('p/d/n\ufffd', 'by a tool that guesses');
    bench.store.put('p/d/gone', 'x');
    const long = `/${'x'.repeat(250)}`.repeat(5);
    await bench.write(`${long}/f`);
    await bench.write('/ok');
    const deep = { path: asBytes('/'), mayDelete: true, deep: true };
    const { failures } = await bench.engine.run(
      { paths: [deep], moves: [], excluded: () => false },
      new AbortController().signal,
    );
    expect(failures.map(({ path, verdict }) => [path, verdict])).toEqual(
      expect.arrayContaining([[odd, 'failed']]),
    );
    expect(failures.find(({ path }) => path === odd)?.message).toContain('not valid UTF-8');
    expect(failures.some(({ message }) => message.includes('QingStor allows 1023'))).toBe(true);
    expect(bench.store.keys()).toContain('p/d/n\ufffd');
    expect(bench.store.keys()).not.toContain('p/d/gone');
    expect(bench.store.keys()).toContain('p/ok');
  });

  it('of a bug are told, not thrown', async () => {
    await bench.write('/a');
    await bench.write('/b');
    bench.store.before = ({ keys }) => {
      if (keys.includes('p/a')) throw new TypeError('surprise');
    };
    const { failures } = await bench.run({ paths: ['/a', '/b'] });
    expect(failures).toEqual([{ path: '/a', verdict: 'again', message: '/a: surprise' }]);
  });
});

describe('an aborted batch', () => {
  it("rejects with the signal's reason after its transfers have ended", async () => {
    await bench.write('/a');
    const stop = new AbortController();
    bench.store.before = () => stop.abort(new Error('stop'));
    await expect(bench.run({ paths: ['/a'] }, stop.signal)).rejects.toThrow('stop');
    await expect(bench.run({ paths: ['/a'] }, stop.signal)).rejects.toThrow('stop');
    expect(bench.store.keys()).toEqual([]);
  });

  it('closes its store with the engine', async () => {
    await bench.engine.close();
    expect(bench.store.closed).toBe(true);
  });
});

describe('a path below a link that left the tree', () => {
  it('is gone, whatever the link leads to', async () => {
    await bench.write('/real/f', 'x');
    symlinkSync('real', bench.at('/l'));
    bench.store.put('p/l/f', 'old');
    await bench.synced({ paths: ['/l/f'] });
    expect(bench.store.keys()).toEqual([]);
  });
});

describe('what cannot be read', () => {
  /** Without root's right to read everything. */
  const asNobody = async <T>(work: () => Promise<T>): Promise<T> => {
    const root = process.geteuid!() === 0;
    if (root) {
      chownSync(bench.dir, 65534, 65534);
      process.seteuid!(65534);
    }
    try {
      return await work();
    } finally {
      if (root) process.seteuid!(0);
    }
  };

  it('is named, keeps its objects, and the rest arrives', async () => {
    await bench.write('/shut/f', 'x');
    await bench.write('/open/g', 'g');
    for (const key of ['shut/', 'shut/f', 'shut/old', 'open/old']) bench.store.put(`p/${key}`, '');
    chmodSync(bench.at('/shut'), 0);
    const full = await asNobody(() => bench.full());
    expect(verdicts(full.failures)).toEqual(['failed /shut/']);
    expect(full.failures[0]!.message).toContain('give this user the right to read it');
    expect(bench.store.keys()).toEqual(['p/open/', 'p/open/g', 'p/shut/', 'p/shut/f', 'p/shut/old']);
    const run = await asNobody(() => bench.run({ paths: ['/shut/f', '/shut/old', '/open/g'] }));
    expect(verdicts(run.failures)).toEqual(['failed /shut/f', 'failed /shut/old']);
    expect(bench.store.keys()).toContain('p/shut/old');
  });

  it('keeps its objects under its old name when it was moved with its directory', async () => {
    await bench.write('/d/in/f', 'F');
    await bench.write('/d/g', 'G');
    await bench.start();
    await bench.mv('/d', '/e');
    chmodSync(bench.at('/e/in'), 0);
    const { failures } = await asNobody(() => bench.run({ moves: [['/d/', '/e/']] }));
    expect(verdicts(failures)).toEqual(['failed /e/in/']);
    expect(bench.store.keys()).toContain('p/d/in/f');
    chmodSync(bench.at('/e/in'), 0o755);
    await bench.synced({ paths: ['/d/', '/e/'].map((path) => ({ path, deep: true })) });
    expect(bench.stored()).toEqual(bench.expected());
  });
});
