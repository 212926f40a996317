import { createHash } from 'node:crypto';
import { basename } from 'node:path/posix';
import mime from 'mime-types';
import { putObject, type ObjectHeaders } from './calls.js';
import type { Client } from './client.js';
import { checkedEtag } from './etag.js';
import { uploadInParts } from './multipart.js';
import type { RateLimiter } from './rate.js';
import { SourceFile, type HashedRange } from './source.js';
import { StoreError, type Uploaded, type UploadSource } from './store.js';
import { BodyError } from './transport.js';
import type { UploadJournal } from './upload-journal.js';

/** How a bucket uploads. */
export interface UploadOptions {
  readonly partSize: number;
  /** Larger files go in parts. */
  readonly partThreshold: number;
  readonly partsAtOnce: number;
  readonly limit: RateLimiter | undefined;
  readonly abortTimeoutMs: number;
  readonly onWarn: (message: string) => void;
  /** Uploads in parts under way, for the next start. */
  readonly journal?: UploadJournal;
}

/** Up to this size a file is held in memory while it is sent, which gives it a Content-MD5. */
const inMemory = 1024 * 1024;

/** Uploads of a file that changes under us before it is left for later. */
const changeAttempts = 4;

/** 10,000 parts of 5 GB. */
const largestObject = 50_000_000_000_000;

/**
 * Uploads a file: what is in the bucket afterwards is a state the file was in, and the file still is in that state
 * when this resolves, as far as its stat tells.
 */
export async function uploadFile(
  client: Client,
  source: UploadSource,
  options: UploadOptions,
  signal: AbortSignal,
): Promise<Uploaded> {
  for (let attempt = 1; ; attempt++) {
    const result = await uploadOnce(client, source, options, signal);
    if (result !== undefined) return result;
    if (attempt >= changeAttempts)
      throw new StoreError('changing', `${source.key} changed during each of ${changeAttempts} uploads`);
  }
}

/** Undefined: the file changed meanwhile. */
async function uploadOnce(
  client: Client,
  { path, key }: UploadSource,
  options: UploadOptions,
  signal: AbortSignal,
): Promise<Uploaded | undefined> {
  const file = await SourceFile.open(path);
  try {
    if (file.size > largestObject)
      throw new StoreError('object', `${key} is larger than an object can be`, { code: 'entity_too_large' });
    const headers = { contentType: contentType(key), mtime: timestamp(file.before.mtimeNs) };
    const etag =
      file.size > options.partThreshold
        ? await uploadInParts(client, file, key, headers, options, signal)
        : await uploadWhole(client, file, key, headers, options.limit, signal);
    if (etag === undefined || !(await file.unchanged())) return undefined;
    return { bytes: file.size, etag, mtimeNs: file.before.mtimeNs, ino: file.before.ino, size: file.size };
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
    if (error.kind === 'short') return undefined;
    throw new StoreError('unreadable', `${key}: ${error.message}`);
  } finally {
    await file.close();
  }
}

async function uploadWhole(
  client: Client,
  file: SourceFile,
  key: string,
  headers: ObjectHeaders,
  limit: RateLimiter | undefined,
  signal: AbortSignal,
): Promise<string> {
  if (file.size <= inMemory) {
    const content = await file.content();
    await limit?.take(content.length, signal);
    const md5 = createHash('md5').update(content).digest();
    const call = putObject(
      key,
      { ...headers, contentMd5: md5.toString('base64') },
      { length: content.length, open: () => content },
    );
    return client.run(call, signal, (answer) => checkedEtag(answer, call, md5.toString('hex')));
  }
  let range: HashedRange | undefined;
  const body = {
    length: file.size,
    open: () => (range = file.range(0, file.size, limit, signal)),
  };
  const call = putObject(key, headers, body);
  return client.run(call, signal, (answer) => checkedEtag(answer, call, range!.md5.toString('hex')));
}

/** By the key's last part; `application/octet-stream` when it tells nothing. */
export function contentType(key: string): string {
  return mime.lookup(basename(key)) || 'application/octet-stream';
}

/** Nanoseconds since 1970 → `seconds.nanoseconds`, as stored in `x-qs-meta-mtime`. */
export function timestamp(ns: bigint): string {
  const sign = ns < 0n ? '-' : '';
  const abs = ns < 0n ? -ns : ns;
  return `${sign}${abs / 1000000000n}.${String(abs % 1000000000n).padStart(9, '0')}`;
}
