import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Buckets, type Bucket } from './buckets.js';
import { ContentStore } from './content.js';
import { QsError } from './errors.js';
import { Exchange, pause } from './exchange.js';
import { Faults } from './faults.js';
import { Journal } from './journal.js';
import { limits } from './limits.js';
import { RequestLog, type LoggedRequest } from './request-log.js';
import { handlers, operationOf } from './router.js';
import { checkSignature } from './signature.js';
import { readTarget, type Target } from './target.js';
import type { World } from './world.js';

export interface ServerOptions {
  /** A free one by default. */
  readonly port?: number;
  /** Buckets that are there from the start. */
  readonly buckets?: readonly string[];
  readonly accessKey?: string;
  readonly secretKey?: string;
  /** Zone of the buckets; `pek3a` by default. */
  readonly zone?: string;
  /** Host name below which buckets and zones are names; `qs.test` by default. `localhost` and the real one are too. */
  readonly host?: string;
  /** Bytes that every part but the last must have; the service's 4 MiB by default. */
  readonly minimumPart?: number;
  /** Milliseconds before each answer, as a far server's. */
  readonly latencyMs?: number;
  /** Milliseconds since 1970 as the server sees them. */
  readonly now?: () => number;
}

const zones = ['pek3a', 'pek3b', 'sh1a', 'gd2'];

/**
 * A QingStor of the project's own, for tests and the demo: everything the spec page names over plain HTTP, objects
 * in memory or temporary files, each request's signature checked. Faults make it behave badly.
 */
export class QingStor {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly zone: string;
  readonly host: string;
  /** Changes of the buckets. */
  readonly journal: Journal;
  /** Requests received. */
  readonly requests = new RequestLog();
  readonly faults = new Faults();
  latencyMs: number;
  readonly #buckets: Buckets;
  readonly #contents = new ContentStore();
  readonly #world: World;
  readonly #hosts: readonly string[];
  readonly #now: () => number;
  #server: Server | undefined;
  #port = 0;

  constructor(options: ServerOptions = {}) {
    this.accessKey = options.accessKey ?? `QYACCESSKEY${randomBytes(5).toString('hex').toUpperCase()}`;
    this.secretKey = options.secretKey ?? randomBytes(20).toString('hex');
    this.zone = options.zone ?? 'pek3a';
    this.host = options.host ?? 'qs.test';
    this.latencyMs = options.latencyMs ?? 0;
    this.#hosts = [this.host, 'localhost', 'qingstor.com'];
    this.#now = options.now ?? Date.now;
    this.journal = new Journal(this.#now);
    this.#buckets = new Buckets(this.journal, this.#now, options.minimumPart ?? limits.partBytes);
    for (const name of options.buckets ?? []) this.#buckets.create(name, this.zone);
    this.#world = {
      buckets: this.#buckets,
      contents: this.#contents,
      zone: this.zone,
      accessKey: this.accessKey,
      now: this.#now,
    };
  }

  get port(): number {
    return this.#port;
  }

  /** `http://127.0.0.1:PORT`, for path style. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** A bucket to look into. @throws QsError when there is none */
  bucket(name: string): Bucket {
    return this.#buckets.get(name);
  }

  createBucket(name: string, zone = this.zone): Bucket {
    return this.#buckets.create(name, zone);
  }

  /** Puts an object without a request. */
  async put(bucket: string, key: string, text: string | Buffer, contentType?: string): Promise<void> {
    const content = await this.#contents.take(one(Buffer.from(text)), () => undefined);
    const properties = { contentType: contentType ?? 'application/octet-stream', headers: {} };
    await this.bucket(bucket).objects.put(key, content, properties, content.md5.toString('hex'));
  }

  /** An object's bytes as text; undefined when there is none. */
  async text(bucket: string, key: string): Promise<string | undefined> {
    return (await this.bucket(bucket).objects.get(key)?.content.bytes())?.toString('utf8');
  }

  /** Lines of a qsctl config file for this server. */
  get config(): string {
    return [
      `access_key_id: '${this.accessKey}'`,
      `secret_access_key: '${this.secretKey}'`,
      'host: 127.0.0.1',
      `port: ${this.#port}`,
      'protocol: http',
      '',
    ].join('\n');
  }

