import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type QingStor } from '../../support/qingstor/server.js';
import { json, refusal, send } from './raw-client.js';

interface Listing {
  readonly keys: readonly { key: string; size: number; modified: number; etag: string; mime_type: string }[];
  readonly common_prefixes: readonly string[];
  readonly has_more: boolean;
  readonly next_marker: string;
  readonly limit: number;
}

let server: QingStor;
const bucket = 'example-bucket';
beforeAll(async () => {
  server = await startServer({ buckets: [bucket] });
  for (let n = 0; n < 250; n++) await server.put(bucket, `d${n % 5}/${n}.txt`, 'x'.repeat(n), 'text/plain');
});
afterAll(() => server.close());

async function list(query: Record<string, string> = {}, name = bucket): Promise<Listing> {
  return json<Listing>(await send(server, { path: `/${name}?${new URLSearchParams(query).toString()}` }));
}

/** All pages, as one; checks each page's size. */
async function all(
  query: Record<string, string>,
  name = bucket,
): Promise<{ keys: string[]; prefixes: string[] }> {
  const keys: string[] = [];
  const prefixes: string[] = [];
  for (let marker = ''; ;) {
    const page = await list({ ...query, marker }, name);
    const size = page.keys.length + page.common_prefixes.length;
    expect(size).toBeLessThanOrEqual(Number(query['limit'] ?? 100));
    keys.push(...page.keys.map(({ key }) => key));
    prefixes.push(...page.common_prefixes);
    if (!page.has_more) {
      expect(page.next_marker).toBe('');
      return { keys, prefixes };
    }
    expect(size).toBeGreaterThan(0);
    marker = page.next_marker;
  }
}

describe('a listing', () => {
  it('gives 100 at once by default and at most 1000, with what is known of each', async () => {
    const page = await list();
    expect([page.keys.length, page.has_more]).toEqual([100, true]);
    expect((await list({ limit: '5000' })).limit).toBe(1000);
    const entry = (await list({ prefix: 'd3/33.' })).keys[0]!;
    expect(entry).toMatchObject({ key: 'd3/33.txt', size: 33, mime_type: 'text/plain' });
    expect(entry.etag).toMatch(/^"[0-9a-f]{32}"$/);
    expect(Number.isInteger(entry.modified)).toBe(true);
  });

  it('gives every key once over pages of any size, not in byte order', async () => {
    const { keys } = server.bucket(bucket).objects;
    for (const limit of ['1000', '100', '7']) {
      const listed = (await all({ limit })).keys;
      expect([...listed].sort()).toEqual([...keys].sort());
      expect(listed).not.toEqual(keys);
    }
  });

  it('keeps to a prefix and rolls up at a delimiter, page by page too', async () => {
    expect((await all({ prefix: 'd1/' })).keys).toHaveLength(50);
    for (const limit of ['100', '2', '1']) {
      const top = await all({ delimiter: '/', limit });
      expect([top.keys, top.prefixes.sort()]).toEqual([[], ['d0/', 'd1/', 'd2/', 'd3/', 'd4/']]);
    }
    const below = await all({ delimiter: '/', prefix: 'd1/' });
    expect([below.keys.length, below.prefixes]).toEqual([50, []]);
  });

  it('refuses a limit that is none, and a bucket that is not there', async () => {
    expect(refusal(await send(server, { path: `/${bucket}?limit=0` }))).toBe('400 invalid_argument');
    expect(refusal(await send(server, { path: `/${bucket}?limit=x` }))).toBe('400 invalid_argument');
    expect(refusal(await send(server, { path: '/none-such' }))).toBe('404 bucket_not_exists');
  });

  it('equals what a set of keys says, for any keys, prefix, delimiter and page size', async () => {
    let number = 0;
    const letters = fc.constantFrom('a', 'b', '/', 'ä', '\n', '%');
    const text = (minLength: number, maxLength: number) => fc.string({ unit: letters, minLength, maxLength });
    const property = fc.asyncProperty(
      fc.uniqueArray(text(1, 5), { maxLength: 12 }),
      text(0, 2),
      fc.constantFrom('', '/', 'ab'),
      fc.integer({ min: 1, max: 5 }),
      async (keys, prefix, delimiter, limit) => {
        const name = `property-${++number}`;
        server.createBucket(name);
        for (const key of keys) await server.put(name, key, '');
        const listed = await all({ prefix, delimiter, limit: String(limit) }, name);
        const below = keys.filter((key) => key.startsWith(prefix));
        const cut = (key: string) => (delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length));
        const prefixes = below
          .filter((key) => cut(key) >= 0)
          .map((key) => key.slice(0, cut(key) + delimiter.length));
        expect(listed.keys.sort()).toEqual(below.filter((key) => cut(key) < 0).sort());
        expect(listed.prefixes.sort()).toEqual([...new Set(prefixes)].sort());
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });
});
