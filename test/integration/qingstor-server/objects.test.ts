import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startServer, type QingStor } from '../../support/qingstor/server.js';
import { etagOf, json, md5, put, refusal, send } from './raw-client.js';

let server: QingStor;
let number = 0;
/** A bucket of each test's own. */
let bucket = '';
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());
beforeEach(() => {
  bucket = `bucket-${++number}`;
  server.createBucket(bucket);
});

const objects = () => server.bucket(bucket).objects;
const get = (key: string, headers: Record<string, string> = {}) =>
  send(server, { path: `/${bucket}/${key}`, headers });
const head = (key: string, headers: Record<string, string> = {}) =>
  send(server, { method: 'HEAD', path: `/${bucket}/${key}`, headers });

describe('buckets', () => {
  it('are made, found, listed and removed when empty', async () => {
    const at = (method: string) => send(server, { method, path: '/made-here' });
    expect(refusal(await send(server, { path: '/made-here' }))).toBe('404 bucket_not_exists');
    expect((await at('HEAD')).status).toBe(404);
    expect((await at('PUT')).status).toBe(201);
    expect(refusal(await at('PUT'))).toBe('409 bucket_already_exists');
    expect((await at('HEAD')).status).toBe(200);
    const { buckets } = json<{ buckets: { name: string; location: string }[] }>(
      await send(server, { path: '/' }),
    );
    expect(buckets.find(({ name }) => name === 'made-here')).toMatchObject({ location: 'pek3a' });
    await put(server, '/made-here/x', '1234');
    expect(json(await send(server, { path: '/made-here?stats' }))).toMatchObject({ count: 1, size: 4 });
    expect(refusal(await at('DELETE'))).toBe('409 bucket_not_empty');
    await send(server, { method: 'DELETE', path: '/made-here/x' });
    expect((await at('DELETE')).status).toBe(204);
    expect((await at('HEAD')).status).toBe(404);
    expect(refusal(await send(server, { method: 'PUT', path: '/No_Name' }))).toBe('400 invalid_argument');
  });

  it('answer in their own zone only, where the host names zones', async () => {
    const ask = (host: string, path = '/') => send(server, { method: 'HEAD', path, host, sign: 'none' });
    const found = await ask(`${bucket}.qs.test:${server.port}`);
    expect(found.status).toBe(307);
    expect(found.headers.location).toBe(`http://${bucket}.pek3a.qs.test:${server.port}/`);
    expect((await ask(`${bucket}.sh1a.qs.test`, '/key?a=b')).headers.location).toBe(
      `http://${bucket}.pek3a.qs.test/key?a=b`,
    );
    const path = await ask('sh1a.qs.test', `/${bucket}/key`);
    expect(path.headers.location).toBe(`http://${bucket}.pek3a.qs.test/key`);
    const right = await send(server, { path: '/', host: `${bucket}.pek3a.qs.test`, bucket });
    expect(right.status).toBe(200);
  });
});

