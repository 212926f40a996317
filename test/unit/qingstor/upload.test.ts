import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromText } from '../../../src/core/bytes.js';
import { partPlan } from '../../../src/qingstor/multipart.js';
import { RateLimiter } from '../../../src/qingstor/rate.js';
import { contentType, timestamp, uploadFile, type UploadOptions } from '../../../src/qingstor/upload.js';
import { scriptedClient, SleepingClock, type Fate, type Sent } from '../../support/scripted-transport.js';
import { until } from '../../support/wait.js';

const never = new AbortController().signal;
const kib = 1024;
let dir: string;
let file: string;
let warnings: string[];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'upload-'));
  file = join(dir, 'file.txt');
  warnings = [];
});
afterEach(() => rm(dir, { recursive: true }));

const md5 = (data: Buffer | string) => createHash('md5').update(data).digest('hex');
const options = (rest: Partial<UploadOptions> = {}): UploadOptions => ({
  partSize: 4 * kib,
  partThreshold: 4 * 1024 * kib,
  partsAtOnce: 3,
  limit: undefined,
  abortTimeoutMs: 1000,
  onWarn: (message) => warnings.push(message),
  ...rest,
});

/** What a request of an upload is. */
const kindOf = ({ method, path }: Sent): string => {
  const part = /part_number=(\d+)/.exec(path)?.[1];
  if (part !== undefined) return `part ${part}`;
  if (method === 'DELETE') return 'abort';
  if (method === 'HEAD') return 'look';
  if (method === 'PUT') return 'put';
  return path.includes('uploads') ? 'initiate' : 'complete';
};

/** What a request meets in place of success. */
type Harm = (kind: string, request: Sent, times: number) => Fate | undefined;

/** A server that takes uploads; `harm` may answer otherwise. */
function server(harm: Harm = () => undefined) {
  const seen = new Map<string, number>();
  const bodies = new Map<string, Buffer>();
  const kinds: string[] = [];
  const script = scriptedClient({
    retries: 2,
    answer: (request) => {
      const kind = kindOf(request);
      kinds.push(kind);
      const times = (seen.get(kind) ?? 0) + 1;
      seen.set(kind, times);
      const fate = harm(kind, request, times);
      if (fate !== undefined) return fate;
      bodies.set(kind, request.body);
      const etag = `"${md5(request.body)}"`;
      if (kind === 'initiate') return { status: 200, json: { upload_id: 'u' } };
      if (kind === 'abort') return { status: 204 };
      return { status: kind === 'look' ? 200 : 201, headers: { etag } };
    },
  });
  const upload = (how: UploadOptions = options(), signal = never) =>
    uploadFile(script.client, { path: fromText(file), key: 'dir/file.txt' }, how, signal);
  return { script, kinds, bodies, upload };
}
const inParts = (rest: Partial<UploadOptions> = {}) => options({ partThreshold: 0, ...rest });

