/** QingStor's own names of its calls, and `Unknown` for what is none. */
export type Operation =
  | 'ListBuckets'
  | 'HeadBucket'
  | 'PutBucket'
  | 'DeleteBucket'
  | 'GetBucketStatistics'
  | 'ListObjects'
  | 'DeleteMultipleObjects'
  | 'ListMultipartUploads'
  | 'PutObject'
  | 'CopyObject'
  | 'MoveObject'
  | 'GetObject'
  | 'HeadObject'
  | 'DeleteObject'
  | 'InitiateMultipartUpload'
  | 'UploadMultipart'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'ListMultipart'
  | 'Unknown';

/** One request, as far as it came. */
export interface LoggedRequest {
  readonly operation: Operation;
  readonly method: string;
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  readonly query: ReadonlyMap<string, string>;
  /** As sent, without Authorization. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined while under way and when no answer was given. */
  status: number | undefined;
  /** Code of the error answered. */
  code: string | undefined;
  /** Bytes of the body received. */
  received: number;
  /** Name of the fault that struck. */
  fault: string | undefined;
  ended: boolean;
}

/** Every request since the start or the last clear. */
export class RequestLog {
  readonly #requests: LoggedRequest[] = [];
  readonly #running = new Map<Operation, number>();
  readonly #peaks = new Map<Operation, number>();

  get all(): readonly LoggedRequest[] {
    return this.#requests;
  }

  add(request: LoggedRequest): void {
    this.#requests.push(request);
    const running = (this.#running.get(request.operation) ?? 0) + 1;
    this.#running.set(request.operation, running);
    this.#peaks.set(request.operation, Math.max(running, this.peak(request.operation)));
  }

  end(request: LoggedRequest): void {
    if (request.ended) return;
    request.ended = true;
    this.#running.set(request.operation, (this.#running.get(request.operation) ?? 1) - 1);
  }

  /** How many requests there were, of these operations or at all. */
  count(...operations: readonly Operation[]): number {
    return operations.length === 0 ? this.#requests.length : this.of(...operations).length;
  }

  of(...operations: readonly Operation[]): LoggedRequest[] {
    return this.#requests.filter(({ operation }) => operations.includes(operation));
  }

  /** Requests by operation, for a comparison in one go. */
  counts(): Partial<Record<Operation, number>> {
    const counts: Partial<Record<Operation, number>> = {};
    for (const { operation } of this.#requests) counts[operation] = (counts[operation] ?? 0) + 1;
    return counts;
  }

  /** Requests that have neither been answered nor broken off. */
  get underWay(): number {
    return [...this.#running.values()].reduce((sum, n) => sum + n, 0);
  }

  /** The most requests of an operation that were under way at once. */
  peak(operation: Operation): number {
    return this.#peaks.get(operation) ?? 0;
  }

  clear(): void {
    this.#requests.length = 0;
    this.#peaks.clear();
  }
}
