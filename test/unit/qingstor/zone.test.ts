import { describe, expect, it } from 'vitest';
import { stringToSign } from '../../../src/qingstor/sign.js';
import { addressOf, hostOf, zoneInLocation, type AccountPlace } from '../../../src/qingstor/zone.js';

const nowhere: AccountPlace = {
  endpoint: undefined,
  host: undefined,
  port: undefined,
  protocol: undefined,
  zone: undefined,
  virtualHostStyle: false,
};
const find = (account: Partial<AccountPlace> = {}, options = {}) => {
  const { address, discover } = addressOf({ ...nowhere, ...account }, options);
  return { url: `${address.protocol}://${hostOf(address, undefined)}`, discover, virtual: address.virtual };
};

describe('the place of a bucket', () => {
  it.each<[string, Partial<AccountPlace>, object, string, boolean]>([
    ['nothing said', {}, {}, 'https://qingstor.com', true],
    ['a zone', { zone: 'PEK3A' }, {}, 'https://pek3a.qingstor.com', false],
    ['a zone of the sync', { zone: 'a' }, { zone: 'b' }, 'https://b.qingstor.com', false],
    ['host and port', { host: 'qs.test', port: 8080, protocol: 'http' }, {}, 'http://qs.test:8080', true],
    ['the standard port', { host: 'qs.test', port: 443 }, {}, 'https://qs.test', true],
    [
      'an address',
      { host: '127.0.0.1', port: 80, zone: 'a', protocol: 'http' },
      {},
      'http://127.0.0.1',
      false,
    ],
    ['an IPv6 address', {}, { endpoint: 'http://[::1]:9' }, 'http://[::1]:9', false],
    ['localhost', { host: 'localhost', port: 9 }, {}, 'https://localhost:9', false],
    ['a private endpoint', { endpoint: 'https://qs.corp' }, {}, 'https://qs.corp', false],
    ['one without a protocol', { endpoint: 'qs.corp:81' }, {}, 'https://qs.corp:81', false],
    ['one with a zone', { endpoint: 'http://qs.corp', zone: 'a' }, {}, 'http://a.qs.corp', false],
    ['one that has its zone', { endpoint: 'http://a.qs.corp', zone: 'a' }, {}, 'http://a.qs.corp', false],
    ['the public endpoint', { endpoint: 'https://qingstor.com:443/' }, {}, 'https://qingstor.com', true],
    [
      'the public endpoint above another host',
      { endpoint: 'https://qingstor.com', host: 'qs.corp' },
      {},
      'https://qs.corp',
      true,
    ],
    ['an endpoint of the sync', { endpoint: 'http://x' }, { endpoint: 'http://y' }, 'http://y', false],
  ])('with %s', (_, account, options, url, discover) => {
    expect(find(account, options)).toMatchObject({ url, discover });
  });

  it('has no virtual hosts below an address', () => {
    expect(find({ virtualHostStyle: true, host: '10.0.0.1' }).virtual).toBe(false);
    expect(find({ virtualHostStyle: true }).virtual).toBe(true);
  });

  it.each([
    { endpoint: 'ftp://x' },
    { endpoint: 'http://user@x' },
    { endpoint: 'http://x/path' },
    { endpoint: 'http://x?q' },
    { endpoint: 'http://' },
    { zone: 'a/b' },
    { zone: 'a.evil' },
  ])('cannot be %j', (options) => {
    expect(() => find({}, options)).toThrow(expect.objectContaining({ scope: 'store' }));
  });
});

describe('the zone of a redirect', () => {
  const zone = (location: string | undefined) => zoneInLocation(location, 'bucket', { host: 'qs.test' });
  it('is read from either style', () => {
    expect(zone('http://bucket.pek3a.qs.test/')).toBe('pek3a');
    expect(zone('https://sh1a.qs.test:8080/bucket/key')).toBe('sh1a');
  });

  it.each([
    undefined,
    '',
    '/relative',
    'http://qs.test/bucket',
    'http://bucket.qs.test/',
    'http://evil.test/',
    'http://pek3a.qs.test.evil/',
    'http://evilqs.test/',
    'http://a.b.qs.test/',
  ])('is not taken from %s', (location) => {
    expect(zone(location)).toBeUndefined();
  });
});

describe('what is signed', () => {
  const request = {
    method: 'PUT',
    path: '/bucket/a%20b',
    params: {},
    headers: { 'content-md5': 'MD5', 'content-type': 'text/plain', date: 'DATE' },
  };

  it('is laid out as documented', () => {
    expect(stringToSign(request, '')).toBe('PUT\nMD5\ntext/plain\nDATE\n/bucket/a%20b');
  });

  it('has the x-qs headers in order, and then no date', () => {
    const headers = { 'x-qs-meta-b': ' 2 ', 'x-qs-date': 'D', date: 'DATE', 'x-qs-meta-a': '1', other: 'x' };
    expect(stringToSign({ ...request, headers }, '')).toBe(
      'PUT\n\n\n\nx-qs-date:D\nx-qs-meta-a:1\nx-qs-meta-b:2\n/bucket/a%20b',
    );
  });

  it('has the sub-resources in order and no other parameters', () => {
    const params = { upload_id: 'u/1', prefix: 'p', part_number: '0', limit: '9' };
    expect(stringToSign({ ...request, params, headers: {} }, '')).toBe(
      'PUT\n\n\n\n/bucket/a%20b?part_number=0&upload_id=u/1',
    );
    expect(stringToSign({ ...request, path: '/bucket?delete', headers: {} }, '')).toMatch(
      /\/bucket\?delete$/,
    );
  });

  it('has the bucket before the path in virtual-host style', () => {
    expect(stringToSign({ ...request, path: '/key', headers: {} }, '/bucket')).toMatch(/\n\/bucket\/key$/);
  });
});
