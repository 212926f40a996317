import { mkdtempSync, readdirSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { judge, type KnownFile, type KnownFiles } from '../../../src/qingstor/known.js';
import { openTransferIndex, type IndexIdentity } from '../../../src/state/transfer-index.js';

let top: string;
let warned: string[];
let opened: KnownFiles[];

beforeEach(() => {
  top = realpathSync(mkdtempSync(join(tmpdir(), 'lsyncd-index-')));
  warned = [];
  opened = [];
});
afterEach(async () => {
  for (const index of opened) await index.close();
  rmSync(top, { recursive: true, force: true });
});

const identity: IndexIdentity = { source: '/s/', service: 'x', bucket: 'b', prefix: 'p/' };

async function index(which = identity, state = top): Promise<KnownFiles> {
  const found = await openTransferIndex(state, which, (message) => warned.push(message));
  if (found === undefined) throw new Error(warned.join());
  opened.push(found);
  return found;
}

async function shut(): Promise<void> {
  for (const one of opened.splice(0)) await one.close();
}

const file = (size: number, etag = 'e'): KnownFile => ({ size, mtimeNs: -5n, ino: 2n ** 63n, etag });

async function known(of: KnownFiles, key: string): Promise<KnownFile | undefined> {
  await of.load([key]);
  const found = of.get(key);
  of.unload([key]);
  return found;
}

describe('the index of what was transferred', () => {
  it('outlives the program, whatever the keys', async () => {
    const keys = ['a', 'p/ü\n"', 'k'.repeat(4000), ' ', '\u0000'];
    const first = await index();
    for (const [i, key] of keys.entries()) first.put(key, file(i));
    expect(first.get('a')).toEqual(file(0));
    await shut();
    const again = await index();
    for (const [i, key] of keys.entries()) expect(await known(again, key)).toEqual(file(i));
    expect(await known(again, 'other')).toBeUndefined();
    expect(warned).toEqual([]);
    expect(statSync(join(top, 'index', readdirSync(join(top, 'index'))[0]!)).mode & 0o777).toBe(0o700);
  });

  it('forgets, carries along and sweeps', async () => {
    const one = await index();
    for (const key of ['gone', 'old', 'stays', 'stale', 'over']) one.put(key, file(1, key));
    await one.flush();
    one.drop('gone');
    await one.carry('old', 'new');
    await one.carry('nothing', 'over');
    one.beginSweep();
    await one.load(['stays']);
    one.unload(['stays']);
    one.put('fresh', file(2));
    await one.carry('new', 'newer');
    await one.sweep();
    await shut();
    const again = await index();
    const left: string[] = [];
    for (const key of ['gone', 'old', 'new', 'newer', 'stays', 'stale', 'over', 'fresh'])
      if ((await known(again, key)) !== undefined) left.push(key);
    expect(left).toEqual(['newer', 'stays', 'fresh']);
    expect((await known(again, 'newer'))?.etag).toBe('old');
  });

  it('belongs to one source and one target', async () => {
    (await index()).put('a', file(1));
    for (const change of [{ source: '/t/' }, { service: 'y' }, { bucket: 'c' }, { prefix: '' }])
      expect(await known(await index({ ...identity, ...change }), 'a')).toBeUndefined();
  });

  it('is shared by two lives of one sync in a process', async () => {
    const one = await index();
    const two = await index();
    one.put('a', file(1));
    await one.close();
    opened.splice(0, 1);
    expect(await known(two, 'a')).toEqual(file(1));
    two.put('b', file(2));
    await two.flush();
    expect(await known(two, 'b')).toEqual(file(2));
  });

  it('is made anew when it is damaged, and says so', async () => {
    const one = await index();
    for (let i = 0; i < 2000; i++) one.put(`key ${i}`, file(i));
    await shut();
    const directory = join(top, 'index', readdirSync(join(top, 'index'))[0]!);
    for (const name of readdirSync(directory))
      if (/^(CURRENT|MANIFEST)/.test(name)) writeFileSync(join(directory, name), 'nonsense');
    const again = await index();
    expect(warned.join()).toMatch(/is damaged .*: it is made anew/);
    again.put('a', file(1));
    await shut();
    expect(await known(await index(), 'a')).toEqual(file(1));
  });

  it('is done without where it cannot be had', async () => {
    writeFileSync(join(top, 'file'), '');
    const found = await openTransferIndex(join(top, 'file'), identity, (message) => warned.push(message));
    expect(found).toBeUndefined();
    expect(warned.join()).toMatch(/cannot be used .*by size and time only/);
  });
});

describe('an entry', () => {
  const md5 = (digit: string): string => digit.repeat(32);
  const local = { kind: 'file', size: 3, mtime: 1, mtimeNs: 1_000_000_007n, ino: 9n, link: false } as const;
  const remote = { size: 3, modified: 100, etag: md5('a') };
  const entry: KnownFile = { size: 3, mtimeNs: 1_000_000_007n, ino: 9n, etag: md5('a') };

  it.each([
    ['nothing is known', undefined, 'unknown'],
    ['all is as it was', entry, 'confirmed'],
    ['another time, by a nanosecond', { ...entry, mtimeNs: 1_000_000_006n }, 'doubtful'],
    ['another file', { ...entry, ino: 8n }, 'doubtful'],
    ['another object', { ...entry, etag: md5('b') }, 'doubtful'],
    ['another size', { ...entry, size: 4 }, 'doubtful'],
    ['an upload in parts', { ...entry, etag: `"${md5('b')}-7"` }, 'confirmed'],
  ] as const)('%s: %s', (_what, known, wanted) => {
    expect(judge(known, local, remote)).toBe(wanted);
  });
});