describe('an upload in one piece', () => {
  it('sends type, time and digest', async () => {
    writeFileSync(file, 'content');
    utimesSync(file, 1_234_567_890.5, 1_234_567_890.5);
    const { script, upload } = server();
    const result = await upload();
    expect(result).toMatchObject({
      bytes: 7,
      size: 7,
      etag: md5('content'),
      mtimeNs: 1_234_567_890_500_000_000n,
    });
    expect(script.sent.at(-1)!.headers).toMatchObject({
      'content-type': 'text/plain',
      'content-md5': createHash('md5').update('content').digest('base64'),
      'x-qs-meta-mtime': '1234567890.500000000',
    });
  });

  it('streams what is larger than a megabyte, each attempt from the start', async () => {
    const content = randomBytes(1500 * kib);
    writeFileSync(file, content);
    const { bodies, kinds, upload } = server((_, __, times) => (times < 3 ? 'ECONNRESET' : undefined));
    expect((await upload()).etag).toBe(md5(content));
    expect(bodies.get('put')!.equals(content)).toBe(true);
    expect(kinds).toEqual(['put', 'put', 'put']);
  });

  it('is repeated when other content arrived, and fails when it always does', async () => {
    writeFileSync(file, 'content');
    const wrong: Fate = { status: 201, headers: { etag: `"${md5('other')}"` } };
    const once = server((_, __, times) => (times === 1 ? wrong : undefined));
    await once.upload();
    expect(once.kinds).toEqual(['put', 'put']);
    await expect(server(() => wrong).upload()).rejects.toMatchObject({ scope: 'outage' });
    await expect(server(() => ({ status: 201, foreign: true })).upload()).rejects.toMatchObject({
      scope: 'store',
    });
  });

  it('is sent again when the file changed meanwhile', async () => {
    writeFileSync(file, 'old');
    const { bodies, kinds, upload } = server((_, __, times) => {
      if (times === 1) writeFileSync(file, 'new and longer');
    });
    expect((await upload()).size).toBe(14);
    expect(bodies.get('put')!.toString()).toBe('new and longer');
    expect(kinds).toEqual(['put', 'put']);
  });

  it('is sent again when another file took the place, with the same size and time', async () => {
    writeFileSync(file, 'old');
    writeFileSync(join(dir, 'new'), 'new');
    for (const path of [file, join(dir, 'new')]) utimesSync(path, 1000, 1000);
    const { bodies, upload } = server((_, __, times) => {
      if (times === 1) renameSync(join(dir, 'new'), file);
    });
    await upload();
    expect(bodies.get('put')!.toString()).toBe('new');
  });

  it('gives up on a file that always changes', async () => {
    writeFileSync(file, 'x');
    const { kinds, upload } = server(() => {
      appendFileSync(file, 'x');
      return undefined;
    });
    await expect(upload()).rejects.toMatchObject({ scope: 'changing' });
    expect(kinds).toHaveLength(4);
  });

  it('of a file that shrinks while it is streamed is sent again', async () => {
    writeFileSync(file, randomBytes(2048 * kib));
    const slow = new SleepingClock();
    const { bodies, upload } = server();
    const limit = new RateLimiter(8 * 256 * kib, {
      now: () => slow.now(),
      sleep: (ms, signal) => {
        if (slow.slept.length === 0) writeFileSync(file, 'short');
        return slow.sleep(ms, signal);
      },
    });
    await upload(options({ limit }));
    expect(bodies.get('put')!.toString()).toBe('short');
  });

  it('of a file that vanishes says so', async () => {
    writeFileSync(file, 'x');
    const { upload } = server(() => {
      rmSync(file);
      return undefined;
    });
    await expect(upload()).rejects.toMatchObject({ scope: 'vanished' });
  });

  it('keeps the rate', async () => {
    writeFileSync(file, randomBytes(2000 * kib));
    const clock = new SleepingClock();
    const start = clock.now();
    await server().upload(options({ limit: new RateLimiter(500 * kib, clock, 0) }));
    expect(clock.now() - start).toBeCloseTo(4000, -1);
  });
});

