import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startServer, type QingStor } from '../../support/qingstor/server.js';
import { etagOf, json, md5, put, refusal, send, type RawAnswer } from './raw-client.js';

let server: QingStor;
const bucket = 'example-bucket';
const minimum = 4 * 1024 * 1024;
const path = `/${bucket}/large.bin`;
let id = '';
beforeAll(async () => {
  server = await startServer({ buckets: [bucket] });
});
afterAll(() => server.close());
beforeEach(async () => {
  id = await begin();
});

async function begin(headers: Record<string, string> = {}): Promise<string> {
  const answer = await send(server, { method: 'POST', path: `${path}?uploads`, headers });
  expect(answer.status).toBe(200);
  const { upload_id: upload, key, bucket: where } = json<Record<string, string>>(answer);
  expect([key, where]).toEqual(['large.bin', bucket]);
  return upload!;
}

const part = (number: number | string, body: string | Buffer, headers: Record<string, string> = {}) =>
  put(server, `${path}?part_number=${number}&upload_id=${id}`, body, headers);

function complete(
  parts: { part_number: number; etag?: string }[],
  headers: Record<string, string> = {},
): Promise<RawAnswer> {
  const body = JSON.stringify({ object_parts: parts });
  return send(server, { method: 'POST', path: `${path}?upload_id=${id}`, body, headers });
}

describe('a multipart upload', () => {
  it('becomes an object of its parts in the order of their numbers, with the ETag the client names', async () => {
    id = await begin({ 'content-type': 'video/mp4', 'x-qs-meta-m': '1' });
    const [first, last] = [Buffer.alloc(minimum, 'a'), Buffer.from('end')];
    const second = await part(2, last);
    expect([second.status, second.headers.etag]).toEqual([201, etagOf(last)]);
    await part(0, first);
    const etag = '"0123456789abcdef-2"';
    const done = await complete([{ part_number: 0, etag: etagOf(first) }, { part_number: 2 }], { etag });
    expect(done.status).toBe(201);
    const { body, headers } = await send(server, { path });
    expect(body.equals(Buffer.concat([first, last]))).toBe(true);
    expect(headers).toMatchObject({ etag, 'content-type': 'video/mp4', 'x-qs-meta-m': '1' });
    const across = await send(server, { path, headers: { range: `bytes=${minimum - 1}-${minimum}` } });
    expect(across.text).toBe('ae');
  });

  it('has an empty ETag when the client names none', async () => {
    await part(0, 'only');
    await complete([{ part_number: 0 }]);
    expect((await send(server, { method: 'HEAD', path })).headers.etag).toBe('""');
  });

  it('takes a part again, the last one counts; lists them; drops those not named', async () => {
    await part(1, 'first try');
    await part(1, 'second');
    await part(7, 'unused');
    const { object_parts: parts } = json<{
      object_parts: { part_number: number; size: number; etag: string }[];
    }>(await send(server, { path: `${path}?upload_id=${id}` }));
    expect(parts.map(({ part_number: n, size, etag }) => [n, size, etag])).toEqual([
      [1, 6, etagOf('second')],
      [7, 6, etagOf('unused')],
    ]);
    const rest = await send(server, { path: `${path}?upload_id=${id}&part_number_marker=1&limit=1` });
    expect(json<{ object_parts: unknown[] }>(rest).object_parts).toHaveLength(1);
    await complete([{ part_number: 1 }]);
    expect((await send(server, { path })).text).toBe('second');
  });

  it('is listed while it is under way, and gone once completed or aborted', async () => {
    const ids = async (): Promise<string[]> => {
      const answer = await send(server, { path: `/${bucket}?uploads` });
      return json<{ uploads: { upload_id: string }[] }>(answer).uploads.map((upload) => upload.upload_id);
    };
    expect(await ids()).toContain(id);
    await part(0, 'x');
    expect((await send(server, { method: 'DELETE', path: `${path}?upload_id=${id}` })).status).toBe(204);
    expect(await ids()).not.toContain(id);
    expect(refusal(await part(1, 'late'))).toBe('400 upload_not_exists');
    expect(refusal(await complete([{ part_number: 0 }]))).toBe('400 upload_not_exists');
    id = await begin();
    await part(0, 'x');
    await complete([{ part_number: 0 }]);
    expect(await ids()).not.toContain(id);
    expect(refusal(await complete([{ part_number: 0 }]))).toBe('400 upload_not_exists');
  });

  it('is refused with parts missing, changed, doubled or too small, and can go on then', async () => {
    await part(0, 'small');
    await part(1, 'end');
    expect(refusal(await complete([]))).toBe('400 invalid_argument');
    expect(refusal(await complete([{ part_number: 3 }]))).toBe('400 invalid_argument');
    expect(refusal(await complete([{ part_number: 0 }, { part_number: 0 }]))).toBe('400 invalid_argument');
    expect(refusal(await complete([{ part_number: 0, etag: etagOf('other') }]))).toBe('400 invalid_argument');
    expect(refusal(await complete([{ part_number: 0 }, { part_number: 1 }]))).toBe('400 entity_too_small');
    await part(0, Buffer.alloc(minimum));
    expect((await complete([{ part_number: 0 }, { part_number: 1 }])).status).toBe(201);
  });

  it('refuses part numbers over 10000, an upload of another key, a wrong Content-MD5', async () => {
    expect((await part(10_000, 'x')).status).toBe(201);
    expect(refusal(await part(10_001, 'x'))).toBe('400 invalid_argument');
    expect(refusal(await part('-1', 'x'))).toBe('400 invalid_argument');
    const other = await put(server, `/${bucket}/other?part_number=0&upload_id=${id}`, 'x');
    expect(refusal(other)).toBe('400 upload_not_exists');
    const headers = { 'content-md5': md5('y').toString('base64') };
    expect(refusal(await part(0, 'x', headers))).toBe('400 bad_digest');
  });

  it('leaves the object before it as it is until it is completed', async () => {
    await put(server, path, 'before');
    await part(0, 'after');
    expect((await send(server, { path })).text).toBe('before');
    await complete([{ part_number: 0 }]);
    expect((await send(server, { path })).text).toBe('after');
  });
});
