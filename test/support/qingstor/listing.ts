import { rank, type StoredObject } from './objects.js';

export interface ListingQuery {
  readonly prefix: string;
  readonly delimiter: string;
  /** The last entry of the page before. */
  readonly marker: string;
  readonly limit: number;
}

export interface Page {
  readonly objects: readonly StoredObject[];
  readonly commonPrefixes: readonly string[];
  readonly hasMore: boolean;
  /** Where the next page begins; empty on the last. */
  readonly nextMarker: string;
}

/**
 * One page of a listing: the objects below a prefix after the marker, those with the delimiter behind the prefix
 * rolled up into common prefixes. Objects and common prefixes count alike.
 */
export function listPage(sorted: readonly StoredObject[], query: ListingQuery): Page {
  const { prefix, delimiter, marker, limit } = query;
  const objects: StoredObject[] = [];
  const commonPrefixes: string[] = [];
  let last = '';
  let rolled: string | undefined;
  for (let at = firstAfter(sorted, marker); at < sorted.length; at++) {
    const object = sorted[at]!;
    const { key } = object;
    if (!key.startsWith(prefix)) continue;
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const common = cut < 0 ? undefined : key.slice(0, cut + delimiter.length);
    if (common !== undefined && (common === rolled || isBehind(marker, common))) continue;
    if (objects.length + commonPrefixes.length === limit)
      return { objects, commonPrefixes, hasMore: true, nextMarker: last };
    rolled = common;
    last = common ?? key;
    if (common === undefined) objects.push(object);
    else commonPrefixes.push(common);
  }
  return { objects, commonPrefixes, hasMore: false, nextMarker: '' };
}

/** Whether the marker says that this common prefix was given on an earlier page. */
function isBehind(marker: string, common: string): boolean {
  return marker.startsWith(common);
}

function firstAfter(sorted: readonly StoredObject[], marker: string): number {
  if (marker === '') return 0;
  const limit = rank(marker);
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (Buffer.compare(rank(sorted[middle]!.key), limit) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}
