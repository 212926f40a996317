import type { Bucket, Buckets } from './buckets.js';
import type { ContentStore } from './content.js';
import { bucketNotExists } from './errors.js';
import type { Exchange } from './exchange.js';
import { checkKey } from './limits.js';

/** What the calls work on. */
export interface World {
  readonly buckets: Buckets;
  readonly contents: ContentStore;
  /** Zone of buckets created without one. */
  readonly zone: string;
  readonly accessKey: string;
  readonly now: () => number;
}

/** Does one call and answers; throws QsError to refuse it. */
export type Handler = (exchange: Exchange, world: World) => Promise<void>;

/** The bucket a request is about. @throws QsError */
export function bucketOf({ target }: Exchange, { buckets }: World): Bucket {
  if (target.bucket === undefined) throw bucketNotExists();
  return buckets.get(target.bucket);
}

/** The key a request is about. @throws QsError */
export function keyOf({ target }: Exchange): string {
  const key = target.key ?? '';
  checkKey(key);
  return key;
}

/** `Last-Modified` and the like. */
export function httpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

/** Times in JSON: whole seconds, written with `.000`, which qsctl insists on. */
export function isoDate(ms: number): string {
  return new Date(Math.floor(ms / 1000) * 1000).toISOString();
}
