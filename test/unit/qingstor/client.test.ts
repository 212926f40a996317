import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { deleteObject, moveObject, putObject } from '../../../src/qingstor/calls.js';
import { StoreError } from '../../../src/qingstor/store.js';
import { scriptedClient, type Fate, type ScriptOptions } from '../../support/scripted-transport.js';
import { until } from '../../support/wait.js';

const never = new AbortController().signal;
const nothing = () => undefined;
const failure = async (call: Promise<unknown>): Promise<StoreError> => {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof StoreError) return error;
  throw new Error('no StoreError', { cause: error });
};
/** What a deletion of `key` comes to when the server answers like that. */
const fails = (answer: Fate, options: Partial<ScriptOptions> = {}, call = deleteObject('key')) => {
  const script = scriptedClient({ answer: () => answer, ...options });
  return failure(script.client.run(call, never, nothing)).then((error) => ({ error, script }));
};
const code = (status: number, name: string, message = 'said so'): Fate => ({
  status,
  json: { code: name, message },
});

describe('the client signs and addresses', () => {
  it('a call with the documented headers and an unencoded slash', async () => {
    const script = scriptedClient({ answer: () => ({ status: 201 }) });
    const content = Buffer.from('content');
    const call = putObject(
      'dir/a b',
      { contentType: 'text/plain', mtime: '1.5' },
      { length: 7, open: () => content },
    );
    await script.client.run(call, never, nothing);
    const put = script.sent.at(-1)!;
    expect(put).toMatchObject({ method: 'PUT', origin: 'http://pek3a.qs.test:8080', body: content });
    expect(decodeURIComponent(put.path)).toBe('/bucket/dir/a b');
    expect(put.headers).toMatchObject({
      'content-type': 'text/plain',
      'content-length': '7',
      'x-qs-meta-mtime': '1.5',
      'x-qs-date': 'Fri, 02 Jan 2026 03:04:05 GMT',
    });
    expect(put.headers['authorization']).toMatch(/^QS IDENTITY:[A-Za-z0-9+/]{43}=$/);
    expect(inspect(script.sent)).not.toContain('TOPSECRET');
  });

  it('a move with its origin encoded once', async () => {
    const script = scriptedClient({ answer: () => ({ status: 201 }) });
    await script.client.run(moveObject('bucket', 'a b/ä?', 'to'), never, nothing);
    expect(script.sent.at(-1)!.headers['x-qs-move-source']).toBe('/bucket/a%20b/%C3%A4%3F');
  });

  it('the bucket as a label of the host in virtual-host style', async () => {
    const script = scriptedClient({ answer: () => ({ status: 204 }), address: { virtual: true } });
    await script.client.run(deleteObject('key'), never, nothing);
    expect(script.sent.at(-1)).toMatchObject({ origin: 'http://bucket.pek3a.qs.test:8080', path: '/key' });
  });
});

