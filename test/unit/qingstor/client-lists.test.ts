import { describe, expect, it } from 'vitest';
import { listPages } from '../../../src/qingstor/listing.js';
import { removeKeys } from '../../../src/qingstor/removal.js';
import { Semaphore } from '../../../src/qingstor/semaphore.js';
import type { ListedObject } from '../../../src/qingstor/store.js';
import { scriptedClient, type Fate, type ScriptOptions } from '../../support/scripted-transport.js';

const never = new AbortController().signal;
const code = (status: number, name: string): Fate => ({ status, json: { code: name } });

describe('a listing', () => {
  const entry = (key: string) => ({ key, size: 1, modified: 2, etag: '"e"', mime_type: 'm' });
  const list = async (answer: ScriptOptions['answer'], prefix = 'p/') => {
    const script = scriptedClient({ answer, retries: 1 });
    const all: ListedObject[] = [];
    for await (const page of listPages(script.client, prefix, new Semaphore(1), never)) all.push(...page);
    return { all, script };
  };

  it('goes from page to page until there is no more', async () => {
    const { all, script } = await list((_, n) => ({
      status: 200,
      json:
        n < 2
          ? { keys: [entry(`p/${n}`)], has_more: true, next_marker: `m${n}` }
          : { keys: [entry('p/2')], has_more: false, next_marker: 'ignored' },
    }));
    expect(all.map(({ key }) => key)).toEqual(['p/0', 'p/1', 'p/2']);
    expect(all[0]).toEqual({ key: 'p/0', size: 1, modified: 2, etag: 'e', mimeType: 'm' });
    const markers = script.sent
      .slice(1)
      .map(({ path }) => new URLSearchParams(path.split('?')[1]).get('marker'));
    expect(markers).toEqual([null, 'm0', 'm1']);
  });

  it('believes an old service whose marker tells that there is more, and passes over empty pages', async () => {
    const { all } = await list((_, n) => ({
      status: 200,
      json: n === 0 ? { keys: [], next_marker: 'm' } : { keys: [entry('p/a')], next_marker: '' },
    }));
    expect(all).toHaveLength(1);
  });

  it.each<[string, object]>([
    ['no keys', {}],
    ['an odd size', { keys: [{ ...entry('a'), size: -1 }] }],
    ['a size that is text', { keys: [{ ...entry('a'), size: '1' }] }],
    ['no time', { keys: [{ ...entry('a'), modified: undefined }] }],
    ['more without a marker', { keys: [], has_more: true }],
    ['a list', []],
  ])('with %s is an outage, never an empty bucket', async (_, json) => {
    await expect(list(() => ({ status: 200, json }))).rejects.toMatchObject({ scope: 'outage' });
    await expect(list(() => ({ status: 200, json, foreign: true }))).rejects.toMatchObject({
      scope: 'store',
    });
  });

  it('that does not advance is an outage', async () => {
    const json = { keys: [entry('p/a')], has_more: true, next_marker: 'same' };
    await expect(list(() => ({ status: 200, json }))).rejects.toThrow('does not advance');
  });

  it('waits its turn', async () => {
    let [busy, busiest] = [0, 0];
    const script = scriptedClient({
      answer: async () => {
        busiest = Math.max(busiest, ++busy);
        await Promise.resolve();
        busy--;
        return { status: 200, json: { keys: [] } };
      },
    });
    const turn = new Semaphore(1);
    const one = async () => {
      for await (const page of listPages(script.client, '', turn, never)) expect(page).toBe('empty');
    };
    await Promise.all([one(), one(), one()]);
    expect(busiest).toBe(1);
  });
});

describe('a deletion', () => {
  const keys = (n: number) => Array.from({ length: n }, (_, i) => `k${i}`);

  it('goes by one request for a thousand keys, with the digest of its body', async () => {
    const script = scriptedClient({ answer: () => ({ status: 200, json: {} }) });
    expect(await removeKeys(script.client, keys(2500), never)).toEqual([]);
    const bodies = script.sent
      .slice(1)
      .map(({ body }) => JSON.parse(body.toString()) as { objects: object[] });
    expect(bodies.map(({ objects }) => objects.length)).toEqual([1000, 1000, 500]);
    expect(script.sent[1]!.headers['content-md5']).toMatch(/^[A-Za-z0-9+/]{22}==$/);
  });

  it('tells what was refused, but not what was not there', async () => {
    const errors = [
      { key: 'k0', code: 'object_not_exists' },
      { key: 'k1', code: 'permission_denied', message: 'no TOPSECRET' },
    ];
    const script = scriptedClient({ answer: () => ({ status: 200, json: { errors } }) });
    expect(await removeKeys(script.client, keys(3), never)).toMatchObject([
      { key: 'k1', message: 'permission_denied no ***' },
    ]);
  });

  it('is repeated for keys that may heal, and tells them in the end', async () => {
    const errors = [{ key: 'k1', code: 'internal_error' }];
    const answer: ScriptOptions['answer'] = (_, n) => ({ status: 200, json: n < 2 ? { errors } : {} });
    const script = scriptedClient({ answer });
    expect(await removeKeys(script.client, keys(2), never)).toEqual([]);
    expect(script.lines).toHaveLength(3);
    const stubborn = scriptedClient({ answer: () => ({ status: 200, json: { errors } }), retries: 1 });
    expect(await removeKeys(stubborn.client, keys(2), never)).toMatchObject([{ key: 'k1' }]);
  });

  it('does not take an odd answer for success', async () => {
    for (const json of [{ errors: 'none' }, { errors: [{}] }, { errors: [null] }]) {
      const script = scriptedClient({ answer: () => ({ status: 200, json }), retries: 0 });
      await expect(removeKeys(script.client, keys(2), never)).rejects.toMatchObject({ scope: 'outage' });
    }
  });

  it('of one key tells a refusal of its own', async () => {
    const denied = scriptedClient({ answer: () => code(403, 'permission_denied') });
    expect(await removeKeys(denied.client, ['k'], never)).toMatchObject([{ key: 'k' }]);
    const absent = scriptedClient({ answer: () => code(404, 'object_not_exists') });
    expect(await removeKeys(absent.client, ['k'], never)).toEqual([]);
  });
});
