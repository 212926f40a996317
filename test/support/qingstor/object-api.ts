import { mustBeWanted, unchanged } from './conditions.js';
import { QsError, invalidArgument, objectNotExists } from './errors.js';
import type { Exchange } from './exchange.js';
import { checkLength, limits } from './limits.js';
import type { Properties, StoredObject } from './objects.js';
import { readSource } from './target.js';
import { bucketOf, httpDate, keyOf, type Handler, type World } from './world.js';

const kept = ['cache-control', 'content-disposition', 'content-encoding', 'content-language', 'expires'];

/** What of a request stays with the object. @throws QsError for metadata too large or not printable */
export function propertiesOf(exchange: Exchange): Properties {
  const headers: Record<string, string> = {};
  let size = 0;
  for (const name of Object.keys(exchange.headers)) {
    const value = exchange.header(name) ?? '';
    if (name.startsWith('x-qs-meta-')) {
      if (!/^[\x20-\x7e]*$/.test(value)) throw invalidArgument(`${name} is not printable ASCII.`);
      size += name.length - 'x-qs-meta-'.length + value.length;
    } else if (!kept.includes(name)) continue;
    headers[name] = value;
  }
  if (size > limits.metadataBytes)
    throw invalidArgument(`Metadata has at most ${limits.metadataBytes} bytes.`);
  return { contentType: exchange.header('content-type') ?? 'application/octet-stream', headers };
}

export const putObject: Handler = async (exchange, world) => {
  const { objects } = bucketOf(exchange, world);
  const key = keyOf(exchange);
  const properties = propertiesOf(exchange);
  checkLength(exchange.announced ?? 0);
  const content = await world.contents.take(exchange.body(), checkLength);
  try {
    exchange.checkMd5(content.md5);
  } catch (error) {
    await content.release();
    throw error;
  }
  const { etag } = await objects.put(key, content, properties, content.md5.toString('hex'));
  await exchange.send(201, { headers: { etag: `"${etag}"` } });
};

export const copyObject: Handler = async (exchange, world) => {
  const { objects } = bucketOf(exchange, world);
  const key = keyOf(exchange);
  const source = sourceOf(exchange, world, 'copy');
  mustBeWanted(source, conditionsOf(exchange, 'x-qs-copy-source-if-'));
  await exchange.drain();
  const replaces = exchange.header('x-qs-metadata-directive')?.toUpperCase() === 'REPLACE';
  const { etag } = await objects.copy(source, key, replaces ? propertiesOf(exchange) : source);
  await exchange.send(201, { headers: { etag: `"${etag}"` } });
};

export const moveObject: Handler = async (exchange, world) => {
  const bucket = bucketOf(exchange, world);
  const key = keyOf(exchange);
  const from = readSource(exchange.header('x-qs-move-source') ?? '');
  if (from.bucket !== bucket.name) throw invalidArgument('A move stays within its bucket.');
  const source = sourceOf(exchange, world, 'move');
  await exchange.drain();
  const { etag } = await bucket.objects.move(source, key);
  await exchange.send(201, { headers: { etag: `"${etag}"` } });
};

export const headObject: Handler = async (exchange, world) => {
  const object = objectOf(exchange, world);
  if (unchanged(object, conditionsOf(exchange, 'if-'))) await notModified(exchange, object);
  else
    await exchange.send(200, {
      headers: { ...describe(object), 'content-length': String(object.content.size) },
    });
};

export const getObject: Handler = async (exchange, world) => {
  const object = objectOf(exchange, world);
  if (unchanged(object, conditionsOf(exchange, 'if-'))) {
    await notModified(exchange, object);
    return;
  }
  const { content } = object;
  const range = readRange(exchange.header('range'), content.size);
  const [start, end] = range ?? [0, content.size];
  await exchange.send(range === undefined ? 200 : 206, {
    headers: {
      ...describe(object),
      ...(range === undefined ? {} : { 'content-range': `bytes ${start}-${end - 1}/${content.size}` }),
    },
    body: { length: end - start, chunks: content.read(start, end) },
  });
};

export const deleteObject: Handler = async (exchange, world) => {
  const { objects } = bucketOf(exchange, world);
  await objects.delete(keyOf(exchange));
  await exchange.send(204);
};

function objectOf(exchange: Exchange, world: World): StoredObject {
  const object = bucketOf(exchange, world).objects.get(keyOf(exchange));
  if (object === undefined) throw objectNotExists();
  return object;
}

function sourceOf(exchange: Exchange, { buckets }: World, what: 'copy' | 'move'): StoredObject {
  const { bucket, key } = readSource(exchange.header(`x-qs-${what}-source`) ?? '');
  const source = buckets.get(bucket).objects.get(key);
  if (source === undefined) throw objectNotExists();
  return source;
}

function conditionsOf(exchange: Exchange, prefix: string): Parameters<typeof unchanged>[1] {
  return {
    match: exchange.header(`${prefix}match`),
    noneMatch: exchange.header(`${prefix}none-match`),
    modifiedSince: exchange.header(`${prefix}modified-since`),
    unmodifiedSince: exchange.header(`${prefix}unmodified-since`),
  };
}

function describe({ contentType, headers, etag, modified }: StoredObject): Record<string, string> {
  return {
    ...headers,
    'content-type': contentType,
    etag: `"${etag}"`,
    'last-modified': httpDate(modified),
    'accept-ranges': 'bytes',
  };
}

async function notModified(exchange: Exchange, object: StoredObject): Promise<void> {
  await exchange.send(304, { headers: { etag: `"${object.etag}"` } });
}

/** One range from start up to and without end; undefined when none is asked for. @throws QsError 416 */
function readRange(header: string | undefined, size: number): [number, number] | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  const range: [number, number] =
    first === ''
      ? [Math.max(0, size - Number(last)), size]
      : [Number(first), last === '' ? size : Math.min(Number(last) + 1, size)];
  if (range[0] < range[1]) return range;
  throw new QsError(416, 'invalid_range', 'The requested range cannot be satisfied.', {
    'content-range': `bytes */${size}`,
  });
}
