import type { QingStorAccount } from './account.js';
import { moveObject, putObject } from './calls.js';
import { Client } from './client.js';
import { checkedEtag } from './etag.js';
import { link, linked } from './linked.js';
import { listPages } from './listing.js';
import { RateLimiter } from './rate.js';
import { removeKeys } from './removal.js';
import { systemClock, type Clock } from './retry.js';
import { Semaphore } from './semaphore.js';
import {
  StoreError,
  type ListedObject,
  type ObjectStore,
  type RefusedKey,
  type Uploaded,
  type UploadSource,
} from './store.js';
import { Transport } from './transport.js';
import { abortAbandoned } from './unfinished.js';
import { UploadJournal } from './upload-journal.js';
import { uploadFile, type UploadOptions } from './upload.js';
import { addressOf, type PlaceOptions } from './zone.js';

/** How to reach a bucket and how to use it; sizes in bytes, times in milliseconds. */
export interface BucketOptions extends PlaceOptions {
  readonly account: QingStorAccount;
  readonly bucket: string;
  /** Requests at once. */
  readonly workers?: number;
  readonly partSize?: number;
  /** Larger files go in parts. */
  readonly partThreshold?: number;
  /** Bytes per second of all uploads together. */
  readonly rateLimit?: number;
  /** Attempts after the first one. */
  readonly retries?: number;
  readonly retryBaseMs?: number;
  readonly retryCapMs?: number;
  readonly connectTimeoutMs?: number;
  /** Longest silence of the server. */
  readonly idleTimeoutMs?: number;
  /** For the abort of a multipart upload. */
  readonly abortTimeoutMs?: number;
  /** Where uploads in parts are noted, for `abortUnfinished`; none: they are not. */
  readonly journalDirectory?: string;
  /** For the proxy variables. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly onWarn?: (message: string) => void;
  readonly clock?: Clock;
  readonly random?: () => number;
}

const mebibyte = 1024 * 1024;

/** A single PUT's and a part's limit (spec/qingstor.md). */
const largestPut = 5_000_000_000;
const longestKey = 1023;
const markerType = 'application/x-directory';
const emptyMd5 = 'd41d8cd98f00b204e9800998ecf8427e';

/**
 * A bucket to work with. Nothing is sent yet, so that an outage does not hold up a start: the first call asks for
 * the zone where needed and checks that the bucket can be reached; a later one does so again while that fails.
 * @throws StoreError scope `store` for settings that can never work (bucket name, endpoint, sizes)
 */
export async function openBucket(options: BucketOptions): Promise<ObjectStore> {
  // Async for the sake of the interface: settings that cannot work reject.
  return Promise.resolve().then(() => new BucketStore(options));
}

class BucketStore implements ObjectStore {
  readonly #bucket: string;
  readonly #client: Client;
  readonly #transport: Transport;
  readonly #upload: UploadOptions;
  readonly #now: () => number;
  readonly #listingTurn = new Semaphore(1);
  readonly #closing = new AbortController();

