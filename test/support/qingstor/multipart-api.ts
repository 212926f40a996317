import { invalidArgument } from './errors.js';
import type { Exchange } from './exchange.js';
import { checkLength, limits } from './limits.js';
import type { NamedPart, Upload } from './multipart.js';
import { propertiesOf } from './object-api.js';
import { bucketOf, isoDate, keyOf, type Handler, type World } from './world.js';

export const initiateUpload: Handler = async (exchange, world) => {
  const { name, uploads } = bucketOf(exchange, world);
  const key = keyOf(exchange);
  const properties = propertiesOf(exchange);
  await exchange.drain();
  const { id } = uploads.begin(key, properties);
  await exchange.sendJson(200, { bucket: name, key, upload_id: id });
};

export const uploadPart: Handler = async (exchange, world) => {
  const { uploads } = bucketOf(exchange, world);
  const upload = uploadOf(exchange, world);
  const number = exchange.number('part_number', -1, 0, limits.largestPart);
  if (number < 0) throw invalidArgument('part_number is missing.');
  checkLength(exchange.announced ?? 0);
  const content = await world.contents.take(exchange.body(), checkLength);
  try {
    exchange.checkMd5(content.md5);
  } catch (error) {
    await content.release();
    throw error;
  }
  const { etag } = await uploads.add(upload, number, content);
  await exchange.send(201, { headers: { etag: `"${etag}"` } });
};

export const listParts: Handler = async (exchange, world) => {
  const { parts } = uploadOf(exchange, world);
  const marker = exchange.number('part_number_marker', -1, 0, limits.largestPart);
  const limit = exchange.number('limit', limits.page, 1, limits.page);
  const all = [...parts.values()].sort((a, b) => a.number - b.number);
  const rest = all.filter(({ number }) => number > marker);
  const page = rest.slice(0, limit);
  await exchange.sendJson(200, {
    count: all.length,
    object_parts: page.map(({ number, content, etag, created }) => ({
      part_number: number,
      size: content.size,
      etag: `"${etag}"`,
      created: isoDate(created),
    })),
    has_more: rest.length > page.length,
  });
};

export const completeUpload: Handler = async (exchange, world) => {
  const { uploads, objects } = bucketOf(exchange, world);
  const upload = uploadOf(exchange, world);
  const named = readParts(await exchange.json());
  const content = await uploads.complete(upload, named);
  const etag = (exchange.header('etag') ?? '').replaceAll('"', '');
  await objects.put(upload.key, content, upload, etag);
  await exchange.send(201, { headers: { etag: `"${etag}"` } });
};

export const abortUpload: Handler = async (exchange, world) => {
  const { uploads } = bucketOf(exchange, world);
  await uploads.abort(uploadOf(exchange, world));
  await exchange.send(204);
};

/** @throws QsError */
function uploadOf(exchange: Exchange, world: World): Upload {
  const id = exchange.target.query.get('upload_id') ?? '';
  return bucketOf(exchange, world).uploads.get(keyOf(exchange), id);
}

/** @throws QsError */
function readParts(body: unknown): NamedPart[] {
  const { object_parts: parts } = (body ?? {}) as { object_parts?: unknown };
  if (!Array.isArray(parts)) throw invalidArgument('object_parts is no list.');
  return parts.map((part: unknown) => {
    const { part_number: number, etag } = (part ?? {}) as { part_number?: unknown; etag?: unknown };
    if (typeof number !== 'number' || !Number.isSafeInteger(number))
      throw invalidArgument('A part has a number.');
    return { part_number: number, ...(typeof etag === 'string' ? { etag } : {}) };
  });
}
