import { createHash, createHmac } from 'node:crypto';
import { request, type IncomingHttpHeaders } from 'node:http';
import type { QingStor } from '../../support/qingstor/server.js';

/** A request as a test words it. */
export interface RawRequest {
  readonly method?: string;
  /** Percent-encoded, with the query; in virtual-host style without the bucket. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** In the Authorization header, in the query, or not at all. */
  readonly sign?: 'header' | 'query' | 'none';
  readonly accessKey?: string;
  readonly secretKey?: string;
  /** Milliseconds since 1970 that the signature claims. */
  readonly date?: number;
  /** Sends `x-qs-date` in place of Date. */
  readonly ownDate?: boolean;
  /** Seconds until a query signature expires. */
  readonly expiresIn?: number;
  /** In place of 127.0.0.1; the connection goes to the server all the same. */
  readonly host?: string;
  /** Signed in front of the path, in virtual-host style. */
  readonly bucket?: string;
  /** Sends an absolute URI, as to a proxy. */
  readonly absolute?: boolean;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

const signed = new Set(
  'acl cors delete part_number policy stats upload_id uploads response-content-type'.split(' '),
);

/** The text of the API documentation's signature page, written down once more for the tests. */
function stringToSign(what: RawRequest, headers: Record<string, string>, time: string): string {
  const own = Object.entries(headers)
    .filter(([name]) => name.startsWith('x-qs-'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${value.trim()}\n`);
  const [path = '', query = ''] = what.path.split('?');
  const parameters = query
    .split('&')
    .filter((pair) => signed.has(pair.split('=')[0] ?? ''))
    .map(decodeURIComponent)
    .sort();
  return [
    what.method ?? 'GET',
    headers['content-md5'] ?? '',
    headers['content-type'] ?? '',
    time,
    `${own.join('')}${what.bucket === undefined ? '' : `/${what.bucket}`}${path}` +
      (parameters.length === 0 ? '' : `?${parameters.join('&')}`),
  ].join('\n');
}

/** Signs without any SDK and sends on a connection of its own. Rejects when no whole answer came. */
export async function send(server: Service, what: RawRequest): Promise<RawAnswer> {
  const { method = 'GET', sign = 'header', host = `127.0.0.1:${server.port}` } = what;
  const date = what.date ?? Date.now();
  const accessKey = what.accessKey ?? server.accessKey;
  const hmac = (text: string): string =>
    createHmac('sha256', what.secretKey ?? server.secretKey)
      .update(text)
      .digest('base64');
  const headers: Record<string, string> = { host, ...what.headers };
  let { path } = what;
  if (sign === 'header') {
    const text = new Date(date).toUTCString();
    headers[what.ownDate === true ? 'x-qs-date' : 'date'] = text;
    const signature = hmac(stringToSign(what, headers, what.ownDate === true ? '' : text));
    headers['authorization'] ??= `QS ${accessKey}:${signature}`;
  } else if (sign === 'query') {
    const expires = String(Math.floor(date / 1000) + (what.expiresIn ?? 60));
    const signature = encodeURIComponent(hmac(stringToSign(what, headers, expires)));
    const mark = path.includes('?') ? '&' : '?';
    path += `${mark}access_key_id=${accessKey}&expires=${expires}&signature=${signature}`;
  }
  if (what.body !== undefined && headers['transfer-encoding'] === undefined)
    headers['content-length'] = String(Buffer.byteLength(what.body));
  return await new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: server.port,
        method,
        path: what.absolute === true ? `http://${host}${path}` : path,
        headers,
        agent: false,
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const body = Buffer.concat(chunks);
          const { statusCode: status = 0, headers: given } = incoming;
          resolve({ status, headers: given, body, text: body.toString('utf8') });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(what.body);
  });
}

/** The server as a client needs to know it. */
export type Service = Pick<QingStor, 'port' | 'accessKey' | 'secretKey'>;

/** The JSON of an answer, whose form the caller knows. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
export function json<T = Record<string, unknown>>(answer: RawAnswer): T {
  return JSON.parse(answer.text) as T;
}

/** An error's status, code and that it is worded as the service does. */
export function refusal(answer: RawAnswer): string {
  const { code, message, request_id: id, url } = json(answer);
  const whole =
    typeof message === 'string' &&
    message !== '' &&
    typeof url === 'string' &&
    id === answer.headers['x-qs-request-id'];
  return `${answer.status} ${String(code)}${whole ? '' : ' (malformed)'}`;
}

export const md5 = (body: string | Buffer): Buffer => createHash('md5').update(body).digest();

/** An ETag as the service writes it. */
export const etagOf = (body: string | Buffer): string => `"${md5(body).toString('hex')}"`;

/** Puts a text and answers. */
export async function put(
  server: Service,
  path: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawAnswer> {
  return await send(server, { method: 'PUT', path, body, headers });
}
