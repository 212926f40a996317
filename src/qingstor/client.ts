import type { QingStorAccount } from './account.js';
import { headBucket, listObjects, type Call } from './calls.js';
import { fromResponse, fromTransport, requestIdOf, type Blame } from './errors.js';
import { AttemptError, withRetry, type RetryPolicy } from './retry.js';
import { SdkSession } from './sdk.js';
import type { Semaphore } from './semaphore.js';
import { StoreError } from './store.js';
import { TransportError, type HttpResponse, type Transport } from './transport.js';
import { hostOf, zoneInLocation, type Address } from './zone.js';

export interface ClientOptions {
  readonly account: QingStorAccount;
  readonly bucket: string;
  readonly address: Address;
  /** The zone is not known and must be asked for. */
  readonly discover: boolean;
  readonly transport: Pick<Transport, 'send'>;
  /** Attempts under way at once. */
  readonly slots: Semaphore;
  readonly policy: RetryPolicy;
}

/** A successful answer, and what is needed to find fault with it. */
export interface Answer {
  readonly response: HttpResponse;
  readonly blame: Blame;
  /** From 0. */
  readonly attempt: number;
}

/** Refused writes in a row, none ever granted, after which the access key is taken for one that may not write. */
const refusalsToBelieve = 3;

/**
 * Carries out calls: finds the zone, checks the bucket once, retries, follows redirects to another zone by signing
 * anew, and turns what fails into StoreErrors.
 */
export class Client {
  readonly #session: SdkSession;
  readonly #closing = new AbortController();
  #address: Address;
  #ready: Promise<void> | undefined;
  #zoneKnown: boolean;
  #granted = false;
  #refused = 0;

  constructor(private readonly options: ClientOptions) {
    this.#session = new SdkSession(options.account, options.bucket, options.transport, () =>
      options.policy.clock.now(),
    );
    this.#address = options.address;
    this.#zoneKnown = !options.discover;
  }

  /**
   * Runs a call to its end; `read` judges a successful answer and may throw an AttemptError to have it repeated.
   * @throws StoreError; the signal's reason; what `read` or the call's body throws
   */
  async run<T>(call: Call, signal: AbortSignal, read: (answer: Answer) => T): Promise<T> {
    await this.#whenReady(signal);
    try {
      const result = await this.#retrying(call, signal, read);
      if (call.key !== undefined) this.#granted = true;
      return result;
    } catch (error) {
      throw this.#judge(error, call);
    }
  }

  /** Which bucket of which service; the zone may yet be found and is left out, since names are the service's. */
  get place(): { readonly service: string; readonly bucket: string } {
    const { bucket, address } = this.options;
    return { service: hostOf({ ...address, zone: '' }, undefined), bucket };
  }

  /** Lets waiting readiness checks end. */
  close(): void {
    this.#closing.abort(new Error('the store is closed'));
  }

  /** Three refused writes and none granted: a key without the right to write, not three odd objects. */
  #judge(error: unknown, call: Call): unknown {
    if (!(error instanceof StoreError) || error.details.status !== 403 || call.key === undefined)
      return error;
    this.#refused++;
    if (this.#granted || error.scope !== 'object' || this.#refused < refusalsToBelieve) return error;
    return new StoreError('store', error.message, error.details);
  }

  #retrying<T>(call: Call, signal: AbortSignal, read: (answer: Answer) => T): Promise<T> {
    const { policy, slots } = this.options;
    return withRetry(
      (attempt) =>
        slots.hold(signal, async () => {
          const response = await this.#send(call, signal);
          return read({ response, blame: this.#blame(), attempt });
        }),
      policy,
      signal,
    );
  }

  /** One attempt, and one more when the answer says that the bucket is in another zone. */
  async #send(call: Call, signal: AbortSignal): Promise<HttpResponse> {
    for (let redirected = false; ; redirected = true) {
      const response = await this.#attempt(call, signal);
      if (call.expect.includes(response.status) || this.#alsoFine(response, call)) return response;
      const zone = redirected || call.anonymous === true ? undefined : this.#zoneIn(response);
      if (zone === undefined) throw fromResponse(response, call, this.#blame());
      this.#address = { ...this.#address, zone };
    }
  }

  /** Another 2xx than documented, but signed by QingStor with its request id. */
  #alsoFine(response: HttpResponse, call: Call): boolean {
    const success = response.status >= 200 && response.status < 300;
    return success && requestIdOf(response) !== undefined && call.anonymous !== true;
  }

  #zoneIn({ status, headers }: HttpResponse): string | undefined {
    if (status < 300 || status >= 400) return undefined;
    const zone = zoneInLocation(headers['location'], this.options.bucket, this.#address);
    return zone === this.#address.zone ? undefined : zone;
  }

  async #attempt(call: Call, signal: AbortSignal): Promise<HttpResponse> {
    try {
      return await this.#session.send(call, this.#address, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof TransportError) throw fromTransport(error, call, this.#blame());
      if (error instanceof URIError)
        throw new AttemptError(new StoreError('object', `${call.what} a name that is not Unicode`), false);
      throw error;
    }
  }

  #blame(): Blame {
    return {
      bucket: this.options.bucket,
      host: hostOf(this.#address, this.#address.virtual ? this.options.bucket : undefined),
      now: this.options.policy.clock.now(),
      redact: (text) => this.options.account.redact(text),
    };
  }

  /** The check is shared by all callers and outlives any one of them; a failed one is made again by the next call. */
  async #whenReady(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#ready === undefined) {
      const check = this.#prepare(this.#closing.signal);
      this.#ready = check;
      check.catch(() => {
        if (this.#ready === check) this.#ready = undefined;
      });
    }
    await raced(this.#ready, signal);
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    if (!this.#zoneKnown) await this.#discover(signal);
    try {
      await this.#retrying(headBucket(), signal, () => undefined);
    } catch (error) {
      if (!(error instanceof StoreError) || (error.details.status !== 401 && error.details.status !== 403))
        throw error;
      await this.#explain(signal);
    }
  }

  /** HEAD says only 401 or 403: a GET tells why. A key that may write but not look is left to its own calls. */
  async #explain(signal: AbortSignal): Promise<void> {
    const call = { ...listObjects('', ''), what: 'access to' };
    try {
      await this.#retrying(call, signal, () => undefined);
    } catch (error) {
      const code = error instanceof StoreError ? error.details.code : undefined;
      if (code !== 'permission_denied') throw error;
    }
  }

  /** The unsigned HEAD of spec/qingstor.md, "URLs". */
  async #discover(signal: AbortSignal): Promise<void> {
    const call = headBucket(true);
    const { bucket, policy, slots } = this.options;
    const zone = await withRetry(
      () =>
        slots.hold(signal, async () => {
          const response = await this.#attempt(call, signal);
          const found = this.#zoneIn(response);
          if (found !== undefined) return found;
          const { failure, retry, retryAfterMs } = fromResponse(response, call, this.#blame());
          const remedy = failure.details.code === 'bucket_not_exists' ? failure.details.remedy : undefined;
          throw new AttemptError(
            new StoreError(
              failure.scope,
              `the zone of bucket ${bucket} cannot be found: ${failure.message}`,
              {
                ...failure.details,
                remedy:
                  remedy ??
                  'set zone in the QingStor config file, or check endpoint, host, port and protocol',
              },
            ),
            retry,
            retryAfterMs,
          );
        }),
      policy,
      signal,
    );
    this.#address = { ...this.#address, zone };
    this.#zoneKnown = true;
  }
}

/** `promise`, or the signal's reason as soon as it aborts. */
async function raced<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
}
