import { setTimeout as sleep } from 'node:timers/promises';
import { QingStorAccount } from '../../src/qingstor/account.js';
import { Client } from '../../src/qingstor/client.js';
import type { Clock } from '../../src/qingstor/retry.js';
import { Semaphore } from '../../src/qingstor/semaphore.js';
import {
  BodyError,
  TransportError,
  type HttpRequest,
  type HttpResponse,
} from '../../src/qingstor/transport.js';
import type { Address } from '../../src/qingstor/zone.js';

/** A request that was sent, its body read to the end. */
export interface Sent {
  readonly method: string;
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** An answer as tests write it; JSON for an object, with a request id unless `foreign`. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: object;
  readonly text?: string;
  /** Not from QingStor: no request id. */
  readonly foreign?: boolean;
}

/** What a request meets: an answer, an error code of the connection, or an error of its own. */
export type Fate = Reply | string | Error;

/** Time that passes only when somebody sleeps. */
export class SleepingClock implements Clock {
  readonly slept: number[] = [];
  private time = Date.UTC(2026, 0, 2, 3, 4, 5);

  now(): number {
    return this.time;
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.slept.push(ms);
    const end = this.time + ms;
    await sleep(0);
    this.time = Math.max(this.time, end);
    signal.throwIfAborted();
  }
}

export interface ScriptOptions {
  /** The answer to each request but the bucket check. */
  readonly answer: (request: Sent, number: number) => Fate | Promise<Fate>;
  /** The answer to the check of the bucket. */
  readonly head?: (request: Sent) => Fate;
  readonly address?: Partial<Address>;
  readonly discover?: boolean;
  readonly retries?: number;
  readonly workers?: number;
}

/** A client whose requests go to a function. */
export function scriptedClient(options: ScriptOptions) {
  const sent: Sent[] = [];
  const clock = new SleepingClock();
  let number = 0;
  const send = async (request: HttpRequest): Promise<HttpResponse> => {
    const { method, origin, path, headers, signal } = request;
    signal.throwIfAborted();
    const one = { method, origin, path, headers, body: await bodyOf(request) };
    sent.push(one);
    const isCheck = method === 'HEAD' && /^\/[^/]*$/.test(path);
    const fate = isCheck ? (options.head?.(one) ?? { status: 200 }) : await options.answer(one, number++);
    signal.throwIfAborted();
    if (typeof fate === 'string') throw new TransportError(fate, `${fate} happened`);
    if (fate instanceof Error) throw fate;
    const body = Buffer.from(fate.json === undefined ? (fate.text ?? '') : JSON.stringify(fate.json));
    const mark = fate.foreign === true ? {} : { 'x-qs-request-id': 'r-1' };
    return { status: fate.status, headers: { ...mark, ...fate.headers }, body };
  };
  const client = new Client({
    account: new QingStorAccount({
      accessKeyId: 'IDENTITY',
      secretAccessKey: 'TOPSECRET',
      virtualHostStyle: false,
      source: 'a test',
      warnings: [],
    }),
    bucket: 'bucket',
    address: {
      protocol: 'http',
      host: 'qs.test',
      port: 8080,
      zone: 'pek3a',
      virtual: false,
      ...options.address,
    },
    discover: options.discover ?? false,
    transport: { send },
    slots: new Semaphore(options.workers ?? 4),
    policy: { retries: options.retries ?? 3, baseMs: 500, capMs: 20_000, clock, random: () => 1 },
  });
  return {
    client,
    clock,
    /** Every request, the bucket check too. */
    sent,
    /** `PUT /bucket/key` of all requests but the bucket check. */
    get lines(): string[] {
      return sent.map(({ method, path }) => `${method} ${path}`).filter((line) => line !== 'HEAD /bucket');
    },
  };
}

/** Reads a body as the transport would; one that is shorter than it says breaks the connection. */
async function bodyOf({ body, headers }: HttpRequest): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  if (Buffer.isBuffer(body)) chunks.push(body);
  else if (body !== null) for await (const chunk of body) chunks.push(chunk);
  const all = Buffer.concat(chunks);
  const wanted = Number(headers['content-length'] ?? 0);
  if (all.length !== wanted) throw new BodyError('short', `${all.length} bytes of ${wanted}`);
  return all;
}
