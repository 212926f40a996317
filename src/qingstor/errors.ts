import type { Call } from './calls.js';
import { AttemptError } from './retry.js';
import { StoreError, type StoreScope } from './store.js';
import type { HttpResponse, TransportError } from './transport.js';

/** Whom and what messages name. */
export interface Blame {
  readonly bucket: string;
  readonly host: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Blots keys out of the server's words. */
  readonly redact: (text: string) => string;
}

/** Makes the failure of one answer. */
type Fail = (scope: StoreScope, remedy?: string, text?: string) => AttemptError;

/** What a failed answer says of itself. */
interface ErrorBody {
  readonly code?: string;
  readonly message?: string;
}

type Headers = HttpResponse['headers'];

const skewLimitMs = 15 * 60_000;
const notQingStor = (where: string): string =>
  `what answers at ${where} is not QingStor; check endpoint, host, port, protocol and proxies`;

/** Text from elsewhere made fit for one line of a log. */
export function printable(text: string, limit = 300): string {
  // eslint-disable-next-line no-control-regex
  const line = text.replace(/[\x00-\x1f\x7f]+/g, ' ').trim();
  return line.length > limit ? `${line.slice(0, limit)}…` : line;
}

/** The service's mark on its answers; undefined when something else answered (it never says HTML). */
export function requestIdOf({ headers }: Pick<HttpResponse, 'headers'>): string | undefined {
  const html = /^text\/html/i.test(headers['content-type'] ?? '');
  return html ? undefined : headers['x-qs-request-id'] || undefined;
}

function subject(call: Call, blame: Blame): string {
  return `${call.what} ${call.key === undefined ? `bucket ${blame.bucket}` : printable(call.key, 1100)}`;
}

/** An attempt that got no answer: `outage` and worth a retry, but for what only a person can mend. */
export function fromTransport(error: TransportError, call: Call, blame: Blame): AttemptError {
  const { code } = error;
  const fail = (scope: StoreScope, message: string, retry: boolean, remedy?: string): AttemptError =>
    new AttemptError(
      new StoreError(scope, `${subject(call, blame)} failed: ${message}`, {
        code,
        ...(remedy === undefined ? {} : { remedy }),
      }),
      retry,
    );
  if (/^(CERT_|ERR_TLS|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH)/.test(code))
    return fail(
      'store',
      `${blame.host} has no certificate this machine trusts (${code})`,
      false,
      'mend the certificate, or NODE_EXTRA_CA_CERTS for a private authority',
    );
  if (/^(EPROTO|ERR_SSL)/.test(code))
    return fail(
      'store',
      `${blame.host} does not speak TLS as expected (${code})`,
      false,
      'check protocol (http or https) and port',
    );
  if (/^(HPE_|UND_ERR_RESPONSE|UND_ERR_HEADERS_OVERFLOW|ANSWER_TOO_LARGE)/.test(code))
    return fail(
      'store',
      `${blame.host} does not speak HTTP as QingStor does (${code})`,
      false,
      notQingStor(blame.host),
    );
  if (code === 'UND_ERR_INVALID_ARG') return fail('object', 'it cannot be put into a request', false);
  return fail('outage', `${transportText(code, blame.host)} (${code})`, true);
}

