import { abortMultipart, listParts, listUploads } from './calls.js';
import type { Client } from './client.js';
import { jsonObject, malformed } from './errors.js';
import { StoreError } from './store.js';
import type { AbandonedUpload, UploadJournal } from './upload-journal.js';

/** An upload as the service lists it. */
interface ListedUpload {
  readonly key: string;
  readonly uploadId: string;
  /** Milliseconds since 1970, by the service's clock. */
  readonly created: number;
}

export interface Sweep {
  readonly journal: UploadJournal;
  readonly prefix: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onWarn: (message: string) => void;
}

/** How far clocks may be apart before the service refuses all requests (spec/qingstor.md, "Signature"). */
const skewMs = 15 * 60_000;

/** An upload of unknown id is left alone for so long: whoever else began it has sent a part by then. */
const patienceMs = 60 * 60_000;

/**
 * Aborts what the journal says that a program of ours left behind. Costs no request when there is nothing. Failures
 * keep the entry for the next time; all refusals together are one warning, an outage none (others will tell).
 * @returns how many uploads were aborted
 */
export async function abortAbandoned(client: Client, sweep: Sweep, signal: AbortSignal): Promise<number> {
  let aborted = 0;
  const refused: string[] = [];
  for await (const left of sweep.journal.abandoned(client.place, sweep.prefix)) {
    try {
      const ids = await idsOf(client, left, sweep.now(), signal);
      for (const id of ids ?? []) if (await abort(client, left.key, id, signal)) aborted++;
      await (ids === undefined ? left.release() : left.forget());
    } catch (error) {
      await left.release();
      signal.throwIfAborted();
      if (!(error instanceof StoreError)) throw error;
      if (error.scope === 'outage') return aborted;
      refused.push(error.message);
      if (error.scope === 'store') break;
    }
  }
  if (refused.length > 0)
    sweep.onWarn(
      `unfinished multipart uploads of an earlier run stay in bucket ${client.place.bucket}: ${refused[0]}` +
        (refused.length > 1 ? ` (and ${refused.length - 1} more)` : ''),
    );
  return aborted;
}

/** False: there was none any more. */
async function abort(client: Client, key: string, uploadId: string, signal: AbortSignal): Promise<boolean> {
  try {
    await client.run(abortMultipart(key, uploadId), signal, () => undefined);
    return true;
  } catch (error) {
    if (isNoUpload(error)) return false;
    throw error;
  }
}

/**
 * Which uploads are meant. When the answer that named the id was not seen: those of the very key, begun about then,
 * without a single part, once an hour has gone by. Undefined: too early to tell.
 */
async function idsOf(
  client: Client,
  { key, begun, uploadId }: AbandonedUpload,
  now: number,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  if (uploadId !== undefined) return [uploadId];
  if (now - begun < patienceMs) return undefined;
  const ids: string[] = [];
  for (const listed of await uploadsOf(client, key, signal)) {
    const then = listed.created >= begun - skewMs && listed.created <= begun + patienceMs;
    if (then && now - listed.created >= patienceMs && (await isEmpty(client, listed, signal)))
      ids.push(listed.uploadId);
  }
  return ids;
}

/** Unfinished uploads of one key. */
async function uploadsOf(client: Client, key: string, signal: AbortSignal): Promise<ListedUpload[]> {
  const found: ListedUpload[] = [];
  for (let markers = ['', '']; ;) {
    const call = listUploads(key, markers[0]!, markers[1]!);
    const page = await client.run(call, signal, ({ response, blame }) => {
      const answer = jsonObject(response, call, blame);
      const uploads = Array.isArray(answer['uploads']) ? answer['uploads'].map(readUpload) : [undefined];
      if (!uploads.every((upload) => upload !== undefined))
        throw malformed('its list of uploads is odd', response, call, blame);
      const next = [answer['next_key_marker'], answer['next_upload_id_marker']].map((marker) =>
        typeof marker === 'string' ? marker : '',
      );
      return { uploads, next, more: answer['has_more'] === true };
    });
    found.push(...page.uploads.filter((upload) => upload.key === key));
    // Markers that stand still would never end.
    if (!page.more || page.next.join('\n') === markers.join('\n')) return found;
    markers = page.next;
  }
}

function readUpload(entry: unknown): ListedUpload | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const { key, upload_id: uploadId, created } = entry as Record<string, unknown>;
  if (typeof key !== 'string' || typeof uploadId !== 'string' || uploadId === '') return undefined;
  const at = typeof created === 'string' ? Date.parse(created) : NaN;
  return Number.isNaN(at) ? undefined : { key, uploadId, created: at };
}

/** Has it no part? One that is gone meanwhile has no need of us. */
async function isEmpty(
  client: Client,
  { key, uploadId }: ListedUpload,
  signal: AbortSignal,
): Promise<boolean> {
  const call = listParts(key, uploadId);
  try {
    return await client.run(call, signal, ({ response, blame }) => {
      const { object_parts: parts } = jsonObject(response, call, blame);
      if (!Array.isArray(parts)) throw malformed('its list of parts is missing', response, call, blame);
      return parts.length === 0;
    });
  } catch (error) {
    if (isNoUpload(error)) return false;
    throw error;
  }
}

/** Does a failure say that there is no such upload? */
export function isNoUpload(error: unknown): boolean {
  if (!(error instanceof StoreError)) return false;
  const { status, code } = error.details;
  return code === 'upload_not_exists' || (status === 404 && error.scope === 'object');
}
