import type { BytePath } from '../core/bytes.js';

/** A kind of failure, named after who is to mend it; see StoreError. */
export type StoreScope = 'outage' | 'store' | 'object' | 'vanished' | 'unreadable' | 'changing' | 'missing';

/** What is known about a failure besides its message; never a secret. */
export interface StoreErrorDetails {
  /** HTTP status. */
  readonly status?: number;
  /** The service's code (`bucket_not_exists`), errno's or undici's name. */
  readonly code?: string;
  /** The service's own mark of the request, for its support. */
  readonly requestId?: string;
  /** What the user can do about it. */
  readonly remedy?: string;
}

/** An object as a listing shows it. */
export interface ListedObject {
  readonly key: string;
  readonly size: number;
  /** Seconds since 1970. */
  readonly modified: number;
  /** Without quotes; empty when the service knows none. */
  readonly etag: string;
  readonly mimeType: string;
}

/** A local file to upload and the key it gets. */
export interface UploadSource {
  /** Absolute; a symlink is followed. */
  readonly path: BytePath;
  readonly key: string;
}

/** The state of the file that was uploaded. */
export interface Uploaded {
  readonly bytes: number;
  readonly etag: string;
  readonly mtimeNs: bigint;
  readonly ino: bigint;
  readonly size: number;
}

/** A key the service did not delete, and why. */
export interface RefusedKey {
  readonly key: string;
  readonly message: string;
}

/**
 * The port to an object storage bucket. Every call may be repeated, several may run at once; each rejects with a
 * StoreError, or with the signal's reason when it aborts.
 */
export interface ObjectStore {
  /** All objects whose key begins with `prefix`, page by page, in no certain order. */
  list(prefix: string, signal: AbortSignal): AsyncIterable<readonly ListedObject[]>;
  /**
   * Uploads a file, replacing the object. What is in the bucket afterwards is a state the file was in, and the file
   * is still in it when this resolves.
   */
  upload(source: UploadSource, signal: AbortSignal): Promise<Uploaded>;
  /** Writes the empty object that stands for a directory; `key` ends with a slash. */
  putMarker(key: string, signal: AbortSignal): Promise<void>;
  /** Renames an object on the server, replacing what is at `to`. Rejects with `missing` when there is none. */
  move(from: string, to: string, signal: AbortSignal): Promise<void>;
  /** Deletes objects, any number of them; absent ones are fine. Resolves with those refused one by one. */
  remove(keys: readonly string[], signal: AbortSignal): Promise<readonly RefusedKey[]>;
  /**
   * Aborts the multipart uploads below `prefix` that this program began and left behind (killed, or cut off from the
   * service), if it is certain that they are ours. What cannot be aborted is a warning, never a failure.
   * @returns how many were aborted
   */
  abortUnfinished(prefix: string, signal: AbortSignal): Promise<number>;
  /** Ends calls under way (they reject) and connections. */
  close(): Promise<void>;
}

/** Thrown by every call above when it did not succeed after the retries that make sense. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  constructor(
    /**
     * Who is to mend it. `outage`: connection errors, time-outs, 429, 5xx after retries; `store`: nothing with this
     * target can work until a person mends it (wrong key, no such bucket, no permission on the bucket, clock
     * skew, not a QingStor server, delinquent account); `object`: only this key or file (permission, entity too large, bad name);
     * `vanished`: the local file is gone; `unreadable`: it cannot be read; `changing`: it changed during every attempt;
     * `missing`: the source object of a move or copy does not exist (404).
     */
    readonly scope: StoreScope,
    message: string,
    readonly details: StoreErrorDetails = {},
  ) {
    super(message);
  }
}