function transportText(code: string, host: string): string {
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the name ${host} does not resolve`;
    case 'ECONNREFUSED':
      return `${host} refuses connections`;
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return `no connection to ${host} in time`;
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
    case 'ANSWER_TIMEOUT':
      return `${host} did not answer in time`;
    default:
      return `the connection to ${host} broke`;
  }
}

/**
 * An attempt whose answer is no success (spec/qingstor.md, "Errors"). 408, 429 and 5xx are outages, retried; the
 * rest is not. An answer that QingStor cannot have given (HTML, no request id) blames the endpoint.
 */
export function fromResponse(response: HttpResponse, call: Call, blame: Blame): AttemptError {
  const { status, headers } = response;
  const body = errorBody(response.body);
  const requestId = requestIdOf(response);
  const isQingStor = requestId !== undefined || body.code !== undefined;
  const code =
    body.code ??
    (call.bare === true && call.key === undefined ? bareCode(status, headers, blame.now) : undefined);
  const fail: Fail = (scope, remedy, text) => {
    const said =
      body.message === undefined || status === 401 ? '' : `: ${printable(blame.redact(body.message))}`;
    const answer = text ?? `${status}${code === undefined ? '' : ` ${printable(code, 80)}`}${said}`;
    const failure = new StoreError(scope, `${subject(call, blame)} failed: ${answer}`, {
      status,
      ...(code === undefined ? {} : { code: printable(code, 80) }),
      ...(requestId === undefined ? {} : { requestId: printable(requestId, 80) }),
      ...(remedy === undefined ? {} : { remedy }),
    });
    const waitMs = retryAfter(headers['retry-after'], blame.now);
    return new AttemptError(failure, scope === 'outage', waitMs);
  };
  if (status >= 500 || status === 429 || status === 408 || code === 'bad_digest') return fail('outage');
  if (status < 400) return strange(response, fail, blame);
  if (!isQingStor && call.bare !== true && status !== 413) return fail('store', notQingStor(blame.host));
  return refusal(status, code, call, headers, blame, fail);
}

function strange(response: HttpResponse, fail: Fail, blame: Blame): AttemptError {
  const { status, headers } = response;
  if (status >= 300) {
    const to = headers['location'] ?? '';
    const where = URL.canParse(to) ? new URL(to).host : 'nowhere';
    return fail(
      'store',
      'set zone or endpoint to where the bucket is',
      `${status}, a redirect to ${printable(where)}`,
    );
  }
  return fail('store', notQingStor(blame.host), `unexpected answer ${status}`);
}

function refusal(
  status: number,
  code: string | undefined,
  call: Call,
  headers: Headers,
  blame: Blame,
  fail: Fail,
): AttemptError {
  const remedy = code === undefined ? undefined : remedies(blame, headers).get(code);
  if (remedy !== undefined) return fail('store', remedy);
  if (status === 401)
    return fail('store', 'check access_key_id and secret_access_key in the QingStor config file');
  if (status === 402) return fail('store', 'settle the bill of the QingCloud account');
  if (status === 403)
    return fail(
      call.key === undefined ? 'store' : 'object',
      `give this access key the right to do so on bucket ${blame.bucket}`,
    );
  if (status === 404 && call.what === 'move of') return fail('missing');
  if (status === 407) return fail('store', 'check the proxy and its credentials');
  if (status === 413 || code === 'entity_too_large')
    return fail('object', 'the object is larger than the service takes');
  return fail(call.key === undefined ? 'store' : 'object');
}

/** What to mend for the codes that concern the account or the bucket as a whole. */
function remedies(blame: Blame, headers: Headers): ReadonlyMap<string, string> {
  return new Map([
    ['invalid_access_key_id', 'check access_key_id in the QingStor config file'],
    ['signature_not_matched', 'check secret_access_key in the QingStor config file'],
    ['request_expired', `${skewText(headers, blame.now)}; set it (NTP)`],
    ['bucket_not_active', `activate bucket ${blame.bucket}`],
    ['bucket_not_exists', `create bucket ${blame.bucket}, or check its name, zone and endpoint`],
    ['delinquent_account', 'settle the bill of the QingCloud account'],
  ]);
}

/** HEAD has no body: what its status can only mean. */
function bareCode(status: number, headers: Headers, now: number): string | undefined {
  if (status === 404) return 'bucket_not_exists';
  const skew = skewMs(headers, now);
  return status === 403 && skew !== undefined && Math.abs(skew) > skewLimitMs ? 'request_expired' : undefined;
}

function skewMs(headers: Headers, now: number): number | undefined {
  const server = Date.parse(headers['date'] ?? '');
  return Number.isNaN(server) ? undefined : now - server;
}

function skewText(headers: Headers, now: number): string {
  const skew = skewMs(headers, now);
  if (skew === undefined || Math.abs(skew) < 60_000) return "check this machine's clock against the server's";
  const minutes = Math.round(Math.abs(skew) / 60_000);
  return `this machine's clock is ${minutes} minutes ${skew > 0 ? 'ahead of' : 'behind'} the server's`;
}

/** Retry-After: seconds or a date → milliseconds from now. */
function retryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

function errorBody(body: Buffer): ErrorBody {
  const parsed = parseJson(body);
  if (typeof parsed !== 'object' || parsed === null) return {};
  const { code, message } = parsed as Record<string, unknown>;
  return {
    ...(typeof code === 'string' && code !== '' ? { code } : {}),
    ...(typeof message === 'string' && message !== '' ? { message } : {}),
  };
}

/** Undefined when it is no JSON. */
function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/**
 * The JSON object of a successful answer.
 * @throws AttemptError: without a request id the server is not QingStor (`store`); with one the answer was damaged
 * on its way (`outage`, worth another attempt)
 */
export function jsonObject(response: HttpResponse, call: Call, blame: Blame): Record<string, unknown> {
  const parsed = parseJson(response.body);
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
    return parsed as Record<string, unknown>;
  throw malformed('its answer is not the JSON expected', response, call, blame);
}

/** See jsonObject. */
export function malformed(what: string, response: HttpResponse, call: Call, blame: Blame): AttemptError {
  const requestId = requestIdOf(response);
  const known = requestId !== undefined;
  return new AttemptError(
    new StoreError(known ? 'outage' : 'store', `${subject(call, blame)} failed: ${what}`, {
      status: response.status,
      ...(known ? { requestId: printable(requestId, 80) } : { remedy: notQingStor(blame.host) }),
    }),
    known,
  );
}
