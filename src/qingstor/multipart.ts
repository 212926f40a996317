import { createHash } from 'node:crypto';
import {
  abortMultipart,
  completeMultipart,
  headObject,
  initiateMultipart,
  uploadPart,
  type ObjectHeaders,
  type SentPart,
} from './calls.js';
import type { Client } from './client.js';
import { jsonObject, malformed } from './errors.js';
import { checkedEtag } from './etag.js';
import { linked } from './linked.js';
import type { RateLimiter } from './rate.js';
import type { HashedRange, SourceFile } from './source.js';
import { StoreError } from './store.js';
import { isNoUpload } from './unfinished.js';
import type { UploadNote } from './upload-journal.js';
import type { UploadOptions } from './upload.js';

/** A part the server has. */
interface Sent {
  readonly md5: Buffer;
  readonly part: SentPart;
}

/** A part to send. */
interface Piece {
  readonly key: string;
  readonly uploadId: string;
  /** From 0. */
  readonly part: number;
  readonly start: number;
  readonly length: number;
}

const mostParts = 10_000;

/**
 * Uploads a file in parallel parts, each a stream of its own range of the file, each checked by its MD5. An upload
 * that is not completed is aborted, whatever the reason.
 * @returns the object's ETag: as S3's, MD5 of the parts' MD5s and their number, which nobody takes for a content
 * hash; undefined when the file changed meanwhile
 */
export async function uploadInParts(
  client: Client,
  file: SourceFile,
  key: string,
  headers: ObjectHeaders,
  options: UploadOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { uploadId, note } = await begin(client, key, headers, options, signal);
  let completed = false;
  try {
    const sent = await sendParts(client, file, key, uploadId, options, signal);
    if (sent === undefined || !(await file.unchanged())) return undefined;
    const md5s = Buffer.concat(sent.map(({ md5 }) => md5));
    const etag = `${createHash('md5').update(md5s).digest('hex')}-${sent.length}`;
    const parts = sent.map(({ part }) => part);
    await complete(client, key, uploadId, parts, etag, signal);
    completed = true;
    return etag;
  } finally {
    if (completed || (await giveUp(client, key, uploadId, options))) await note?.done();
    else await note?.leave();
  }
}

/** Begins an upload, which is in the journal before the service hears of it. */
async function begin(
  client: Client,
  key: string,
  headers: ObjectHeaders,
  { journal }: UploadOptions,
  signal: AbortSignal,
): Promise<{ readonly uploadId: string; readonly note: UploadNote | undefined }> {
  const call = initiateMultipart(key, headers);
  let note = await journal?.begin(client.place, key);
  try {
    const { uploadId, attempt } = await client.run(call, signal, ({ response, blame, attempt }) => {
      const id = jsonObject(response, call, blame)['upload_id'];
      if (typeof id !== 'string' || id === '')
        throw malformed('the answer has no upload_id', response, call, blame);
      return { uploadId: id, attempt };
    });
    if (attempt > 0) {
      // An earlier attempt may have begun one whose id was lost with its answer.
      await note?.leave();
      note = await journal?.begin(client.place, key);
    }
    await note?.known(uploadId);
    return { uploadId, note };
  } catch (error) {
    await note?.leave();
    throw error;
  }
}

/** Parts of equal size but the last; never more than the service takes. */
export function partPlan(
  size: number,
  wanted: number,
): { readonly partSize: number; readonly count: number } {
  const partSize = Math.max(wanted, Math.ceil(size / mostParts));
  return { partSize, count: Math.max(1, Math.ceil(size / partSize)) };
}

/** What was sent, in order; undefined as soon as the file is seen to have changed. The first failure stops all. */
async function sendParts(
  client: Client,
  file: SourceFile,
  key: string,
  uploadId: string,
  options: UploadOptions,
  signal: AbortSignal,
): Promise<readonly Sent[] | undefined> {
  const { partSize, count } = partPlan(file.size, options.partSize);
  const sent = new Array<Sent>(count);
  const stop = new AbortController();
  let next = 0;
  const seen = { changed: false };
  const worker = async (both: AbortSignal): Promise<void> => {
    while (next < count && !both.aborted) {
      const part = next++;
      if (!(await file.steady())) {
        seen.changed = true;
        stop.abort(new Error('the file changed'));
        return;
      }
      const start = part * partSize;
      const length = Math.min(partSize, file.size - start);
      sent[part] = await sendPart(client, file, { key, uploadId, part, start, length }, options.limit, both);
    }
  };
  const workers = (both: AbortSignal): Promise<void>[] =>
    Array.from({ length: Math.min(count, options.partsAtOnce) }, () =>
      worker(both).catch((error: unknown) => {
        // The first failure is the reason; what it stops only echoes it.
        if (!stop.signal.aborted) stop.abort(error);
      }),
    );
  await linked([signal, stop.signal], (both) => Promise.all(workers(both)));
  signal.throwIfAborted();
  if (seen.changed) return undefined;
  stop.signal.throwIfAborted();
  return sent;
}

function sendPart(
  client: Client,
  file: SourceFile,
  { key, uploadId, part, start, length }: Piece,
  limit: RateLimiter | undefined,
  signal: AbortSignal,
): Promise<Sent> {
  let range: HashedRange | undefined;
  const call = uploadPart(key, uploadId, part, {
    length,
    open: () => (range = file.range(start, length, limit, signal)),
  });
  return client.run(call, signal, (answer) => {
    const { md5 } = range!;
    checkedEtag(answer, call, md5.toString('hex'));
    // The server's own words for it, if it gave any: it compares them with what it keeps.
    const etag = answer.response.headers['etag'];
    return { md5, part: { part_number: part, ...(etag === undefined ? {} : { etag }) } };
  });
}

/** A repeated completion whose first answer was lost finds no upload any more: then the object tells. */
async function complete(
  client: Client,
  key: string,
  uploadId: string,
  parts: readonly SentPart[],
  etag: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await client.run(completeMultipart(key, uploadId, parts, etag), signal, () => undefined);
  } catch (error) {
    if (!(error instanceof StoreError) || error.details.code !== 'upload_not_exists') throw error;
    const there = await client.run(headObject(key), signal, ({ response }) => response.headers['etag'] ?? '');
    if (there.replaceAll('"', '') !== etag) throw new StoreError('outage', error.message, error.details);
  }
}

/**
 * Best effort, under a time-out of its own: the caller's signal may be what ended the upload.
 * @returns whether nothing of it is left
 */
async function giveUp(
  client: Client,
  key: string,
  uploadId: string,
  options: UploadOptions,
): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(options.abortTimeoutMs);
    await client.run(abortMultipart(key, uploadId), signal, () => undefined);
    return true;
  } catch (error) {
    if (isNoUpload(error)) return true;
    options.onWarn(`an unfinished multipart upload of ${key} may be left in the bucket`);
    return false;
  }
}