describe('an object', () => {
  it('comes back as it was put, with its type and metadata', async () => {
    const body = Buffer.from([0, 255, 13, 10, 128]);
    const headers = { 'content-type': 'image/png', 'x-qs-meta-mtime': '12.5', 'cache-control': 'no-cache' };
    const made = await put(server, `/${bucket}/a/b.png`, body, headers);
    expect([made.status, made.headers.etag]).toEqual([201, etagOf(body)]);
    const got = await get('a/b.png');
    expect([got.status, got.body]).toEqual([200, body]);
    expect(got.headers).toMatchObject({ ...headers, etag: etagOf(body), 'content-length': '5' });
    expect(Date.parse(got.headers['last-modified'] ?? '')).not.toBeNaN();
    const seen = await head('a/b.png');
    expect([seen.status, seen.body.length]).toEqual([200, 0]);
    expect(seen.headers).toMatchObject({ ...headers, etag: etagOf(body), 'content-length': '5' });
  });

  it('is replaced by the last put, whole, with a new type', async () => {
    await put(server, `/${bucket}/k`, 'first', { 'content-type': 'text/plain' });
    await put(server, `/${bucket}/k`, '2nd');
    const { text, headers } = await get('k');
    expect([text, headers['content-type']]).toEqual(['2nd', 'application/octet-stream']);
    const kinds = server.journal.changes.filter((change) => change.bucket === bucket);
    expect(kinds.map(({ kind, replaced, size }) => [kind, replaced, size])).toEqual([
      ['put', false, 5],
      ['put', true, 3],
    ]);
  });

  it('may be larger than what the server keeps in memory, or empty, or come in chunks', async () => {
    const large = Buffer.alloc(3_000_001, 'abcdefg');
    await put(server, `/${bucket}/large`, large);
    expect((await get('large')).body.equals(large)).toBe(true);
    const part = await get('large', { range: 'bytes=1048570-1048580' });
    expect(part.body.equals(large.subarray(1048570, 1048581))).toBe(true);
    await send(server, {
      method: 'PUT',
      path: `/${bucket}/chunked`,
      body: 'in chunks',
      headers: { 'transfer-encoding': 'chunked' },
    });
    expect((await get('chunked')).text).toBe('in chunks');
    await put(server, `/${bucket}/empty`, '');
    const empty = await get('empty');
    expect([empty.headers['content-length'], empty.text]).toEqual(['0', '']);
  });

  it('is nothing until its body is whole', async () => {
    const socket = connect(server.port, '127.0.0.1');
    server.faults.add({ kind: 'delay', ms: 1, key: 'half' });
    socket.write(`PUT /${bucket}/half HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf`);
    socket.destroySoon();
    await expect
      .poll(() => server.requests.of('PutObject').filter((r) => r.key === 'half' && r.ended).length)
      .toBe(1);
    expect(objects().get('half')).toBeUndefined();
  });

  it('has a key of 1 to 1023 bytes of UTF-8, any of them', async () => {
    const odd = 'ä ?#%&+\n"\'[*]\u{1f600}//x';
    await put(server, `/${bucket}/${encodeURIComponent(odd)}`, 'odd');
    expect(objects().keys).toEqual([odd]);
    expect((await put(server, `/${bucket}/${'k'.repeat(1023)}`, '')).status).toBe(201);
    expect(refusal(await put(server, `/${bucket}/${'k'.repeat(1024)}`, ''))).toBe('400 invalid_argument');
    expect(refusal(await put(server, `/${bucket}/${'%C3%A4'.repeat(512)}`, ''))).toBe('400 invalid_argument');
    expect((await put(server, `/${bucket}/%ff`, '')).status).toBe(400);
  });

  it('is refused with a wrong Content-MD5 and too much metadata', async () => {
    const right = { 'content-md5': md5('text').toString('base64') };
    expect(refusal(await put(server, `/${bucket}/k`, 'texT', right))).toBe('400 bad_digest');
    expect(refusal(await put(server, `/${bucket}/k`, 'text', { 'content-md5': 'x' }))).toBe(
      '400 invalid_argument',
    );
    expect(refusal(await put(server, `/${bucket}/k`, '', { 'x-qs-meta-a': 'v'.repeat(2048) }))).toBe(
      '400 invalid_argument',
    );
    expect(objects().count).toBe(0);
    expect((await put(server, `/${bucket}/k`, 'text', right)).status).toBe(201);
  });

  it('can stand for a directory', async () => {
    await put(server, `/${bucket}/dir/`, '', { 'content-type': 'application/x-directory' });
    expect((await head('dir/')).headers['content-type']).toBe('application/x-directory');
    expect((await head('dir')).status).toBe(404);
  });

  it('is not there: 404, and its deletion is fine', async () => {
    expect(refusal(await get('none'))).toBe('404 object_not_exists');
    const absent = await head('none');
    expect([absent.status, absent.body.length]).toEqual([404, 0]);
    expect((await send(server, { method: 'DELETE', path: `/${bucket}/none` })).status).toBe(204);
    expect(refusal(await send(server, { method: 'PATCH', path: `/${bucket}/none` }))).toBe(
      '405 method_not_allowed',
    );
  });
});

describe('a read', () => {
  beforeEach(() => server.put(bucket, 'k', '0123456789'));

  it.each([
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-2', '89', 'bytes 8-9/10'],
    ['bytes=8-100', '89', 'bytes 8-9/10'],
  ])('of %s gives %s', async (range, text, content) => {
    const answer = await get('k', { range });
    expect([answer.status, answer.text, answer.headers['content-range']]).toEqual([206, text, content]);
  });

  it('of a range beyond the end is refused', async () => {
    expect(refusal(await get('k', { range: 'bytes=10-' }))).toBe('416 invalid_range');
  });

  it('keeps to its conditions', async () => {
    const etag = etagOf('0123456789');
    const [past, future] = [-1, 1].map((day) => new Date(Date.now() + day * 86_400_000).toUTCString());
    const with200 = [{ 'if-match': etag }, { 'if-none-match': '"x"' }, { 'if-modified-since': past! }];
    for (const headers of [...with200, { 'if-unmodified-since': future! }])
      expect((await head('k', headers as Record<string, string>)).status).toBe(200);
    for (const headers of [
      { 'if-none-match': etag },
      { 'if-none-match': '*' },
      { 'if-modified-since': future! },
    ])
      expect((await get('k', headers as Record<string, string>)).status).toBe(304);
    for (const headers of [{ 'if-match': '"x"' }, { 'if-unmodified-since': past! }])
      expect(refusal(await get('k', headers as Record<string, string>))).toBe('412 precondition_failed');
  });
});