  /** Calls under way; close waits for their ends (an abort of parts among them). */
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: BucketOptions) {
    const { account, bucket } = options;
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
      throw new StoreError('store', `"${bucket}" cannot be a bucket's name`, {
        remedy: '3 to 63 lower case letters, digits, hyphens',
      });
    const clock = options.clock ?? systemClock;
    const workers = within('workers', options.workers ?? 16, 1, 1000);
    const partSize = within('partSize', options.partSize ?? 64 * mebibyte, 4 * mebibyte, largestPut);
    const { address, discover } = addressOf(account, options);
    this.#bucket = bucket;
    this.#transport = openTransport(options, workers, address.protocol);
    this.#client = new Client({
      account,
      bucket,
      address,
      discover,
      transport: this.#transport,
      slots: new Semaphore(workers),
      policy: {
        retries: options.retries ?? account.retries ?? 3,
        baseMs: options.retryBaseMs ?? 500,
        capMs: options.retryCapMs ?? 20_000,
        clock,
        random: options.random ?? Math.random,
      },
    });
    this.#now = () => clock.now();
    const onWarn = options.onWarn ?? (() => undefined);
    const { journalDirectory } = options;
    this.#upload = {
      partSize,
      partThreshold: within('partThreshold', options.partThreshold ?? partSize, 0, largestPut),
      partsAtOnce: Math.max(1, Math.min(4, workers)),
      limit: options.rateLimit === undefined ? undefined : limiter(options.rateLimit, clock),
      abortTimeoutMs: options.abortTimeoutMs ?? 10_000,
      onWarn,
      ...(journalDirectory === undefined
        ? {}
        : { journal: new UploadJournal(journalDirectory, onWarn, this.#now) }),
    };
  }

  list(prefix: string, signal: AbortSignal): AsyncIterable<readonly ListedObject[]> {
    return this.#listUntil(prefix, [signal, this.#closing.signal]);
  }

  upload(source: UploadSource, signal: AbortSignal): Promise<Uploaded> {
    return this.#tracked(signal, (until) => {
      checkKey(source.key);
      return uploadFile(this.#client, source, this.#upload, until);
    });
  }

  putMarker(key: string, signal: AbortSignal): Promise<void> {
    return this.#tracked(signal, async (until) => {
      checkKey(key);
      const body = { length: 0, open: () => Buffer.alloc(0) };
      const call = putObject(key, { contentType: markerType }, body);
      await this.#client.run(call, until, (answer) => checkedEtag(answer, call, emptyMd5));
    });
  }

  move(from: string, to: string, signal: AbortSignal): Promise<void> {
    return this.#tracked(signal, async (until) => {
      checkKey(from);
      checkKey(to);
      await this.#client.run(moveObject(this.#bucket, from, to), until, () => undefined);
    });
  }

  remove(keys: readonly string[], signal: AbortSignal): Promise<readonly RefusedKey[]> {
    return this.#tracked(signal, (until) => removeKeys(this.#client, keys, until));
  }

  abortUnfinished(prefix: string, signal: AbortSignal): Promise<number> {
    const { journal, onWarn } = this.#upload;
    if (journal === undefined) return Promise.resolve(0);
    return this.#tracked(signal, (until) =>
      abortAbandoned(this.#client, { journal, prefix, now: this.#now, onWarn }, until),
    );
  }

  /** Ends what is under way (parts uploaded so far are aborted first) and the connections. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the store is closed'));
    await Promise.allSettled(this.#running);
    this.#client.close();
    await this.#transport.close();
  }

  async *#listUntil(
    prefix: string,
    sources: readonly AbortSignal[],
  ): AsyncGenerator<readonly ListedObject[], void, undefined> {
    const { signal, release } = link(sources);
    try {
      yield* listPages(this.#client, prefix, this.#listingTurn, signal);
    } finally {
      release();
    }
  }

  /** Runs a call until it ends, its signal aborts or the store closes. */
  async #tracked<T>(signal: AbortSignal, work: (until: AbortSignal) => Promise<T>): Promise<T> {
    const running = linked([signal, this.#closing.signal], async (until) => {
      until.throwIfAborted();
      return work(until);
    });
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }
}

function openTransport(options: BucketOptions, connections: number, protocol: 'http' | 'https'): Transport {
  try {
    return new Transport({
      connections,
      protocol,
      connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
      idleTimeoutMs: options.idleTimeoutMs ?? options.account.timeoutMs ?? 60_000,
      env: options.env ?? process.env,
    });
  } catch {
    throw new StoreError('store', `the ${protocol}_proxy variable is no URL`, {
      remedy: 'give http://host:port',
    });
  }
}

function limiter(bytesPerSecond: number, clock: Clock): RateLimiter {
  return new RateLimiter(within('rateLimit', bytesPerSecond, 1, Number.MAX_SAFE_INTEGER), clock);
}

function within(name: string, value: number, min: number, max: number): number {
  if (value >= min && value <= max) return value;
  throw new StoreError('store', `${name} ${value} cannot be used`, { remedy: `give ${min} to ${max}` });
}

/** Refuses what no request could carry: the service's own limit, and text without a UTF-8 form. */
function checkKey(key: string): void {
  const bytes = Buffer.byteLength(key, 'utf8');
  if (bytes < 1 || bytes > longestKey)
    throw new StoreError(
      'object',
      `a key of ${bytes} bytes is too long for QingStor: ${key.slice(0, 100)}…`,
      {
        code: 'key_too_long',
        remedy: `at most ${longestKey} bytes, prefix included`,
      },
    );
  // A path of `.` or `..` names no object to any proxy on the way.
  if (Buffer.from(key, 'utf8').toString('utf8') !== key || key === '.' || key === '..')
    throw new StoreError('object', 'the name cannot be a key', { code: 'bad_key' });
}