describe('before its first call the client', () => {
  it('checks the bucket once, for all callers', async () => {
    const script = scriptedClient({ answer: () => ({ status: 204 }) });
    await Promise.all(['a', 'b', 'c'].map((key) => script.client.run(deleteObject(key), never, nothing)));
    expect(script.sent.map(({ method }) => method)).toEqual(['HEAD', 'DELETE', 'DELETE', 'DELETE']);
  });

  it('asks why a check is refused, and goes on for a key that may only write', async () => {
    const head = () => ({ status: 403 });
    const { error } = await fails(code(403, 'invalid_access_key_id'), { head });
    expect(error).toMatchObject({ scope: 'store', details: { code: 'invalid_access_key_id' } });
    const script = scriptedClient({
      head,
      answer: ({ method }) => (method === 'GET' ? code(403, 'permission_denied') : { status: 204 }),
    });
    await script.client.run(deleteObject('key'), never, nothing);
    expect(script.lines).toEqual(['GET /bucket?limit=1000', 'DELETE /bucket/key']);
  });

  it('checks again with the next call when the check has failed', async () => {
    let down = true;
    const script = scriptedClient({
      answer: () => ({ status: 204 }),
      head: () => (down ? { status: 503 } : { status: 200 }),
      retries: 1,
    });
    expect((await failure(script.client.run(deleteObject('key'), never, nothing))).scope).toBe('outage');
    down = false;
    await script.client.run(deleteObject('key'), never, nothing);
    expect(script.lines).toEqual(['DELETE /bucket/key']);
  });

  it('finds the zone by an unsigned request', async () => {
    const script = scriptedClient({
      discover: true,
      address: { zone: '' },
      answer: () => ({ status: 204 }),
      head: ({ headers }) =>
        'authorization' in headers
          ? { status: 200 }
          : { status: 307, headers: { location: 'http://bucket.sh1a.qs.test:8080/' } },
    });
    await script.client.run(deleteObject('key'), never, nothing);
    expect(script.sent.map(({ origin, path }) => origin + path)).toEqual([
      'http://bucket.qs.test:8080/',
      'http://sh1a.qs.test:8080/bucket',
      'http://sh1a.qs.test:8080/bucket/key',
    ]);
  });

  it('does not follow a redirect that leads elsewhere', async () => {
    const { error, script } = await fails('UNKNOWN', {
      discover: true,
      address: { zone: '' },
      head: () => ({ status: 307, headers: { location: 'http://evil.test/' } }),
    });
    expect(error.message).toContain('the zone of bucket bucket cannot be found');
    expect(error.scope).toBe('store');
    expect(script.sent.every(({ origin }) => origin.endsWith('qs.test:8080'))).toBe(true);
  });
});

describe('a redirect to another zone', () => {
  it('is followed once, signed anew, and remembered', async () => {
    const script = scriptedClient({
      answer: ({ origin }) =>
        origin.includes('gd2')
          ? { status: 204 }
          : { status: 301, headers: { location: 'http://bucket.gd2.qs.test:8080/key' } },
    });
    await script.client.run(deleteObject('key'), never, nothing);
    await script.client.run(deleteObject('key'), never, nothing);
    const [, first, second, third] = script.sent;
    expect([first, second, third].map((one) => one!.origin)).toEqual([
      'http://pek3a.qs.test:8080',
      'http://gd2.qs.test:8080',
      'http://gd2.qs.test:8080',
    ]);
    expect(script.sent).toHaveLength(4);
  });

  it('that goes round in circles is not', async () => {
    let zone = 0;
    const { error } = await fails('UNKNOWN', {
      answer: () => ({ status: 301, headers: { location: `http://bucket.z${++zone}.qs.test/` } }),
    });
    expect(error).toMatchObject({ scope: 'store', details: { status: 301 } });
    expect(error.details.remedy).toContain('zone or endpoint');
  });
});

describe('a failure is retried', () => {
  it.each<[string, Fate]>([
    ['500', code(500, 'internal_error')],
    ['503', { status: 503 }],
    ['502 of a proxy', { status: 502, foreign: true, text: '<html>bad gateway</html>' }],
    ['429', code(429, 'too_many_requests')],
    ['408', { status: 408 }],
    ['a damaged body', code(400, 'bad_digest')],
    ['a broken connection', 'ECONNRESET'],
    ['a refused connection', 'ECONNREFUSED'],
    ['a name that does not resolve', 'ENOTFOUND'],
    ['a time-out', 'UND_ERR_HEADERS_TIMEOUT'],
  ])('after %s, and is an outage in the end', async (_, answer) => {
    const { error, script } = await fails(answer, { retries: 2 });
    expect(error.scope).toBe('outage');
    expect(script.lines).toHaveLength(3);
    expect(script.clock.slept).toEqual([500, 1000]);
  });

  it('until it heals', async () => {
    const script = scriptedClient({ answer: (_, n) => (n < 3 ? 'ECONNRESET' : { status: 204 }) });
    await script.client.run(deleteObject('key'), never, nothing);
    expect(script.lines).toHaveLength(4);
  });

  it('no sooner than Retry-After says, in seconds or as a date', async () => {
    for (const wait of ['7', new Date(Date.UTC(2026, 0, 2, 3, 4, 12)).toUTCString()]) {
      const { script } = await fails({ status: 503, headers: { 'retry-after': wait } }, { retries: 1 });
      expect(script.clock.slept).toEqual([7000]);
    }
  });
});

