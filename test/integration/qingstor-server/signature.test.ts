import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type QingStor } from '../../support/qingstor/server.js';
import { refusal, send, type RawRequest } from './raw-client.js';

let server: QingStor;
beforeAll(async () => {
  server = await startServer({ buckets: ['example-bucket'] });
  await server.put('example-bucket', 'a b/ä.txt', 'text');
});
afterAll(() => server.close());

const object = '/example-bucket/a%20b/%C3%A4.txt';
const status = async (what: RawRequest): Promise<number> => (await send(server, what)).status;

describe('a signature in the header', () => {
  it('is taken over the path as it was sent, however it is encoded', async () => {
    expect(await status({ path: object })).toBe(200);
    expect(await status({ path: '/example-bucket/a%20b%2F%C3%A4.txt' })).toBe(200);
    expect(await status({ path: '/example-bucket/a%20b%2f%c3%a4.txt' })).toBe(200);
  });

  it('covers Content-MD5, Content-Type and own headers', async () => {
    const headers = { 'content-type': 'text/plain', 'x-qs-meta-b': ' two ', 'x-qs-meta-a': '1' };
    const whole = { method: 'PUT', path: '/example-bucket/covered', headers, body: 'x' };
    expect(await status(whole)).toBe(201);
    const stolen = await capture(whole);
    for (const changed of [
      { 'content-type': 'text/html' },
      { 'x-qs-meta-a': '2' },
      { 'x-qs-meta-c': 'more' },
      { 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' },
    ]) {
      const answer = await send(server, {
        ...whole,
        sign: 'none',
        headers: { ...stolen, ...changed },
      });
      expect(refusal(answer)).toBe('401 signature_not_matched');
    }
    expect(await status({ ...whole, sign: 'none', headers: stolen })).toBe(201);
  });

  it('covers the method, the path and the sub-resources', async () => {
    const headers = await capture({ path: object });
    const sent = async (what: RawRequest): Promise<string> =>
      refusal(await send(server, { ...what, sign: 'none', headers }));
    expect(await sent({ method: 'DELETE', path: object })).toBe('401 signature_not_matched');
    expect(await sent({ path: '/example-bucket/covered' })).toBe('401 signature_not_matched');
    expect(await sent({ path: `${object}?upload_id=1` })).toBe('401 signature_not_matched');
  });

  it('takes x-qs-date in place of Date', async () => {
    expect(await status({ path: object, ownDate: true })).toBe(200);
  });

  it('refuses another secret, an unknown key, none at all and what is no signature', async () => {
    expect(refusal(await send(server, { path: object, secretKey: 'other' }))).toBe(
      '401 signature_not_matched',
    );
    expect(refusal(await send(server, { path: object, accessKey: 'OTHER' }))).toBe(
      '401 invalid_access_key_id',
    );
    expect(refusal(await send(server, { path: object, sign: 'none' }))).toBe('403 permission_denied');
    const headers = { authorization: 'Basic eDp5' };
    expect(refusal(await send(server, { path: object, headers }))).toBe('400 invalid_argument');
  });

  it.each([-1, 1])('refuses a clock that is more than 15 minutes off (%i)', async (direction) => {
    const off = (minutes: number): number => Date.now() + direction * minutes * 60_000;
    expect(refusal(await send(server, { path: object, date: off(16) }))).toBe('403 request_expired');
    expect(refusal(await send(server, { path: object, date: off(16), ownDate: true }))).toBe(
      '403 request_expired',
    );
    expect(await status({ path: object, date: off(13) })).toBe(200);
  });

  it('has the bucket in front in virtual-host style, also through a proxy', async () => {
    const virtual = {
      path: '/a%20b/%C3%A4.txt',
      host: 'example-bucket.pek3a.qs.test',
      bucket: 'example-bucket',
    };
    expect(await status(virtual)).toBe(200);
    expect(await status({ ...virtual, absolute: true })).toBe(200);
    expect(refusal(await send(server, { path: virtual.path, host: virtual.host }))).toBe(
      '401 signature_not_matched',
    );
  });
});

describe('a signature in the query', () => {
  it('is taken until it expires', async () => {
    expect(await status({ path: object, sign: 'query' })).toBe(200);
    const old = await send(server, { path: object, sign: 'query', expiresIn: -5 });
    expect(refusal(old)).toBe('403 request_expired');
  });

  it('refuses another secret and covers sub-resources', async () => {
    const wrong = await send(server, { path: object, sign: 'query', secretKey: 'other' });
    expect(refusal(wrong)).toBe('401 signature_not_matched');
    expect(await status({ path: '/example-bucket?stats', sign: 'query' })).toBe(200);
  });
});

/** The headers, Authorization too, that a signed request carries. */
async function capture(what: RawRequest): Promise<Record<string, string>> {
  let headers: Record<string, string> = {};
  const listener = createServer((request, response) => {
    headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    request.resume();
    response.end();
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { accessKey, secretKey } = server;
  await send({ port, accessKey, secretKey }, what);
  await new Promise((resolve) => listener.close(resolve));
  delete headers['host'];
  delete headers['connection'];
  return headers;
}
