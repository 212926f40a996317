import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { QsError, badDigest, invalidArgument } from './errors.js';
import type { Fault } from './faults.js';
import { limits } from './limits.js';
import type { LoggedRequest } from './request-log.js';
import type { Target } from './target.js';

/** What an answer carries. */
export interface Answer {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | { readonly length: number; readonly chunks: AsyncIterable<Buffer> };
}

/** One request and its answer; the fault that struck it, if any, spoils the answer here. */
export class Exchange {
  readonly requestId = randomBytes(12).toString('hex');

  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    readonly target: Target,
    readonly logged: LoggedRequest,
    readonly fault: Fault | undefined,
    private readonly now: () => number,
  ) {}

  get method(): string {
    return this.request.method ?? '';
  }

  /** A request header's value; names in lower case. */
  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  get headers(): IncomingMessage['headers'] {
    return this.request.headers;
  }

  /** A query parameter's number. @throws QsError when it is none or out of bounds */
  number(name: string, otherwise: number, min: number, max: number): number {
    const text = this.target.query.get(name) ?? '';
    if (text === '') return otherwise;
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw invalidArgument(`${name} is a number from ${min} to ${max}.`);
    return value;
  }

  /** Bytes announced; undefined for a chunked body. */
  get announced(): number | undefined {
    const length = this.header('content-length');
    return length === undefined ? undefined : Number(length);
  }

  /** The request's body, once. Throws when the client breaks off. */
  async *body(): AsyncGenerator<Buffer> {
    for await (const chunk of this.request as AsyncIterable<Buffer>) {
      this.logged.received += chunk.length;
      yield chunk;
    }
  }

  /** Takes the first piece of the body. */
  async start(): Promise<void> {
    await this.body().next();
  }

  /** Takes and drops the body. */
  async drain(): Promise<void> {
    const chunks = this.body();
    while ((await chunks.next()).done !== true);
  }

  /** The request's body as JSON. @throws QsError */
  async json(): Promise<unknown> {
    const bytes = await this.smallBody();
    try {
      return JSON.parse(bytes.toString('utf8')) as unknown;
    } catch {
      throw invalidArgument('The body is not JSON.');
    }
  }

  async smallBody(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of this.body()) {
      if ((size += chunk.length) > limits.jsonBytes)
        throw new QsError(413, 'entity_too_large', 'The body is too large.');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  /** Compares a body's MD5 with the header's, if there is one. @throws QsError */
  checkMd5(md5: Buffer): void {
    const given = this.header('content-md5');
    if (given === undefined || given === '') return;
    if (!/^[A-Za-z0-9+/]{22}==$/.test(given)) throw invalidArgument('Content-MD5 is 16 bytes in base64.');
    if (!Buffer.from(given, 'base64').equals(md5)) throw badDigest();
  }

  async sendJson(
    status: number,
    value: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    await this.send(status, {
      headers: { ...headers, 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(value)),
    });
  }

  /** An error's answer; HEAD gets the status only. */
  async refuse(error: QsError): Promise<void> {
    this.logged.code = error.code;
    const { status, code, message, headers } = error;
    await this.sendJson(status, { code, message, request_id: this.requestId, url: this.target.url }, headers);
  }

  /** Answers; resolves when all was given to the socket or the client is gone. */
  async send(status: number, answer: Answer = {}): Promise<void> {
    const { fault, response } = this;
    if (fault?.kind === 'lost-answer') {
      this.reset();
      return;
    }
    const body = fault?.kind === 'body' ? Buffer.from(fault.body) : (answer.body ?? Buffer.alloc(0));
    this.head(status, answer.headers ?? {}, body.length);
    if (this.method === 'HEAD' || body.length === 0) {
      response.end();
      return;
    }
    if (fault?.kind === 'cut') await this.cut(body, fault.bytes ?? Math.floor(body.length / 2));
    else if (fault?.kind === 'slow') await this.drip(body, fault.bytes ?? 1, fault.ms);
    else if (Buffer.isBuffer(body)) response.end(body);
    else await this.stream(body.chunks);
  }

  /** Another answer than the service would give: of a proxy, say. */
  sendRaw(status: number, headers: Readonly<Record<string, string>>, body: string): void {
    this.logged.status = status;
    this.response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
    this.response.end(this.method === 'HEAD' ? undefined : body);
  }

  /** Breaks the connection so that the client sees a reset. */
  reset(): void {
    this.request.socket.resetAndDestroy();
  }

  /** Whether the client or a fault has ended the connection. */
  get gone(): boolean {
    return this.request.socket.destroyed;
  }

  private head(status: number, headers: Readonly<Record<string, string>>, length: number): void {
    const { fault } = this;
    const all: Record<string, string> = {
      date: new Date(this.now()).toUTCString(),
      server: 'QingStor',
      'x-qs-request-id': this.requestId,
      ...headers,
    };
    if (fault?.kind === 'etag') {
      delete all['etag'];
      if (fault.etag !== undefined) all['etag'] = `"${fault.etag}"`;
    }
    this.logged.status = status;
    const bodiless = status === 204 || status === 304;
    // HEAD announces the object's size itself.
    const announced = length + (fault?.kind === 'length' ? fault.by : 0);
    if (!bodiless && all['content-length'] === undefined) all['content-length'] = String(announced);
    this.response.writeHead(status, all);
  }

  private async stream(chunks: AsyncIterable<Buffer>): Promise<void> {
    const { response } = this;
    for await (const chunk of chunks) {
      if (this.gone) return;
      if (!response.write(chunk)) await drained(response);
    }
    response.end();
  }

  private async cut(body: NonNullable<Answer['body']>, bytes: number): Promise<void> {
    const start = (await whole(body)).subarray(0, bytes);
    await new Promise<void>((resolve) => this.response.write(start, () => resolve()));
    this.request.socket.destroy();
  }

  private async drip(body: NonNullable<Answer['body']>, bytes: number, ms: number): Promise<void> {
    const all = await whole(body);
    for (let at = 0; at < all.length && !this.gone; at += bytes) {
      this.response.write(all.subarray(at, at + bytes));
      await pause(ms, this.response);
    }
    this.response.end();
  }
}

/** Until the socket takes more, or is gone. */
async function drained(response: ServerResponse): Promise<void> {
  if (response.closed || response.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

async function whole(body: NonNullable<Answer['body']>): Promise<Buffer> {
  if (Buffer.isBuffer(body)) return body;
  const chunks: Buffer[] = [];
  for await (const chunk of body.chunks) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Waits, or until the client is gone. */
export async function pause(ms: number, response: ServerResponse): Promise<void> {
  if (response.closed || response.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      response.off('close', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    response.once('close', done);
  });
}