describe('a failure is not retried', () => {
  it.each<[Fate, string, string]>([
    [code(401, 'signature_not_matched'), 'store', 'check secret_access_key'],
    [code(401, 'invalid_access_key_id'), 'store', 'check access_key_id'],
    [code(401, 'other'), 'store', 'check access_key_id and secret_access_key'],
    [code(402, 'delinquent_account'), 'store', 'settle the bill'],
    [code(403, 'bucket_not_active'), 'store', 'activate bucket bucket'],
    [code(404, 'bucket_not_exists'), 'store', 'create bucket bucket'],
    [code(403, 'permission_denied'), 'object', 'give this access key the right'],
    [code(413, 'entity_too_large'), 'object', ''],
    [code(400, 'invalid_argument'), 'object', ''],
    [{ status: 407 }, 'store', 'check the proxy'],
    [{ status: 403, foreign: true, text: '<html>' }, 'store', 'is not QingStor'],
    [{ status: 200, foreign: true, text: 'hello' }, 'store', 'is not QingStor'],
    [{ status: 301, foreign: true, headers: { location: 'http://x.test/' } }, 'store', 'zone or endpoint'],
    ['CERT_HAS_EXPIRED', 'store', 'NODE_EXTRA_CA_CERTS'],
    ['EPROTO', 'store', 'check protocol'],
    ['HPE_INVALID_CONSTANT', 'store', 'is not QingStor'],
    ['UND_ERR_INVALID_ARG', 'object', ''],
  ])('%j is of scope %s', async (answer, scope, remedy) => {
    const { error, script } = await fails(answer);
    expect(error.scope).toBe(scope);
    expect(error.details.remedy ?? '').toContain(remedy);
    expect(script.lines).toHaveLength(1);
    expect(error.message).toContain('key');
  });

  it('of a move that has no origin', async () => {
    const { error } = await fails(code(404, 'object_not_exists'), {}, moveObject('bucket', 'a', 'b'));
    expect(error.scope).toBe('missing');
  });

  it('of a clock that is off, and says by how much', async () => {
    const date = new Date(Date.UTC(2026, 0, 2, 3, 24, 5)).toUTCString();
    const { error } = await fails({ status: 403, headers: { date }, json: { code: 'request_expired' } });
    expect(error.details.remedy).toBe("this machine's clock is 20 minutes behind the server's; set it (NTP)");
  });

  it('of three refused writes in a row when none was ever granted', async () => {
    const script = scriptedClient({ answer: () => code(403, 'permission_denied') });
    const scopes = [];
    for (const key of ['a', 'b', 'c'])
      scopes.push((await failure(script.client.run(deleteObject(key), never, nothing))).scope);
    expect(scopes).toEqual(['object', 'object', 'store']);
  });
});

describe('messages', () => {
  it('hold neither keys nor control characters, whatever the server says', async () => {
    const { error } = await fails(code(403, 'no\x1b[31m', 'IDENTITY\n\x1b[0m TOPSECRET is wrong'));
    expect(inspect(error)).not.toMatch(/IDENTITY|TOPSECRET/);
    // eslint-disable-next-line no-control-regex
    expect(error.message).not.toMatch(/[\x00-\x1f]/);
    expect(error.details.requestId).toBe('r-1');
  });
});

describe('an aborted call', () => {
  it("rejects with the signal's reason, also while it waits for a place or the check", async () => {
    const stop = new AbortController();
    let arrived = false;
    const script = scriptedClient({
      workers: 1,
      answer: async () => {
        arrived = true;
        await until(() => stop.signal.aborted, 'the abort');
        return { status: 204 };
      },
    });
    const calls = [1, 2].map(() => script.client.run(deleteObject('key'), stop.signal, nothing));
    const ends = Promise.allSettled(calls);
    await until(() => arrived, 'the first request');
    stop.abort(new Error('enough'));
    for (const end of await ends) expect(end).toMatchObject({ reason: { message: 'enough' } });
    expect(script.lines).toHaveLength(1);
  });
});
