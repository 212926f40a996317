import sdk, { type AxiosRequest } from 'qingstor-sdk';
import type { QingStorAccount } from './account.js';
import type { Call } from './calls.js';
import { stringToSign } from './sign.js';
import type { HttpRequest, HttpResponse, Transport } from './transport.js';
import { hostOf, type Address } from './zone.js';

const identity = [(data: unknown): unknown => data];

/**
 * Builds, signs and sends calls with qingstor-sdk's own request objects over our transport. Way round each
 * known defect (numbers of spec/qingstor.md):
 * 1, 2 our adapter streams, has time-outs and settles always; retries are retry.ts's.
 * 3, 4 no `new Config()`: the SDK reads a plain object, so no default endpoint wins and no file is written.
 * 5 part numbers are passed as text. 6, 7 headers are set on `operation.headers` after building.
 * 8 the Host header is left to the transport, the resource for virtual-host style is signed by us, redirects are
 *   followed by building and signing again. 9 files are opened before a call is built (upload.ts).
 * 10 the adapter rejects with our errors, which hold neither headers nor body.
 * 11 bodies are Buffers or iterables and axios's transforms are off (they send `""` for an empty JSON body).
 */
export class SdkSession {
  constructor(
    private readonly account: QingStorAccount,
    private readonly bucket: string,
    private readonly transport: Pick<Transport, 'send'>,

    /** Milliseconds since 1970, for the signed date. */
    private readonly now: () => number = Date.now,
  ) {}

  /** One attempt; resolves with an answer of any status. Throws what Transport.send throws. */
  async send(call: Call, address: Address, signal: AbortSignal): Promise<HttpResponse> {
    const virtual = address.virtual || call.anonymous === true;
    const config = {
      protocol: address.protocol,
      host: address.host,
      port: address.port,
      enable_virtual_host_style: virtual,
      additional_user_agent: 'lsyncd-ts',
    };
    const request = call.build(new sdk.QingStor(config).Bucket(this.bucket, address.zone));
    const { operation } = request;
    // Virtual-host style leaves the bucket's own path empty.
    if (!operation.path.startsWith('/')) operation.path = `/${operation.path}`;
    const path = operation.path + query(operation.path, operation.params);
    operation.uri = operation.endpoint + path;
    delete operation.headers['host'];
    operation.headers['x-qs-date'] = new Date(this.now()).toUTCString();
    Object.assign(operation.headers, call.headers);
    if (call.body !== undefined) {
      operation.headers['content-length'] = String(call.body.length);
      operation.body = call.body.length === 0 ? '' : call.body.open();
    }
    if (typeof operation.body === 'string') operation.body = Buffer.from(operation.body);
    request.sign = () => {
      if (call.anonymous !== true)
        operation.headers['authorization'] = this.account.authorize(
          stringToSign(operation, virtual ? `/${this.bucket}` : ''),
        );
      return Promise.resolve(request);
    };
    const adapter = ({ headers, data }: AxiosRequest): Promise<HttpResponse> =>
      this.transport.send({
        method: operation.method,
        origin: `${address.protocol}://${hostOf(address, virtual ? this.bucket : undefined)}`,
        path,
        headers: lowerCased(headers),
        body: data === '' ? null : (data as HttpRequest['body']),
        signal,
      });
    request.config = {
      ...config,
      getAxiosConfig: () => ({
        adapter,
        transformRequest: identity,
        transformResponse: identity,
        maxRedirects: 0,
      }),
    };
    return (await request.send()) as HttpResponse;
  }
}

/** The query for what the path does not have already; none at all rather than the SDK's bare `?` or `&`. */
function query(path: string, params: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(params).map(([k, v]) => `${encodeURIComponent(k)}=${encodeURIComponent(v)}`);
  return pairs.length === 0 ? '' : `${path.includes('?') ? '&' : '?'}${pairs.join('&')}`;
}

/** axios puts its own defaults (`Content-Type: application/x-www-form-urlencoded`) before ours: the last wins. */
function lowerCased(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (typeof value === 'string') out[name.toLowerCase()] = value;
  return out;
}
