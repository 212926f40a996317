import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asBytes, type BytePath } from '../../src/core/bytes.js';
import { QingStorAccount, type AccountSettings } from '../../src/qingstor/account.js';
import { openBucket, type BucketOptions } from '../../src/qingstor/bucket.js';
import { StoreError, type ObjectStore } from '../../src/qingstor/store.js';
import { startServer, type QingStor, type ServerOptions } from './qingstor/server.js';

/** The project's QingStor client against the project's server, for the tests of the client. */
export class ClientWorld {
  readonly warnings: string[] = [];
  readonly #stores: ObjectStore[] = [];

  private constructor(
    readonly server: QingStor,
    readonly bucket: string,
    readonly directory: string,
  ) {}

  static async create(options: ServerOptions = {}): Promise<ClientWorld> {
    const bucket = 'example-bucket';
    const server = await startServer({ ...options, buckets: [bucket] });
    return new ClientWorld(server, bucket, realpathSync(mkdtempSync(join(tmpdir(), 'qs-client-'))));
  }

  /** The server's account, as a config file would give it. */
  account(settings: Partial<AccountSettings> = {}): QingStorAccount {
    return new QingStorAccount({
      accessKeyId: this.server.accessKey,
      secretAccessKey: this.server.secretKey,
      host: '127.0.0.1',
      port: this.server.port,
      protocol: 'http',
      virtualHostStyle: false,
      source: 'the test',
      warnings: [],
      ...settings,
    });
  }

  /** The bucket by our client: quick retries, no proxy of the environment's. */
  async open(options: Partial<BucketOptions> = {}): Promise<ObjectStore> {
    const store = await openBucket({
      account: this.account(),
      bucket: this.bucket,
      retryBaseMs: 1,
      retryCapMs: 5,
      env: {},
      onWarn: (message) => this.warnings.push(message),
      ...options,
    });
    this.#stores.push(store);
    return store;
  }

  /** A local file. */
  file(name: string, content: string | Buffer): BytePath {
    const path = join(this.directory, name);
    writeFileSync(path, content);
    return asBytes(Buffer.from(path).toString('latin1'));
  }

  /** Keys in the bucket. */
  get keys(): string[] {
    return this.server.bucket(this.bucket).objects.keys;
  }

  text(key: string): Promise<string | undefined> {
    return this.server.text(this.bucket, key);
  }

  async close(): Promise<void> {
    for (const store of this.#stores) await store.close();
    await this.server.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A signal for calls that are not to be ended. */
export function never(): AbortSignal {
  return new AbortController().signal;
}

/** The StoreError that a call ends in. @throws Error when it succeeds, and what else it throws */
export async function failureOf(call: Promise<unknown>): Promise<StoreError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error('the call was to fail');
}