describe('an upload in parts', () => {
  it('sends every part of the file and completes with all of them', async () => {
    const content = randomBytes(10 * kib);
    writeFileSync(file, content);
    const { bodies, kinds, script, upload } = server();
    const { etag } = await upload(inParts());
    expect([...kinds].sort()).toEqual(['complete', 'initiate', 'part 0', 'part 1', 'part 2']);
    expect(kinds.at(-1)).toBe('complete');
    const parts = [0, 1, 2].map((n) => bodies.get(`part ${n}`)!);
    expect(Buffer.concat(parts).equals(content)).toBe(true);
    const digests = parts.map((part) => createHash('md5').update(part).digest());
    expect(etag).toBe(`${md5(Buffer.concat(digests))}-3`);
    expect(script.sent.at(-1)!.headers['etag']).toBe(`"${etag}"`);
    const { object_parts: named } = JSON.parse(bodies.get('complete')!.toString()) as {
      object_parts: object[];
    };
    expect(named).toEqual(parts.map((part, n) => ({ part_number: n, etag: `"${md5(part)}"` })));
  });

  it('works on so many at once', async () => {
    writeFileSync(file, randomBytes(40 * kib));
    let [busy, busiest] = [0, 0];
    const script = scriptedClient({
      workers: 10,
      answer: async (request) => {
        const kind = kindOf(request);
        if (kind === 'initiate') return { status: 200, json: { upload_id: 'u' } };
        busiest = Math.max(busiest, ++busy);
        if (kind.startsWith('part')) await until(() => busiest === 3, 'three parts at once');
        busy--;
        return { status: 201, headers: { etag: `"${md5(request.body)}"` } };
      },
    });
    await uploadFile(script.client, { path: fromText(file), key: 'k' }, inParts(), never);
    expect(busiest).toBe(3);
  });

  it('repeats a part that broke or arrived damaged, that one alone', async () => {
    writeFileSync(file, randomBytes(10 * kib));
    const { kinds, upload } = server((kind, _, times) => {
      if (kind === 'part 1' && times === 1) return 'ECONNRESET';
      if (kind === 'part 2' && times === 1) return { status: 201, headers: { etag: `"${md5('x')}"` } };
      return undefined;
    });
    await upload(inParts());
    expect(kinds.filter((kind) => kind.startsWith('part')).sort()).toEqual([
      'part 0',
      'part 1',
      'part 1',
      'part 2',
      'part 2',
    ]);
  });

  it('is aborted when a part cannot be sent, and tells the first reason', async () => {
    writeFileSync(file, randomBytes(40 * kib));
    const { kinds, upload } = server((kind) =>
      kind === 'part 1' ? { status: 403, json: { code: 'permission_denied' } } : undefined,
    );
    await expect(upload(inParts())).rejects.toMatchObject({ scope: 'object', details: { status: 403 } });
    expect(kinds.at(-1)).toBe('abort');
    expect(kinds).not.toContain('complete');
    expect(warnings).toEqual([]);
  });

  it('warns when not even the abort works', async () => {
    writeFileSync(file, randomBytes(10 * kib));
    const { upload } = server((kind) => (kind === 'initiate' ? undefined : { status: 503 }));
    await expect(upload(inParts())).rejects.toMatchObject({ scope: 'outage' });
    expect(warnings).toEqual(['an unfinished multipart upload of dir/file.txt may be left in the bucket']);
  });

  it('is aborted and begun again when the file changes between its parts', async () => {
    writeFileSync(file, randomBytes(40 * kib));
    const { bodies, kinds, upload } = server((kind, _, times) => {
      if (kind === 'part 0' && times === 1) writeFileSync(file, 'new');
    });
    await upload(inParts());
    expect(kinds.filter((kind) => kind === 'complete')).toHaveLength(1);
    expect(kinds).toContain('abort');
    expect(bodies.get('part 0')!.toString()).toBe('new');
  });

  it('is done when only the answer of the completion was lost', async () => {
    writeFileSync(file, randomBytes(10 * kib));
    let etag = '';
    const { kinds, upload } = server((kind, request, times) => {
      if (kind === 'complete' && times === 1) {
        etag = request.headers['etag']!;
        return 'ECONNRESET';
      }
      if (kind === 'complete') return { status: 400, json: { code: 'upload_not_exists' } };
      return kind === 'look' ? { status: 200, headers: { etag } } : undefined;
    });
    await upload(inParts());
    expect(kinds.slice(-3)).toEqual(['complete', 'complete', 'look']);
  });

  it('is no success when the object there is another one', async () => {
    writeFileSync(file, randomBytes(10 * kib));
    const { upload } = server((kind) =>
      kind === 'complete' ? { status: 400, json: { code: 'upload_not_exists' } } : undefined,
    );
    await expect(upload(inParts())).rejects.toMatchObject({ scope: 'outage' });
  });

  it("is aborted when the caller's signal aborts, and rejects with its reason", async () => {
    writeFileSync(file, randomBytes(40 * kib));
    const stop = new AbortController();
    const { kinds, upload } = server((kind) => {
      if (kind === 'part 2') stop.abort(new Error('enough'));
    });
    await expect(upload(inParts(), stop.signal)).rejects.toThrow('enough');
    expect(kinds.at(-1)).toBe('abort');
  });

  it('needs an id of the upload', async () => {
    writeFileSync(file, randomBytes(10 * kib));
    const { kinds, upload } = server((kind) => (kind === 'initiate' ? { status: 200, json: {} } : undefined));
    await expect(upload(inParts())).rejects.toMatchObject({ scope: 'outage' });
    expect(new Set(kinds)).toEqual(new Set(['initiate']));
  });
});

describe('plans and properties', () => {
  it('cover the file with at most 10,000 parts', () => {
    expect(partPlan(10, 4)).toEqual({ partSize: 4, count: 3 });
    expect(partPlan(8, 4)).toEqual({ partSize: 4, count: 2 });
    expect(partPlan(0, 4)).toEqual({ partSize: 4, count: 1 });
    const { partSize, count } = partPlan(1_000_003, 4);
    expect(count).toBeLessThanOrEqual(10_000);
    expect(partSize * count).toBeGreaterThanOrEqual(1_000_003);
    expect(partSize * (count - 1)).toBeLessThan(1_000_003);
  });

  it('guess a type by the name', () => {
    expect(contentType('a/b.html')).toBe('text/html');
    expect(contentType('a.html/b')).toBe('application/octet-stream');
  });

  it('write times before 1970 too', () => {
    expect(timestamp(1_500_000_000n)).toBe('1.500000000');
    expect(timestamp(-1_500_000_000n)).toBe('-1.500000000');
    expect(timestamp(5n)).toBe('0.000000005');
  });
});
