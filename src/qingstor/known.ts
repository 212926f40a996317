import type { Remote } from './inventory.js';
import type { LocalFile } from './local.js';

/** What a file was when an object was last known to have its content. */
export interface KnownFile {
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ino: bigint;
  /** The object's, as the service told it. */
  readonly etag: string;
}

/**
 * Remembers across restarts what was transferred, by key (docs/qingstor.md, "Index"). Losing an entry, or all, costs
 * only certainty: size and time decide then. Nothing here rejects.
 */
export interface KnownFiles {
  /** Makes `get` answer for these keys until they are unloaded. */
  load(keys: readonly string[]): Promise<void>;
  unload(keys: readonly string[]): void;
  get(key: string): KnownFile | undefined;
  put(key: string, known: KnownFile): void;
  drop(key: string): void;
  /** A rename on the server. */
  carry(from: string, to: string): Promise<void>;
  /** Writes what was put; to be called at the end of a run. */
  flush(): Promise<void>;
  /** Everything from now on until `sweep` that is got or put is there; `sweep` forgets nearly all that is not. */
  beginSweep(): void;
  sweep(): Promise<void>;
  close(): Promise<void>;
}

/** `confirmed`: the object has the file's content; `doubtful`: only the content tells; `unknown`: no entry. */
export type Judgement = 'confirmed' | 'doubtful' | 'unknown';

const isMd5 = (etag: string): boolean => /^[0-9a-f]{32}$/i.test(etag);

/** What an entry says about a file and an object of equal size. The entry is never trusted over what the server lists. */
export function judge(known: KnownFile | undefined, local: LocalFile, remote: Remote): Judgement {
  if (known === undefined) return 'unknown';
  const sameObject = known.size === remote.size && sameEtag(known.etag, remote.etag);
  const sameFile = known.size === local.size && known.mtimeNs === local.mtimeNs && known.ino === local.ino;
  return sameObject && sameFile ? 'confirmed' : 'doubtful';
}

/** The ETag of an upload in parts is no checksum, and a listing may tell it otherwise than the upload's answer. */
function sameEtag(known: string, listed: string): boolean {
  return known.toLowerCase() === listed.toLowerCase() || !isMd5(known);
}