describe('a copy and a move', () => {
  const to = (key: string, headers: Record<string, string>) =>
    send(server, { method: 'PUT', path: `/${bucket}/${key}`, headers });
  beforeEach(async () => {
    await put(server, `/${bucket}/a%20b`, 'text', { 'content-type': 'text/plain', 'x-qs-meta-m': '1' });
  });

  it('keep content, type and metadata; a move takes the source away', async () => {
    expect((await to('copied', { 'x-qs-copy-source': `/${bucket}/a%20b` })).status).toBe(201);
    expect((await to('moved', { 'x-qs-move-source': `/${bucket}/a%20b` })).status).toBe(201);
    expect(objects().keys).toEqual(['copied', 'moved']);
    for (const key of ['copied', 'moved']) {
      const { text, headers } = await get(key);
      expect([text, headers['content-type'], headers['x-qs-meta-m']]).toEqual(['text', 'text/plain', '1']);
    }
    expect(server.requests.of('CopyObject', 'MoveObject').at(-1)).toMatchObject({
      key: 'moved',
      status: 201,
    });
  });

  it('replace what is there', async () => {
    await put(server, `/${bucket}/old`, 'old');
    await to('old', { 'x-qs-move-source': `/${bucket}/a%20b` });
    expect([objects().keys, (await get('old')).text]).toEqual([['old'], 'text']);
  });

  it('leave the copy alone when the source changes or goes', async () => {
    const large = Buffer.alloc(2_000_000, 'x');
    await put(server, `/${bucket}/large`, large);
    await to('copied', { 'x-qs-copy-source': `/${bucket}/large` });
    await send(server, { method: 'DELETE', path: `/${bucket}/large` });
    expect((await get('copied')).body.equals(large)).toBe(true);
  });

  it('need a source, in the same bucket for a move', async () => {
    for (const how of ['copy', 'move'])
      expect(refusal(await to('x', { [`x-qs-${how}-source`]: `/${bucket}/none` }))).toBe(
        '404 object_not_exists',
      );
    expect(refusal(await to('x', { 'x-qs-move-source': '/elsewhere/k' }))).toBe('400 invalid_argument');
    expect(refusal(await to('x', { 'x-qs-copy-source': 'k' }))).toBe('400 invalid_argument');
    const source = { 'x-qs-copy-source': `/${bucket}/a%20b` };
    expect(refusal(await to('x', { ...source, 'x-qs-copy-source-if-match': '"x"' }))).toBe(
      '412 precondition_failed',
    );
  });
});

describe('a deletion of many', () => {
  const remove = (body: string, headers: Record<string, string> = {}) =>
    send(server, {
      method: 'POST',
      path: `/${bucket}?delete`,
      body,
      headers: { 'content-md5': md5(body).toString('base64'), ...headers },
    });
  const named = (keys: string[], quiet = false) =>
    JSON.stringify({ objects: keys.map((key) => ({ key })), quiet });

  it('deletes what is there and says so, unless quiet', async () => {
    await Promise.all(['a', 'b', 'c'].map((key) => put(server, `/${bucket}/${key}`, key)));
    const answer = await remove(named(['a', 'none']));
    expect(answer.status).toBe(200);
    expect(json(answer)).toEqual({ deleted: [{ key: 'a' }, { key: 'none' }], errors: [] });
    expect(json(await remove(named(['b'], true)))).toEqual({ errors: [] });
    expect(objects().keys).toEqual(['c']);
  });

  it('is refused without the right Content-MD5, a list, or with more than 1000', async () => {
    const body = named(['a']);
    const bare = await send(server, { method: 'POST', path: `/${bucket}?delete`, body });
    expect(refusal(bare)).toBe('400 invalid_argument');
    const other = { 'content-md5': md5('other').toString('base64') };
    expect(refusal(await remove(body, other))).toBe('400 bad_digest');
    for (const wrong of ['{', '{}', '{"objects":[]}', '{"objects":[{}]}', 'null'])
      expect(refusal(await remove(wrong))).toBe('400 invalid_argument');
    const keys = Array.from({ length: 1001 }, (_, index) => `k${index}`);
    expect(refusal(await remove(named(keys)))).toBe('400 invalid_argument');
    expect((await remove(named(keys.slice(1)))).status).toBe(200);
  });
});
