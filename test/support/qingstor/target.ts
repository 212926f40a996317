import { isIP } from 'node:net';
import { QsError, invalidArgument } from './errors.js';

/** What a request is about, by its Host and its path. */
export interface Target {
  /** Undefined for the service itself. */
  readonly bucket: string | undefined;
  /** Undefined for the bucket itself. */
  readonly key: string | undefined;
  /** The zone named by the host, if any. */
  readonly zone: string | undefined;
  /** Base host without bucket and zone, with the port. */
  readonly host: string;
  /** Whether the host is one below which buckets and zones are names; not so for an address. */
  readonly named: boolean;
  readonly style: 'path' | 'virtual-host';
  /** Percent-encoded, as sent. */
  readonly rawPath: string;
  /** Decoded; `''` for a parameter without a value. */
  readonly query: ReadonlyMap<string, string>;
  /** For error bodies. */
  readonly url: string;
}

/** Names that the server answers to. */
export interface Names {
  /** Hosts below which zones and buckets are labels, e.g. `qs.test`. */
  readonly hosts: readonly string[];
  readonly zones: ReadonlySet<string>;
}

/**
 * Reads Host and request target. A target may be an absolute URI, as sent to a proxy: then its host counts.
 * @throws QsError for what can not be read
 */
export function readTarget(requestTarget: string, hostHeader: string | undefined, names: Names): Target {
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(requestTarget);
  const authority = (absolute?.[1] ?? hostHeader ?? '').toLowerCase();
  const relative = absolute === null ? requestTarget : (absolute[2] ?? '');
  const at = relative.indexOf('?');
  const rawPath = (at < 0 ? relative : relative.slice(0, at)) || '/';
  if (!rawPath.startsWith('/')) throw invalidArgument('The request target is no path.');
  const { host, labels, port, named } = readAuthority(authority, names);
  const query = readQuery(at < 0 ? '' : relative.slice(at + 1));
  const url = `http://${authority}${relative}`;
  const common = { rawPath, query, url, named, host: host + port };
  const zone = labels.find((label, index) => index === labels.length - 1 && names.zones.has(label));
  const bucket = (zone === undefined ? labels : labels.slice(0, -1)).join('.');
  if (bucket !== '') {
    const key = decode(rawPath.slice(1));
    return { ...common, style: 'virtual-host', zone, bucket, key: key === '' ? undefined : key };
  }
  const slash = rawPath.indexOf('/', 1);
  const first = decode(slash < 0 ? rawPath.slice(1) : rawPath.slice(1, slash));
  const rest = slash < 0 ? '' : decode(rawPath.slice(slash + 1));
  return {
    ...common,
    style: 'path',
    zone,
    bucket: first === '' ? undefined : first,
    key: rest === '' ? undefined : rest,
  };
}

/** Splits `[BUCKET.][ZONE.]HOST[:PORT]`; an address or an unknown host has no labels. */
function readAuthority(
  authority: string,
  names: Names,
): { host: string; labels: string[]; port: string; named: boolean } {
  const colon = /:\d+$/.exec(authority);
  const port = colon?.[0] ?? '';
  const name = colon === null ? authority : authority.slice(0, colon.index);
  if (isIP(name) === 0)
    for (const host of names.hosts)
      if (name.endsWith(`.${host}`))
        return { host, port, labels: name.slice(0, -host.length - 1).split('.'), named: true };
  return { host: name, labels: [], port, named: names.hosts.includes(name) };
}

/** Parameters in the order sent; the last of a name wins. */
function readQuery(raw: string): Map<string, string> {
  const query = new Map<string, string>();
  for (const pair of raw.split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = at < 0 ? pair : pair.slice(0, at);
    query.set(
      decode(name.replaceAll('+', ' ')),
      at < 0 ? '' : decode(pair.slice(at + 1).replaceAll('+', ' ')),
    );
  }
  return query;
}

/** @throws QsError for a bad escape and for bytes that are no UTF-8 */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new QsError(400, 'invalid_uri', 'The request URI is not percent-encoded UTF-8.');
  }
}

/**
 * Reads `x-qs-copy-source` and `x-qs-move-source`: `/BUCKET/KEY`, percent-encoded.
 * @throws QsError
 */
export function readSource(header: string): { bucket: string; key: string } {
  const [, bucket = '', key = ''] = /^\/?([^/]+)\/(.+)$/s.exec(header) ?? [];
  if (bucket === '') throw invalidArgument('The source has the form /bucket/key.');
  return { bucket: decode(bucket), key: decode(key) };
}
