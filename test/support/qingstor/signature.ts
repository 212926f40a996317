import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { QsError, invalidArgument, permissionDenied, requestExpired } from './errors.js';
import { limits } from './limits.js';
import type { Target } from './target.js';

/** Query parameters that are part of the resource signed. */
const subResources = new Set(
  (
    'acl append cname cors delete image lifecycle location logging mirror notification part_number policy position ' +
    'replication stats upload_id uploads response-cache-control response-content-disposition ' +
    'response-content-encoding response-content-language response-content-type response-expires'
  ).split(' '),
);

/** What a signature covers. */
export interface SignedRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly target: Target;
}

/**
 * Checks who sent a request, from its Authorization header or from its query.
 * @param secretOf an access key's secret; undefined for an unknown key
 * @throws QsError 401 for a wrong key or signature, 403 for none or one that expired
 */
export function checkSignature(
  request: SignedRequest,
  secretOf: (accessKey: string) => string | undefined,
  now: number,
): void {
  const { headers, target } = request;
  const { authorization } = headers;
  const inQuery = target.query.get('signature');
  if (authorization === undefined && inQuery === undefined)
    throw permissionDenied('The request is not signed.');
  const [, accessKey, signature] =
    authorization === undefined
      ? ['', target.query.get('access_key_id') ?? '', inQuery ?? '']
      : (/^QS ([^:\s]+):(\S+)$/.exec(authorization) ?? []);
  if (accessKey === undefined || signature === undefined)
    throw invalidArgument('The Authorization header has the form "QS key:signature".');
  const secret = secretOf(accessKey);
  if (secret === undefined)
    throw new QsError(401, 'invalid_access_key_id', 'The access key id you provided does not exist.');
  const time = authorization === undefined ? checkExpiry(target, now) : checkDate(headers, now);
  const matches = resources(target).some((resource) =>
    equal(
      signature,
      createHmac('sha256', secret)
        .update(text(request, time, resource))
        .digest('base64'),
    ),
  );
  if (!matches)
    throw new QsError(
      401,
      'signature_not_matched',
      'The signature we calculated does not match the one given.',
    );
}

/** Date as it stands in the text signed: empty when `x-qs-date` is sent. */
function checkDate(headers: IncomingHttpHeaders, now: number): string {
  const own = headers['x-qs-date'];
  const given = typeof own === 'string' ? own : headers.date;
  const time = Date.parse(given ?? '');
  if (Number.isNaN(time) || Math.abs(time - now) > limits.skewMs) throw requestExpired();
  return own === undefined ? (given ?? '') : '';
}

function checkExpiry(target: Target, now: number): string {
  const expires = target.query.get('expires') ?? '';
  if (!/^\d+$/.test(expires) || Number(expires) * 1000 < now) throw requestExpired();
  return expires;
}

function text({ method, headers, target }: SignedRequest, time: string, resource: string): string {
  const own = Object.keys(headers)
    .filter((name) => name.startsWith('x-qs-'))
    .sort()
    .map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const names = [...target.query.keys()].filter((name) => subResources.has(name)).sort();
  const query = names.map((name) => {
    const value = target.query.get(name) ?? '';
    return value === '' ? name : `${name}=${value}`;
  });
  const md5 = headers['content-md5'];
  return (
    `${method}\n${typeof md5 === 'string' ? md5 : ''}\n${headers['content-type'] ?? ''}\n${time}\n` +
    own.join('') +
    resource +
    (query.length === 0 ? '' : `?${query.join('&')}`)
  );
}

/** The raw path; with the bucket in front in virtual-host style, where clients differ about a bucket's own slash. */
function resources({ style, bucket, key, rawPath }: Target): string[] {
  if (style === 'path') return [rawPath];
  const full = `/${bucket ?? ''}${rawPath}`;
  return key === undefined ? [full, full.replace(/\/$/, '')] : [full];
}

function equal(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
