import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BucketOptions } from '../../src/qingstor/bucket.js';
import { systemClock } from '../../src/qingstor/retry.js';
import type { ObjectStore } from '../../src/qingstor/store.js';
import { ClientWorld, failureOf, never } from '../support/qingstor-client.js';
import { until } from '../support/wait.js';

const part = 4 * 1024 * 1024;
const content = Buffer.alloc(2 * part + 5, 'content');
const hour = 3_600_000;

let world: ClientWorld;
let journal: string;

/** Added to the clock of both sides, milliseconds. */
let later: number;
const now = (): number => Date.now() + later;

beforeEach(async () => {
  later = 0;
  world = await ClientWorld.create({ now });
  journal = join(world.directory, 'state', 'uploads');
});
afterEach(() => world.close());

const open = (options: Partial<BucketOptions> = {}): Promise<ObjectStore> =>
  world.open({
    partSize: part,
    partThreshold: part,
    retries: 1,
    journalDirectory: journal,
    clock: { ...systemClock, now },
    ...options,
  });
const send = (store: ObjectStore, key = 'p/f', signal = never()) =>
  store.upload({ path: world.file('f', content), key }, signal);
const uploads = () => world.server.bucket(world.bucket).uploads.all.map(({ key }) => key);
const notes = () => (existsSync(journal) ? readdirSync(journal) : []);

/** An upload whose parts and whose abort are refused by a service that is about to go away. */
async function leaveOne(store: ObjectStore, key = 'p/f'): Promise<void> {
  const outage = { kind: 'status', status: 503, code: 'service_unavailable', times: Infinity } as const;
  world.server.faults.add({ ...outage, operation: ['UploadMultipart', 'AbortMultipartUpload'] });
  expect((await failureOf(send(store, key))).scope).toBe('outage');
  world.server.faults.clear();
}

describe('an upload in parts', () => {
  it('is noted while it is under way, and not any more when it is done', async () => {
    const store = await open();
    const fault = { kind: 'delay', ms: 300, operation: 'UploadMultipart', part: 2 } as const;
    world.server.faults.add(fault);
    const sent = send(store);
    await until(() => world.server.requests.count('UploadMultipart') > 0, 'the first part');
    expect(notes()).toHaveLength(1);
    await sent;
    expect([notes(), uploads()]).toEqual([[], []]);
  });

  it('that could be neither ended nor aborted is aborted by the next comparison: one request', async () => {
    const store = await open();
    await leaveOne(store);
    expect([uploads(), notes().length, world.warnings.length]).toEqual([['p/f'], 1, 1]);
    world.server.requests.clear();
    expect(await store.abortUnfinished('p/', never())).toBe(1);
    expect(await store.abortUnfinished('p/', never())).toBe(0);
    expect([uploads(), notes()]).toEqual([[], []]);
    expect(world.server.requests.counts()).toEqual({ AbortMultipartUpload: 1 });
  });

  it('that still runs in another program is left alone', async () => {
    const [running, starting] = [await open(), await open()];
    world.server.faults.add({ kind: 'delay', ms: 500, operation: 'UploadMultipart', part: 1 });
    const sent = send(running);
    await until(() => world.server.requests.count('UploadMultipart') > 0, 'the first part');
    expect(await starting.abortUnfinished('', never())).toBe(0);
    await sent;
    expect(world.keys).toEqual(['p/f']);
  });

  it('of another prefix, bucket or service is left alone', async () => {
    const store = await open();
    await leaveOne(store);
    expect(await store.abortUnfinished('q/', never())).toBe(0);
    world.server.createBucket('other-bucket');
    expect(await (await open({ bucket: 'other-bucket' })).abortUnfinished('', never())).toBe(0);
    const elsewhere = await open({ account: world.account({ host: 'localhost' }) });
    expect(await elsewhere.abortUnfinished('', never())).toBe(0);
    expect(uploads()).toEqual(['p/f']);
  });

  it('that is gone already is forgotten', async () => {
    const store = await open();
    await leaveOne(store);
    const [left] = world.server.bucket(world.bucket).uploads.all;
    await world.server.bucket(world.bucket).uploads.abort(left!);
    expect(await store.abortUnfinished('', never())).toBe(0);
    expect([notes(), world.warnings.length]).toEqual([[], 1]);
  });

  it('whose abort is refused is one warning, whatever their number, and stays noted', async () => {
    const store = await open();
    await leaveOne(store, 'p/a');
    await leaveOne(store, 'p/b');
    world.warnings.length = 0;
    const refusal = { kind: 'status', status: 403, code: 'permission_denied', times: 2 } as const;
    world.server.faults.add({ ...refusal, operation: 'AbortMultipartUpload' });
    expect(await store.abortUnfinished('p/', never())).toBe(0);
    expect(world.warnings).toHaveLength(1);
    expect(world.warnings[0]).toMatch(/unfinished multipart uploads .* stay in bucket.*\(and 1 more\)/);
    expect(await store.abortUnfinished('p/', never())).toBe(2);
    expect(notes()).toEqual([]);
  });

  it('waits for the next time when the service is down', async () => {
    const store = await open();
    await leaveOne(store);
    await world.server.goDown();
    expect(await store.abortUnfinished('p/', never())).toBe(0);
    await world.server.listen();
    expect(await store.abortUnfinished('p/', never())).toBe(1);
  });
});

