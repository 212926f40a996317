import { mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromText, asBytes, type BytePath } from '../../src/core/bytes.js';
import { StoreError, type ListedObject, type ObjectStore } from '../../src/qingstor/store.js';
import { toBuffer } from '../../src/sys/bytes.js';

/** A store to try and a way to look at what it holds that does not go through it. */
export interface StoreBench {
  readonly store: ObjectStore;
  /** Puts an object behind the store's back. */
  put(key: string, text: string): Promise<void>;
  /** Content and type by key. */
  objects(): Promise<ReadonlyMap<string, { readonly text: string; readonly type: string }>>;
  close(): Promise<void>;
}

const oddKeys = [
  'with blank',
  'ä/ö/ü €',
  '日本/語',
  '🙂',
  'a?b=c&d',
  'a#b',
  '100%',
  '%41',
  'a+b',
  `quote"'s`,
  'back\\slash',
  'new\nline',
  'uploads?acl',
  '~!@$^*()=,;:[]{}|<>',
  ' ',
];

/** What every ObjectStore must do; the engine's tests run on one that has passed. */
export function storeContract(name: string, open: () => Promise<StoreBench>): void {
  describe(`object store: ${name}`, () => {
    let bench: StoreBench;
    let dir: string;
    const signal = new AbortController().signal;
    beforeEach(async () => {
      dir = await mkdtemp(join(tmpdir(), 'store-contract-'));
      bench = await open();
    });
    afterEach(async () => {
      await bench.close();
      await rm(dir, { recursive: true });
    });

    const file = async (text: string | Buffer, at = 'file'): Promise<BytePath> => {
      const path = asBytes(fromText(`${dir}/`) + at);
      await writeFile(toBuffer(path), text);
      return path;
    };
    const listed = async (prefix: string): Promise<ListedObject[]> => {
      const all: ListedObject[] = [];
      for await (const page of bench.store.list(prefix, signal)) all.push(...page);
      return all;
    };
    const keys = async (prefix = ''): Promise<string[]> =>
      (await listed(prefix)).map(({ key }) => key).sort();
    const scopeOf = async (call: Promise<unknown>): Promise<string> => {
      const error: unknown = await call.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (!(error instanceof StoreError)) throw new Error('no StoreError', { cause: error });
      return error.scope;
    };

    it('uploads a file and lists it', async () => {
      const before = Math.floor(Date.now() / 1000);
      const sent = await bench.store.upload({ path: await file('content'), key: 'a/b' }, signal);
      expect(sent).toMatchObject({ bytes: 7, size: 7 });
      expect((await bench.objects()).get('a/b')?.text).toBe('content');
      const [object, ...others] = await listed('');
      expect(others).toEqual([]);
      expect(object).toMatchObject({ key: 'a/b', size: 7 });
      expect(object!.modified).toBeGreaterThanOrEqual(before);
      expect(object!.modified).toBeLessThan(before + 3600);
    });

    it('replaces an object', async () => {
      await bench.put('k', 'old and longer');
      await bench.store.upload({ path: await file('new'), key: 'k' }, signal);
      expect((await bench.objects()).get('k')?.text).toBe('new');
      expect(await keys()).toEqual(['k']);
    });

    it('uploads an empty file, and one whose name is no UTF-8', async () => {
      await bench.store.upload({ path: await file(''), key: 'empty' }, signal);
      await bench.store.upload({ path: await file('odd', 'n\xff\xfe'), key: 'named' }, signal);
      const objects = await bench.objects();
      expect(objects.get('empty')?.text).toBe('');
      expect(objects.get('named')?.text).toBe('odd');
    });

    it('follows a symlink', async () => {
      await file('behind', 'real');
      await symlink('real', join(dir, 'link'));
      await bench.store.upload({ path: fromText(join(dir, 'link')), key: 'k' }, signal);
      expect((await bench.objects()).get('k')?.text).toBe('behind');
    });

    it('uploads, lists, moves and deletes odd keys', async () => {
      const path = await file('x');
      for (const key of oddKeys) await bench.store.upload({ path, key: `in/${key}` }, signal);
      expect(await keys()).toEqual(oddKeys.map((key) => `in/${key}`).sort());
      for (const key of oddKeys) await bench.store.move(`in/${key}`, `out/${key}`, signal);
      expect([...(await bench.objects()).keys()].sort()).toEqual(oddKeys.map((key) => `out/${key}`).sort());
      expect(await bench.store.remove([`out/${oddKeys[0]!}`], signal)).toEqual([]);
      expect(
        await bench.store.remove(
          oddKeys.slice(1).map((key) => `out/${key}`),
          signal,
        ),
      ).toEqual([]);
      expect(await keys()).toEqual([]);
    });

    it('writes markers', async () => {
      await bench.store.putMarker('d/', signal);
      await bench.store.putMarker('d/', signal);
      expect((await bench.objects()).get('d/')).toEqual({ text: '', type: 'application/x-directory' });
      expect(await listed('')).toMatchObject([{ key: 'd/', size: 0, mimeType: 'application/x-directory' }]);
    });

    it('lists every object of a prefix once, whatever the number', async () => {
      const all = Array.from({ length: 2345 }, (_, i) => `p/${i}`);
      for (const key of [...all, 'p', 'P/1', 'px/1']) await bench.put(key, 'x');
      expect(await keys('p/')).toEqual([...all].sort());
      expect(await keys('p/23')).toEqual(all.filter((key) => key.startsWith('p/23')).sort());
      expect(await keys('nothing')).toEqual([]);
    });

    it('moves an object with its content over another one', async () => {
      await bench.put('from', 'content');
      await bench.put('to', 'old');
      await bench.store.move('from', 'to', signal);
      const objects = await bench.objects();
      expect([...objects].map(([key, { text }]) => [key, text])).toEqual([['to', 'content']]);
    });

    it('says that the object to move is missing, and leaves the destination', async () => {
      await bench.put('to', 'old');
      expect(await scopeOf(bench.store.move('from', 'to', signal))).toBe('missing');
      expect((await bench.objects()).get('to')?.text).toBe('old');
    });

    it('deletes one, many and absent objects', async () => {
      const all = Array.from({ length: 1203 }, (_, i) => `k${i}`);
      for (const key of [...all, 'stays', 'one']) await bench.put(key, 'x');
      expect(await bench.store.remove(['one'], signal)).toEqual([]);
      expect(await bench.store.remove(['one'], signal)).toEqual([]);
      expect(await bench.store.remove([...all, 'absent'], signal)).toEqual([]);
      expect(await bench.store.remove([], signal)).toEqual([]);
      expect(await keys()).toEqual(['stays']);
    });

    it('tells local troubles apart and keeps the object', async () => {
      await bench.put('k', 'old');
      const at = (path: string) => bench.store.upload({ path: fromText(join(dir, path)), key: 'k' }, signal);
      await mkdir(join(dir, 'directory'));
      await symlink('loop', join(dir, 'loop'));
      expect(await scopeOf(at('nothing'))).toBe('vanished');
      expect(await scopeOf(at('nothing/below'))).toBe('vanished');
      expect(await scopeOf(at('directory'))).toBe('changing');
      expect(await scopeOf(at('loop'))).toBe('unreadable');
      expect((await bench.objects()).get('k')?.text).toBe('old');
    });

    it('refuses keys that are too long, empty or dots, and takes the longest', async () => {
      const path = await file('x');
      for (const key of ['', '.', '..', 'k'.repeat(1024), 'ä'.repeat(512)])
        expect(await scopeOf(bench.store.upload({ path, key }, signal))).toBe('object');
      expect(await scopeOf(bench.store.putMarker(`${'k'.repeat(1023)}/`, signal))).toBe('object');
      await bench.store.upload({ path, key: 'k'.repeat(1023) }, signal);
      expect(await keys()).toEqual(['k'.repeat(1023)]);
    });

    it("rejects with an aborted signal's reason and changes nothing", async () => {
      await bench.put('k', 'old');
      const reason = new Error('enough');
      const over = AbortSignal.abort(reason);
      const path = await file('new');
      const { store } = bench;
      const calls = [
        () => store.upload({ path, key: 'k' }, over),
        () => store.putMarker('d/', over),
        () => store.move('k', 'l', over),
        () => store.remove(['k'], over),
        () => store.remove(['k', 'l'], over),
        async () => {
          for await (const page of store.list('', over)) expect(page).toBe('no page');
        },
      ];
      for (const call of calls) await expect(call()).rejects.toBe(reason);
      expect((await bench.objects()).get('k')?.text).toBe('old');
    });

    it('works on several calls at once', async () => {
      const names = Array.from({ length: 40 }, (_, i) => `f${i}`);
      await Promise.all(
        names.map(async (name) =>
          bench.store.upload({ path: await file(name.repeat(100), name), key: name }, signal),
        ),
      );
      const objects = await bench.objects();
      for (const name of names) expect(objects.get(name)?.text).toBe(name.repeat(100));
    });

    it('rejects calls once it is closed', async () => {
      const path = await file('x');
      await bench.store.close();
      await expect(bench.store.upload({ path, key: 'k' }, signal)).rejects.toThrow('closed');
      await expect(bench.store.remove(['k', 'l'], signal)).rejects.toThrow('closed');
      expect((await bench.objects()).size).toBe(0);
    });
  });
}
