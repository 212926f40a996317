import sdk from 'qingstor-sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startServer, type QingStor } from '../../support/qingstor/server.js';

let server: QingStor;
const name = 'example-bucket';
beforeAll(async () => {
  server = await startServer({ buckets: [name] });
});
afterAll(() => server.close());
beforeEach(() => server.requests.clear());

/** What the SDK answers, as far as these tests read it. */
interface SdkAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: unknown;
}

/** The SDK's own calls, signer and transport; only its type declarations are ours. */
interface SdkBucket {
  putObject(key: string, options: object): Promise<SdkAnswer>;
  getObject(key: string, options?: object): Promise<SdkAnswer>;
  headObject(key: string): Promise<SdkAnswer>;
  deleteObject(key: string): Promise<SdkAnswer>;
  listObjects(options?: object): Promise<SdkAnswer>;
  deleteMultipleObjects(options: object): Promise<SdkAnswer>;
  initiateMultipartUpload(key: string): Promise<SdkAnswer>;
  uploadMultipart(key: string, options: object): Promise<SdkAnswer>;
  completeMultipartUpload(key: string, options: object): Promise<SdkAnswer>;
}

function bucket(secretKey = server.secretKey): SdkBucket {
  const config = {
    access_key_id: server.accessKey,
    secret_access_key: secretKey,
    endpoint: server.url,
    host: '127.0.0.1',
    port: server.port,
    protocol: 'http',
    getAxiosConfig: () => ({ maxRedirects: 0, proxy: false }),
  };
  const QingStorService = sdk.QingStor as unknown as new (config: object) => {
    Bucket(name: string, zone: string): SdkBucket;
  };
  return new QingStorService(config).Bucket(name, '');
}

describe('the JS SDK as it is', () => {
  it('puts, reads and deletes objects, also with odd names', async () => {
    for (const key of ['a/b.txt', 'ä ö.txt', 'a+b&c=d']) {
      const made = await bucket().putObject(key, { body: Buffer.from('text') });
      expect(made.status).toBe(201);
      expect((await bucket().headObject(key)).headers['content-length']).toBe('4');
      expect((await bucket().getObject(key)).data).toBe('text');
      expect(await server.text(name, key)).toBe('text');
      expect((await bucket().deleteObject(key)).status).toBe(204);
    }
    expect(server.bucket(name).objects.count).toBe(0);
    expect(server.requests.counts()).toEqual({ PutObject: 3, HeadObject: 3, GetObject: 3, DeleteObject: 3 });
  });

  it('lists and deletes many', async () => {
    for (const key of ['x/1', 'x/2', 'y']) await server.put(name, key, 'text');
    const { data } = await bucket().listObjects({ prefix: 'x/', limit: '1' });
    expect(data).toMatchObject({ has_more: true, prefix: 'x/' });
    const objects = ['x/1', 'x/2', 'y'].map((key) => ({ key }));
    const gone = await bucket().deleteMultipleObjects({ objects, quiet: false });
    expect(gone.data).toMatchObject({ deleted: objects });
    expect(server.bucket(name).objects.count).toBe(0);
  });

  it('uploads in parts', async () => {
    const begun = await bucket().initiateMultipartUpload('parts');
    const { upload_id: id } = begun.data as { upload_id: string };
    await bucket().uploadMultipart('parts', { upload_id: id, part_number: '1', body: Buffer.from('text') });
    const done = await bucket().completeMultipartUpload('parts', {
      upload_id: id,
      object_parts: [{ part_number: 1 }],
    });
    expect([done.status, await server.text(name, 'parts')]).toEqual([201, 'text']);
  });

  it('is refused with another secret', async () => {
    const outcome = await bucket('other')
      .getObject('parts')
      .then(
        ({ status }) => status,
        (error: unknown) => {
          const { response, status } = error as { response?: { status: number }; status?: number };
          return response?.status ?? status;
        },
      );
    expect(outcome).toBe(401);
  });
});