describe('an upload whose id was never heard of', () => {
  /** The answer to the beginning is lost; the second attempt goes through. */
  async function loseAnswer(store: ObjectStore): Promise<void> {
    world.server.faults.add({ kind: 'lost-answer', operation: 'InitiateMultipartUpload' });
    await send(store);
    expect([world.keys, uploads().filter((key) => key === 'p/f'), notes().length]).toEqual([
      ['p/f'],
      ['p/f'],
      1,
    ]);
  }

  it('is aborted when it is an hour old and has no part, and nobody else’s is', async () => {
    const store = await open();
    const all = world.server.bucket(world.bucket).uploads;
    const begin = (key: string) => all.begin(key, { contentType: 'text/plain', headers: {} });
    later = -3 * hour;
    const longBefore = begin('p/f');
    later = 0;
    const others = [longBefore, begin('p/f2'), begin('p')];
    world.server.faults.add({ kind: 'lost-answer', operation: 'InitiateMultipartUpload' });
    await send(store);
    expect(await store.abortUnfinished('p/', never())).toBe(0);
    later = 1.1 * hour;
    const after = begin('p/f');
    world.server.requests.clear();
    expect(await store.abortUnfinished('p/', never())).toBe(1);
    expect(notes()).toEqual([]);
    expect(world.server.requests.counts()).toEqual({
      ListMultipartUploads: 1,
      ListMultipart: 1,
      AbortMultipartUpload: 1,
    });
    expect(all.all.map(({ id }) => id).toSorted()).toEqual([...others, after].map(({ id }) => id).toSorted());
  });

  it('is left alone when it has a part: then it is somebody else’s', async () => {
    const store = await open();
    await loseAnswer(store);
    const [one] = world.server.bucket(world.bucket).uploads.all;
    const stored = world.server.bucket(world.bucket).objects.get('p/f')!;
    one!.parts.set(0, { number: 0, content: stored.content, etag: stored.etag, created: now() });
    later = 2 * hour;
    expect(await store.abortUnfinished('p/', never())).toBe(0);
    expect([uploads(), notes()]).toEqual([['p/f'], []]);
  });

  it('is found among more than a page of others', async () => {
    const store = await open();
    const all = world.server.bucket(world.bucket).uploads;
    for (let n = 0; n < 1500; n++) all.begin(`p/f${n}`, { contentType: 'text/plain', headers: {} });
    await loseAnswer(store);
    later = 2 * hour;
    expect(await store.abortUnfinished('p/', never())).toBe(1);
    expect(world.server.requests.count('ListMultipartUploads')).toBe(2);
    expect(uploads()).toHaveLength(1500);
  });
});

describe('the journal', () => {
  it('that cannot be written is one warning; uploads go on', async () => {
    writeFileSync(join(world.directory, 'state'), 'a file in its way');
    const store = await open();
    await send(store);
    await send(store, 'p/g');
    expect(world.keys).toEqual(['p/f', 'p/g']);
    expect(world.warnings).toHaveLength(1);
    expect(world.warnings[0]).toMatch(/uploads cannot be used \(ENOTDIR\)/);
  });

  it.each(['', '{', '{"service":1}\n', 'null\n', '\0'.repeat(50)])(
    'drops a file that was not written whole: %j',
    async (text) => {
      const store = await open();
      await leaveOne(store);
      writeFileSync(join(journal, 'damaged.upload'), text);
      writeFileSync(join(journal, 'somebody-elses'), text);
      expect(await store.abortUnfinished('', never())).toBe(1);
      expect(notes()).toEqual(['somebody-elses']);
    },
  );
});
