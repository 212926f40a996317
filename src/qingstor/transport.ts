import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici';

/** A signed request. */
export interface HttpRequest {
  readonly method: string;
  /** `http://host:port`. */
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | AsyncIterable<Uint8Array> | null;
  readonly signal: AbortSignal;
}

/** A whole answer. */
export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface TransportOptions {
  /** Per host. */
  readonly connections: number;
  readonly protocol: 'http' | 'https';
  readonly connectTimeoutMs: number;
  /** Longest silence of the server. */
  readonly idleTimeoutMs: number;
  /** For the proxy variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** No answer was had. Holds neither headers nor body. */
export class TransportError extends Error {
  override readonly name = 'TransportError';

  constructor(
    /** Of undici, Node or OpenSSL: ECONNREFUSED, UND_ERR_HEADERS_TIMEOUT, … */
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** The local side could not go on giving the body; ends the request. */
export class BodyError extends Error {
  override readonly name = 'BodyError';

  constructor(
    /** `short`: the file ended early; `unreadable`: reading failed. */
    readonly kind: 'short' | 'unreadable',
    message: string,
  ) {
    super(message);
  }
}

/** Far above a listing of 1000 keys of 1023 bytes, each byte escaped. */
const largestAnswer = 32 * 1024 * 1024;

/** HTTP/1.1 over undici: keep-alive pool, streamed bodies, every wait bounded. */
export class Transport {
  readonly #dispatcher: Dispatcher;

  /** @throws TypeError when the proxy variable is no URL */
  constructor(private readonly options: TransportOptions) {
    this.#dispatcher = dispatcherFor(options);
  }

  /**
   * One request, one answer of any status.
   * @throws TransportError, the signal's reason, or what the body's iterator throws
   */
  send(request: HttpRequest): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      const handler = new Collector(request.signal, this.options.idleTimeoutMs * 10, resolve, reject);
      try {
        request.signal.throwIfAborted();
        this.#dispatcher.dispatch(
          {
            origin: request.origin,
            path: request.path,
            method: request.method,
            headers: request.headers,
            // Undici takes async iterables, its type leaves them out.
            body: request.body as Exclude<Dispatcher.DispatchOptions['body'], undefined>,
            headersTimeout: this.options.idleTimeoutMs,
            bodyTimeout: this.options.idleTimeoutMs,
          },
          handler,
        );
      } catch (error) {
        handler.onResponseError(undefined, error as Error);
      }
    });
  }

  /** Ends connections at once; requests under way fail. */
  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }
}

function dispatcherFor({ connections, connectTimeoutMs, env, protocol }: TransportOptions): Dispatcher {
  const connect = { timeout: connectTimeoutMs };
  const agent = { connections, pipelining: 1, keepAliveTimeout: 15_000, connect };
  const variable = (name: string): string => env[name] ?? env[name.toUpperCase()] ?? '';
  const proxy = variable(`${protocol}_proxy`) || variable('all_proxy');
  if (proxy === '') return new Agent(agent);
  return new EnvHttpProxyAgent({
    ...agent,
    httpProxy: proxy,
    httpsProxy: proxy,
    noProxy: variable('no_proxy'),
    // Plain http goes to the proxy as absolute URIs, as other clients do.
    proxyTunnel: false,
    proxyTls: connect,
    requestTls: connect,
  });
}

/** Gathers one answer; settles exactly once; hears the abort signal also while the request is queued. */
class Collector implements Dispatcher.DispatchHandler {
  #status = 0;
  readonly #headers: Record<string, string> = {};
  #size = 0;
  #ended = false;
  #controller: Dispatcher.DispatchController | undefined;
  #slow: NodeJS.Timeout | undefined;
  readonly #chunks: Buffer[] = [];
  readonly #onAbort: () => void;

  constructor(
    private readonly signal: AbortSignal,
    private readonly answerTimeoutMs: number,
    private readonly resolve: (response: HttpResponse) => void,
    private readonly reject: (error: Error) => void,
  ) {
    this.#onAbort = () => this.#fail(signal.reason as Error);
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#ended) controller.abort(new Error('given up'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (status < 200) return;
    this.#status = status;
    for (const [name, value] of Object.entries(headers))
      if (value !== undefined) this.#headers[name] = Array.isArray(value) ? (value[0] ?? '') : value;
    // The idle time-out does not end an answer that drips.
    this.#slow = setTimeout(
      () => this.#fail(new TransportError('ANSWER_TIMEOUT', 'the answer did not end in time')),
      this.answerTimeoutMs,
    );
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > largestAnswer)
      this.#fail(new TransportError('ANSWER_TOO_LARGE', 'the answer is too large'));
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (!this.#end()) return;
    this.resolve({ status: this.#status, headers: this.#headers, body: Buffer.concat(this.#chunks) });
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#end()) this.reject(known(error));
  }

  #fail(error: Error): void {
    if (!this.#end()) return;
    this.#controller?.abort(error);
    this.reject(error);
  }

  #end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    clearTimeout(this.#slow);
    this.signal.removeEventListener('abort', this.#onAbort);
    return true;
  }
}

/** Errors of undici, sockets and TLS become TransportErrors; those of our bodies stay what they are. */
function known(error: Error): Error {
  if (error instanceof BodyError || error instanceof TransportError) return error;
  const { code = error.name === 'HTTPParserError' ? 'HPE_INVALID' : 'UNKNOWN' } =
    error as NodeJS.ErrnoException;
  // Never as `cause`: the code and message are enough, and nothing else can leak.
  return new TransportError(code, error.message);
}
