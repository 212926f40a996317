import { listObjects, type Call } from './calls.js';
import type { Answer, Client } from './client.js';
import { jsonObject, malformed } from './errors.js';
import type { AttemptError } from './retry.js';
import type { Semaphore } from './semaphore.js';
import { StoreError, type ListedObject } from './store.js';

interface Page {
  readonly objects: readonly ListedObject[];
  /** Marker of the next page; undefined on the last. */
  readonly next: string | undefined;
}

/**
 * Every object below `prefix`, page by page.
 * @param turn one page at a time in the whole store: the service throttles listings
 * @throws StoreError `outage` when the server's pages do not advance
 */
export async function* listPages(
  client: Client,
  prefix: string,
  turn: Semaphore,
  signal: AbortSignal,
): AsyncGenerator<readonly ListedObject[], void, undefined> {
  const seen = new Set<string>();
  for (let marker = ''; ;) {
    const call = listObjects(prefix, marker);
    const page = await turn.hold(signal, () => client.run(call, signal, (answer) => readPage(answer, call)));
    if (page.objects.length > 0) yield page.objects;
    if (page.next === undefined) return;
    if (seen.has(page.next))
      throw new StoreError('outage', `the listing of ${prefix} does not advance: the same marker came twice`);
    seen.add(page.next);
    marker = page.next;
  }
}

function readPage({ response, blame }: Answer, call: Call): Page {
  const fail = (what: string): AttemptError => malformed(`the listing's ${what}`, response, call, blame);
  const { keys, has_more: hasMore, next_marker: nextMarker } = jsonObject(response, call, blame);
  if (!Array.isArray(keys)) throw fail('keys are missing');
  const objects = keys.map((entry) => {
    const object = readObject(entry);
    if (object === undefined) throw fail('entries are not objects with key and size');
    return object;
  });
  const marker = typeof nextMarker === 'string' ? nextMarker : '';
  // Old services leave has_more out: then the marker tells.
  const more = typeof hasMore === 'boolean' ? hasMore : marker !== '';
  if (more && marker === '') throw fail('next_marker is missing');
  return { objects, next: more ? marker : undefined };
}

function readObject(entry: unknown): ListedObject | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const { key, size, modified, etag, mime_type: mimeType } = entry as Record<string, unknown>;
  if (typeof key !== 'string' || key === '') return undefined;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return undefined;
  if (typeof modified !== 'number' || !Number.isFinite(modified)) return undefined;
  return {
    key,
    size,
    modified,
    etag: typeof etag === 'string' ? etag.replaceAll('"', '') : '',
    mimeType: typeof mimeType === 'string' ? mimeType : '',
  };
}
