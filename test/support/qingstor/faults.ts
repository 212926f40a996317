import type { Operation } from './request-log.js';

/** Which requests a fault strikes; what is left out does not matter. */
export interface Where {
  readonly operation?: Operation | readonly Operation[];
  readonly bucket?: string;
  readonly key?: string | RegExp;
  /** Part number of a multipart upload. */
  readonly part?: number;
  /** How many that fit are let through first (0). */
  readonly after?: number;
  /** How many are struck (1); Infinity for all. */
  readonly times?: number;
}

/** What happens to a request that is struck. */
export type Harm =
  /** The connection is reset at once, `at` the request's head, in the `middle` or after its `body`; nothing is done. */
  | { readonly kind: 'reset'; readonly at?: 'head' | 'middle' | 'body' }
  /** The server goes away: all connections break and new ones are refused, until it listens again. */
  | { readonly kind: 'down' }
  /** What was asked for is done, but the connection breaks in place of the answer. */
  | { readonly kind: 'lost-answer' }
  /** No answer, ever; nothing is done. */
  | { readonly kind: 'hang' }
  /** Waits before anything is done. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** What was asked for is done; the answer drips: so many bytes (1) every so many ms. */
  | { readonly kind: 'slow'; readonly ms: number; readonly bytes?: number }
  /** What was asked for is done; the answer's body breaks off after so many bytes (half of it). */
  | { readonly kind: 'cut'; readonly bytes?: number }
  /** Another answer; nothing is done. Without a code the body is `body` or nothing, and no request id is sent. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly code?: string;
      readonly message?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
      /** Answers before the request's body was read. */
      readonly early?: boolean;
    }
  /** What was asked for is done; the answer names this ETag; `undefined` leaves it out. */
  | { readonly kind: 'etag'; readonly etag?: string }
  /** What was asked for is done; the answer has this body in place of its own. */
  | { readonly kind: 'body'; readonly body: string }
  /** What was asked for is done; the answer's Content-Length is so many bytes more (or less) than its body. */
  | { readonly kind: 'length'; readonly by: number }
  /** Single keys of a DeleteMultipleObjects are refused with this code; the others are done. */
  | { readonly kind: 'refuse-keys'; readonly keys: RegExp; readonly code: string; readonly message?: string };

export type Fault = Where & Harm;

/** A request as faults see it. */
export interface Struck {
  readonly operation: Operation;
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  readonly part: number | undefined;
}

/** A fault that was set. */
export interface ActiveFault {
  /** How many requests it has struck. */
  readonly struck: number;
  remove(): void;
}

class Entry implements ActiveFault {
  struck = 0;
  #passed = 0;

  constructor(
    readonly fault: Fault,
    readonly remove: () => void,
  ) {}

  /** Whether it strikes this request; counts. */
  strikes(request: Struck): boolean {
    if (!matches(this.fault, request) || this.struck >= (this.fault.times ?? 1)) return false;
    if (this.#passed++ < (this.fault.after ?? 0)) return false;
    this.struck++;
    return true;
  }
}

/** The faults that are set; the first that fits strikes. */
export class Faults {
  readonly #entries = new Set<Entry>();

  add(fault: Fault): ActiveFault {
    const entry: Entry = new Entry(fault, () => this.#entries.delete(entry));
    this.#entries.add(entry);
    return entry;
  }

  clear(): void {
    this.#entries.clear();
  }

  /** The fault for a request, if any; it counts as having struck. */
  strike(request: Struck): Fault | undefined {
    for (const entry of this.#entries) if (entry.strikes(request)) return entry.fault;
    return undefined;
  }
}

function matches({ operation, bucket, key, part }: Where, request: Struck): boolean {
  if (operation !== undefined && ![operation].flat().includes(request.operation)) return false;
  if (bucket !== undefined && bucket !== request.bucket) return false;
  if (part !== undefined && part !== request.part) return false;
  if (key === undefined) return true;
  if (request.key === undefined) return false;
  return typeof key === 'string' ? key === request.key : new RegExp(key.source, key.flags).test(request.key);
}
