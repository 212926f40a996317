import { createHash } from 'node:crypto';
import { invalidArgument } from './errors.js';
import type { Exchange } from './exchange.js';
import { limits } from './limits.js';
import { listPage } from './listing.js';
import { bucketOf, isoDate, type Handler, type World } from './world.js';

export const listBuckets: Handler = async (exchange, { buckets }) => {
  const zone = exchange.header('location');
  const listed = buckets.all.filter((bucket) => zone === undefined || bucket.zone === zone);
  await exchange.sendJson(200, {
    count: listed.length,
    buckets: listed.map(({ name, zone: location, created }) => ({
      name,
      location,
      created: isoDate(created),
      urls: [`http://${name}.${location}.${exchange.target.host}`],
    })),
  });
};

export const headBucket: Handler = async (exchange, world) => {
  bucketOf(exchange, world);
  await exchange.send(200);
};

export const putBucket: Handler = async (exchange, { buckets, zone }) => {
  buckets.create(exchange.target.bucket ?? '', exchange.target.zone ?? zone);
  await exchange.drain();
  await exchange.send(201);
};

export const deleteBucket: Handler = async (exchange, { buckets }) => {
  buckets.delete(exchange.target.bucket ?? '');
  await exchange.send(204);
};

export const bucketStatistics: Handler = async (exchange, world) => {
  const { name, zone, created, objects } = bucketOf(exchange, world);
  await exchange.sendJson(200, {
    name,
    location: zone,
    count: objects.count,
    size: objects.bytes,
    status: 'active',
    created: isoDate(created),
    url: `http://${name}.${zone}.${exchange.target.host}`,
  });
};

export const listObjects: Handler = async (exchange, world) => {
  const bucket = bucketOf(exchange, world);
  const parameter = (name: string): string => exchange.target.query.get(name) ?? '';
  const limit = Math.min(
    exchange.number('limit', limits.defaultPage, 1, Number.MAX_SAFE_INTEGER),
    limits.page,
  );
  const query = {
    prefix: parameter('prefix'),
    delimiter: parameter('delimiter'),
    marker: parameter('marker'),
    limit,
  };
  const page = listPage(bucket.objects.listed, query);
  await exchange.sendJson(200, {
    name: bucket.name,
    ...query,
    owner: owner(world),
    keys: page.objects.map(({ key, content, modified, etag, contentType }) => ({
      key,
      size: content.size,
      modified: Math.floor(modified / 1000),
      created: isoDate(modified),
      mime_type: contentType,
      etag: `"${etag}"`,
    })),
    common_prefixes: page.commonPrefixes,
    has_more: page.hasMore,
    next_marker: page.nextMarker,
  });
};

export const listUploads: Handler = async (exchange, world) => {
  const { name, uploads } = bucketOf(exchange, world);
  const prefix = exchange.target.query.get('prefix') ?? '';
  const limit = Math.min(
    exchange.number('limit', limits.defaultPage, 1, Number.MAX_SAFE_INTEGER),
    limits.page,
  );
  const keyMarker = exchange.target.query.get('key_marker') ?? '';
  const idMarker = exchange.target.query.get('upload_id_marker') ?? '';
  // By key, then oldest first (the order of `uploads.all`).
  const all = uploads.all
    .filter(({ key }) => key.startsWith(prefix))
    .toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  const seen = all.findIndex(({ id }) => id === idMarker);
  const rest = all.filter(({ key }, index) => {
    const order = Buffer.compare(Buffer.from(key), Buffer.from(keyMarker));
    return order > 0 || (order === 0 && idMarker !== '' && index > seen);
  });
  const page = rest.slice(0, limit);
  const more = rest.length > page.length;
  await exchange.sendJson(200, {
    name,
    prefix,
    limit,
    uploads: page.map(({ id, key, created }) => ({
      key,
      upload_id: id,
      created: isoDate(created),
    })),
    common_prefixes: [],
    has_more: more,
    next_key_marker: more ? page.at(-1)!.key : '',
    next_upload_id_marker: more ? page.at(-1)!.id : '',
  });
};

export const deleteObjects: Handler = async (exchange, world) => {
  const { objects } = bucketOf(exchange, world);
  const { keys, quiet } = await readDeletion(exchange);
  const { fault } = exchange;
  const deleted: { key: string }[] = [];
  const errors: { key: string; code: string; message: string }[] = [];
  for (const key of keys) {
    if (fault?.kind === 'refuse-keys' && fault.keys.test(key)) {
      errors.push({ key, code: fault.code, message: fault.message ?? 'The key was refused.' });
      continue;
    }
    await objects.delete(key);
    deleted.push({ key });
  }
  await exchange.sendJson(200, { ...(quiet ? {} : { deleted }), errors });
};

/** @throws QsError */
async function readDeletion(exchange: Exchange): Promise<{ keys: string[]; quiet: boolean }> {
  if (exchange.header('content-md5') === undefined) throw invalidArgument('Content-MD5 is required.');
  const bytes = await exchange.smallBody();
  exchange.checkMd5(createHash('md5').update(bytes).digest());
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw invalidArgument('The body is not JSON.');
  }
  const { objects, quiet } = (value ?? {}) as { objects?: unknown; quiet?: unknown };
  if (!Array.isArray(objects) || objects.length === 0) throw invalidArgument('No objects are named.');
  if (objects.length > limits.deletions) throw invalidArgument(`At most ${limits.deletions} objects.`);
  const keys = objects.map((object: unknown) => {
    const { key } = (object ?? {}) as { key?: unknown };
    if (typeof key !== 'string' || key === '') throw invalidArgument('An object has a key.');
    return key;
  });
  return { keys, quiet: quiet === true };
}

function owner({ accessKey }: World): { id: string; name: string } {
  return { id: `usr-${accessKey.slice(0, 8).toLowerCase()}`, name: '' };
}
