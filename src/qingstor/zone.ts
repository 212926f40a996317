import { isIP } from 'node:net';
import type { Protocol, QingStorAccount } from './account.js';
import { StoreError } from './store.js';

/** Where requests go. */
export interface Address extends Place {
  /** The label before the host; empty for none. */
  readonly zone: string;
  /** The bucket is a label of the host name, too. */
  readonly virtual: boolean;
}

interface Place {
  readonly protocol: Protocol;
  readonly host: string;
  /** Undefined: the protocol's own. */
  readonly port: number | undefined;
}

/** A sync's own settings, which win over the account's. */
export interface PlaceOptions {
  readonly zone?: string;
  readonly endpoint?: string;
}

/** Of an account, what says where it is. */
export type AccountPlace = Pick<
  QingStorAccount,
  'endpoint' | 'host' | 'port' | 'protocol' | 'zone' | 'virtualHostStyle'
>;

const publicHost = 'qingstor.com';

/**
 * Puts an account's and a sync's settings together. `discover` says that the bucket's zone must be asked for:
 * neither option nor config names it and no `endpoint` of a private cloud was given.
 * @throws StoreError scope `store` for an endpoint, host or zone that cannot be one
 */
export function addressOf(
  account: AccountPlace,
  options: PlaceOptions,
): { readonly address: Address; readonly discover: boolean } {
  const zone = (options.zone ?? account.zone ?? '').toLowerCase();
  if (!/^[a-z0-9-]*$/.test(zone)) throw badSetting(`zone "${zone}"`, 'pek3a or the like');
  const virtual = account.virtualHostStyle;
  const endpoint = options.endpoint ?? fileEndpoint(account);
  const place = endpoint === undefined ? hostSettings(account) : parseEndpoint(endpoint);
  const fixed = isAddress(place.host) || place.host === 'localhost';
  if (isAddress(place.host) || (zone !== '' && place.host.startsWith(`${zone}.`)))
    return { address: { ...place, zone: '', virtual: virtual && !fixed }, discover: false };
  const ownCloud = endpoint !== undefined && place.host !== publicHost;
  return { address: { ...place, zone, virtual }, discover: zone === '' && !ownCloud && !fixed };
}

/**
 * The endpoint of a config file, unless it is the public one that the JS SDK writes into new files and somebody
 * added another host below.
 */
function fileEndpoint(account: AccountPlace): string | undefined {
  if (account.endpoint === undefined) return undefined;
  const moved = account.host !== undefined && account.host !== publicHost;
  return moved && parseEndpoint(account.endpoint).host === publicHost ? undefined : account.endpoint;
}

function hostSettings(account: AccountPlace): Place {
  const protocol = account.protocol ?? 'https';
  const { host } = parseEndpoint(`${protocol}://${account.host ?? publicHost}`);
  return { protocol, host, port: account.port === standardPort(protocol) ? undefined : account.port };
}

function parseEndpoint(endpoint: string): Place {
  let url: URL;
  try {
    url = new URL(endpoint.includes('://') ? endpoint : `https://${endpoint}`);
  } catch {
    throw badSetting(`endpoint or host "${endpoint}"`, 'https://qingstor.com or the like');
  }
  const protocol = url.protocol.slice(0, -1);
  if ((protocol !== 'http' && protocol !== 'https') || url.hostname === '' || url.username !== '')
    throw badSetting(`endpoint "${url.protocol}//${url.host}"`, 'https://qingstor.com or the like');
  if (url.pathname !== '/' || url.search !== '')
    throw badSetting(
      `endpoint with a path, ${url.protocol}//${url.host}${url.pathname}`,
      'protocol, host, port only',
    );
  return { protocol, host: url.hostname, port: url.port === '' ? undefined : Number(url.port) };
}

function standardPort(protocol: Protocol): number {
  return protocol === 'http' ? 80 : 443;
}

function isAddress(host: string): boolean {
  return isIP(host) !== 0 || host.startsWith('[');
}

function badSetting(what: string, example: string): StoreError {
  return new StoreError('store', `${what} cannot be used`, { remedy: `give ${example}` });
}

/** `[BUCKET.][ZONE.]HOST[:PORT]`. */
export function hostOf({ zone, host, port }: Address, bucket: string | undefined): string {
  const labels = [...(bucket === undefined ? [] : [bucket]), ...(zone === '' ? [] : [zone]), host];
  return labels.join('.') + (port === undefined ? '' : `:${port}`);
}

/**
 * The zone that a redirect's Location names (`BUCKET.ZONE.HOST` or `ZONE.HOST/BUCKET`); undefined when it leads
 * anywhere else: a signed request and a user's data go nowhere but to the configured host.
 */
export function zoneInLocation(
  location: string | undefined,
  bucket: string,
  { host }: Pick<Address, 'host'>,
): string | undefined {
  if (location === undefined || !URL.canParse(location)) return undefined;
  const { hostname } = new URL(location);
  if (!hostname.endsWith(`.${host}`)) return undefined;
  const left = hostname.slice(0, -host.length - 1);
  const zone = left.startsWith(`${bucket}.`) ? left.slice(bucket.length + 1) : left;
  return /^[a-z0-9-]+$/.test(zone) && zone !== bucket ? zone : undefined;
}