  /** Listens, on the same port as before if it did. */
  async listen(port = this.#port): Promise<void> {
    const server = createServer((request, response) => void this.#handle(request, response));
    // Idle connections stay: one closed just as a client uses it again would look like a fault nobody set.
    server.keepAliveTimeout = 0;
    server.requestTimeout = 0;
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Breaks all connections and refuses new ones, until `listen`; what is stored stays. */
  async goDown(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  /** Ends for good; nothing is left. */
  async close(): Promise<void> {
    await this.goDown();
    this.#contents.close();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let exchange: Exchange | undefined;
    try {
      const { method = '' } = request;
      const names = { hosts: this.#hosts, zones: new Set([...zones, this.zone]) };
      const target = this.#read(request, response, names);
      if (target === undefined) return;
      const operation = operationOf(method, target, (header) => header in request.headers);
      const { bucket, key, query } = target;
      const part = query.get('part_number');
      const struck = { operation, bucket, key, part: part === undefined ? undefined : Number(part) };
      const fault = this.faults.strike(struck);
      const logged: LoggedRequest = {
        operation,
        method,
        bucket,
        key,
        query,
        headers: plainHeaders(request),
        status: undefined,
        code: undefined,
        received: 0,
        fault: fault?.kind,
        ended: false,
      };
      this.requests.add(logged);
      response.once('close', () => this.requests.end(logged));
      exchange = new Exchange(request, response, target, logged, fault, this.#now);
      if (this.latencyMs > 0) await pause(this.latencyMs, response);
      if (await this.#spoil(exchange, response)) return;
      this.#redirect(target);
      checkSignature(
        { method, headers: request.headers, target },
        (accessKey) => (accessKey === this.accessKey ? this.secretKey : undefined),
        this.#now(),
      );
      await handlers[operation](exchange, this.#world);
    } catch (error) {
      await this.#fail(error, exchange, response);
    }
  }

  /** What the request is about; undefined when it was answered as unreadable. */
  #read(
    request: IncomingMessage,
    response: ServerResponse,
    names: Parameters<typeof readTarget>[2],
  ): Target | undefined {
    try {
      return readTarget(request.url ?? '/', request.headers.host, names);
    } catch (error) {
      if (!(error instanceof QsError)) throw error;
      response.writeHead(error.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ code: error.code, message: error.message, request_id: '', url: '' }));
      return undefined;
    }
  }

  /** The faults that come before the work. @returns whether the request is done with */
  async #spoil(exchange: Exchange, response: ServerResponse): Promise<boolean> {
    const { fault } = exchange;
    switch (fault?.kind) {
      case 'reset':
        if (fault.at === 'body') await exchange.drain();
        else if (fault.at === 'middle') await exchange.start();
        exchange.reset();
        return true;
      case 'down':
        await this.goDown();
        return true;
      case 'hang':
        await exchange.drain();
        return true;
      case 'delay':
        await pause(fault.ms, response);
        return exchange.gone;
      case 'status':
        if (fault.early !== true) await exchange.drain();
        if (fault.code === undefined) exchange.sendRaw(fault.status, fault.headers ?? {}, fault.body ?? '');
        else
          await exchange.refuse(
            new QsError(fault.status, fault.code, fault.message ?? 'As the test asked.', fault.headers),
          );
        return true;
      case undefined:
      case 'lost-answer':
      case 'slow':
      case 'cut':
      case 'etag':
      case 'body':
      case 'length':
      case 'refuse-keys':
        return false;
    }
  }

  /** Below a host's name a bucket answers in its own zone only. @throws QsError 307 */
  #redirect({ named, bucket, key, zone, style, host, rawPath, url }: Target): void {
    if (!named || bucket === undefined) return;
    const home = this.#buckets.find(bucket)?.zone;
    if (home === undefined || zone === home) return;
    const path = style === 'virtual-host' ? rawPath : rawPath.slice(bucket.length + 1) || '/';
    const at = url.indexOf('?');
    throw new QsError(307, 'temporary_redirect', `The bucket is in zone ${home}.`, {
      location: `http://${bucket}.${home}.${host}${key === undefined ? '/' : path}${at < 0 ? '' : url.slice(at)}`,
    });
  }

  async #fail(error: unknown, exchange: Exchange | undefined, response: ServerResponse): Promise<void> {
    if (exchange === undefined || exchange.gone || response.headersSent) {
      response.destroy();
      return;
    }
    const refusal = error instanceof QsError ? error : new QsError(500, 'internal_error', String(error));
    await exchange.refuse(refusal);
  }
}

/** Starts a server; see ServerOptions. */
export async function startServer(options: ServerOptions = {}): Promise<QingStor> {
  const server = new QingStor(options);
  await server.listen(options.port ?? 0);
  return server;
}

function plainHeaders(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers))
    if (name !== 'authorization') headers[name] = String(value);
  return headers;
}

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(bytes);
}
