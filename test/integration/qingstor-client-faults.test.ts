import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StoreError } from '../../src/qingstor/store.js';
import type { Fault } from '../support/qingstor/faults.js';
import { ClientWorld, failureOf, never } from '../support/qingstor-client.js';
import { until } from '../support/wait.js';

let world: ClientWorld;
beforeEach(async () => {
  world = await ClientWorld.create();
});
afterEach(() => world.close());

const upload = async (content: string, options: Parameters<ClientWorld['open']>[0] = {}) => {
  const store = await world.open(options);
  return store.upload({ path: world.file('f', content), key: 'f' }, never());
};

describe('what passes is tried again', () => {
  const faults: readonly Fault[] = [
    { kind: 'reset', operation: 'PutObject' },
    { kind: 'reset', at: 'body', operation: 'PutObject' },
    { kind: 'lost-answer', operation: 'PutObject' },
    { kind: 'status', status: 500, code: 'internal_error', operation: 'PutObject' },
    { kind: 'status', status: 503, code: 'service_unavailable', operation: 'PutObject', times: 2 },
    { kind: 'status', status: 429, code: 'too_many_requests', operation: 'PutObject' },
    { kind: 'status', status: 502, body: '<html>', operation: 'PutObject' },
    { kind: 'etag', etag: '0'.repeat(32), operation: 'PutObject' },
  ];
  it.each(faults)('upload: $kind $at $status', async (fault) => {
    const active = world.server.faults.add(fault);
    await upload('text');
    expect([active.struck, await world.text('f')]).toEqual([fault.times ?? 1, 'text']);
    expect(world.server.requests.count('PutObject')).toBe((fault.times ?? 1) + 1);
  });

  it('a silent server ends a call in time, as an outage after the retries', async () => {
    world.server.faults.add({ kind: 'hang', operation: 'PutObject', times: Infinity });
    const error = await failureOf(upload('text', { idleTimeoutMs: 50, retries: 1 }));
    expect(error.scope).toBe('outage');
    expect(world.server.requests.count('PutObject')).toBe(2);
  });

  it('a listing goes on after a page that failed', async () => {
    for (let n = 0; n < 1500; n++) await world.server.put(world.bucket, `k${n}`, '');
    world.server.faults.add({ kind: 'cut', operation: 'ListObjects', after: 1 });
    const store = await world.open();
    const keys: string[] = [];
    for await (const page of store.list('', never())) keys.push(...page.map(({ key }) => key));
    expect(new Set(keys).size).toBe(1500);
    expect(keys).toHaveLength(1500);
    expect(world.server.requests.count('ListObjects')).toBe(3);
  });

  it('a move whose answer was lost is found done, or its source missing', async () => {
    await world.server.put(world.bucket, 'from', 'text');
    world.server.faults.add({ kind: 'lost-answer', operation: 'MoveObject' });
    const store = await world.open();
    const outcome = await store.move('from', 'to', never()).then(
      () => 'done',
      (error: unknown) => (error as StoreError).scope,
    );
    expect(['done', 'missing']).toContain(outcome);
    expect([world.keys, await world.text('to')]).toEqual([['to'], 'text']);
  });

  it('an outage ends as one, and the store works again after it', async () => {
    const store = await world.open({ retries: 1 });
    await world.server.goDown();
    const source = { path: world.file('f', 'text'), key: 'f' };
    expect((await failureOf(store.upload(source, never()))).scope).toBe('outage');
    await world.server.listen();
    await store.upload(source, never());
    expect(await world.text('f')).toBe('text');
  });
});

describe('what only a person can mend is said at once', () => {
  it.each([
    ['another secret', { secretAccessKey: 'wrong-secret' }, /secret_access_key/],
    ['an unknown key', { accessKeyId: 'WRONGKEY' }, /access_key_id/],
  ] as const)('%s', async (_, settings, remedy) => {
    const error = await failureOf(upload('text', { account: world.account(settings) }));
    expect(error.scope).toBe('store');
    expect(error.details.remedy).toMatch(remedy);
    // Nothing is tried again.
    for (const count of Object.values(world.server.requests.counts())) expect(count).toBe(1);
    // Neither what was given nor what is right shows anywhere in the error.
    const shown = inspect(error, { depth: 10, showHidden: true });
    for (const secret of ['wrong-secret', 'WRONGKEY', world.server.secretKey, world.server.accessKey])
      expect(shown).not.toContain(secret);
  });

  it('a bucket that does not exist', async () => {
    const error = await failureOf(upload('text', { bucket: 'no-such-bucket' }));
    expect([error.scope, error.details.code]).toEqual(['store', 'bucket_not_exists']);
  });

  it('a key that may not be written is its own affair', async () => {
    world.server.faults.add({
      kind: 'status',
      status: 403,
      code: 'permission_denied',
      operation: 'PutObject',
    });
    expect((await failureOf(upload('text'))).scope).toBe('object');
    expect(world.server.requests.count('PutObject')).toBe(1);
  });
});

describe('a large file', () => {
  const part = 4 * 1024 * 1024;
  const content = Buffer.alloc(2 * part + 5, 'content');
  const inParts = async (options: Parameters<ClientWorld['open']>[0] = {}) => {
    const store = await world.open({ partSize: part, partThreshold: part, ...options });
    return store.upload({ path: world.file('f', content), key: 'f' }, never());
  };
  const stored = async () =>
    (await world.server.bucket(world.bucket).objects.get('f')?.content.bytes())?.equals(content);
  const underWay = () => world.server.bucket(world.bucket).uploads.all.length;

  it('goes in parts; a part that fails is sent again alone', async () => {
    world.server.faults.add({ kind: 'reset', operation: 'UploadMultipart', part: 1 });
    await inParts();
    expect([await stored(), underWay()]).toEqual([true, 0]);
    expect(world.server.requests.count('UploadMultipart')).toBe(4);
  });

  it('is whole also when the answer to its completion was lost', async () => {
    world.server.faults.add({ kind: 'lost-answer', operation: 'CompleteMultipartUpload' });
    await inParts();
    expect([await stored(), underWay()]).toEqual([true, 0]);
  });

  it('leaves no unfinished upload when a part can not be had', async () => {
    world.server.faults.add({
      kind: 'status',
      status: 503,
      code: 'service_unavailable',
      operation: 'UploadMultipart',
      part: 2,
      times: Infinity,
    });
    expect((await failureOf(inParts({ retries: 1 }))).scope).toBe('outage');
    expect([world.keys, underWay(), world.warnings]).toEqual([[], 0, []]);
  });
});

describe('a deletion of many', () => {
  it('tells the keys refused, and deletes the others', async () => {
    for (const key of ['a', 'b', 'c']) await world.server.put(world.bucket, key, '');
    world.server.faults.add({
      kind: 'refuse-keys',
      keys: /b/,
      code: 'permission_denied',
      operation: 'DeleteMultipleObjects',
    });
    const store = await world.open();
    const refused = await store.remove(['a', 'b', 'c'], never());
    expect(refused.map(({ key }) => key)).toEqual(['b']);
    expect(world.keys).toEqual(['b']);
  });
});

describe('the zone', () => {
  it('is found by asking, once, with the server as the proxy', async () => {
    const account = world.account({ host: world.server.host, port: 80 });
    const env = { http_proxy: world.server.url };
    const store = await world.open({ account, env });
    const source = { path: world.file('f', 'text'), key: 'f' };
    await store.upload(source, never());
    await store.upload(source, never());
    expect(await world.text('f')).toBe('text');
    expect(world.server.requests.all[0]).toMatchObject({ operation: 'HeadBucket', status: 307 });
    expect(world.server.requests.of('HeadBucket').filter(({ status }) => status === 307)).toHaveLength(1);
  });
});

describe('a signal', () => {
  it('ends a call that waits, with its reason', async () => {
    world.server.faults.add({ kind: 'hang', operation: 'PutObject' });
    const store = await world.open();
    const stop = new AbortController();
    const call = store.upload({ path: world.file('f', 'text'), key: 'f' }, stop.signal);
    const outcome = call.catch((error: unknown) => error);
    await until(() => world.server.requests.count('PutObject') === 1, 'the request');
    const reason = new Error('enough');
    stop.abort(reason);
    expect(await outcome).toBe(reason);
    await until(() => world.server.requests.underWay === 0, 'the end of the request');
    expect(world.keys).toEqual([]);
  });
});
