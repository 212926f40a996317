import { createHash } from 'node:crypto';
import type { Bucket, Request } from 'qingstor-sdk';

/** What is sent with a call; `open` is asked anew for every attempt. */
export interface CallBody {
  readonly length: number;
  readonly open: () => Buffer | AsyncIterable<Uint8Array>;
}

/** One call of the HTTP API, not tied to an attempt. */
export interface Call {
  /** For messages: `upload of`, followed by the key or the bucket. */
  readonly what: string;
  /** Of the object it is about; none: the bucket as a whole. */
  readonly key?: string;
  readonly build: (bucket: Bucket) => Request;
  /** Added after building; names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: CallBody;
  /** Status codes of success. */
  readonly expect: readonly number[];
  /** Its answers have no body, not even errors. */
  readonly bare?: boolean;
  /** Not signed, and in virtual-host style. */
  readonly anonymous?: boolean;
}

/** What is stored with an object. */
export interface ObjectHeaders {
  readonly contentType: string;
  /** See `timestamp` in upload.ts. */
  readonly mtime?: string;
  /** Base64. */
  readonly contentMd5?: string;
}

/** A part as the completion of a multipart upload names it. */
export interface SentPart {
  readonly part_number: number;
  readonly etag?: string;
}

export function headBucket(anonymous = false): Call {
  return { what: 'access to', build: (bucket) => bucket.headRequest(), expect: [200], bare: true, anonymous };
}

/** Largest page the service gives. */
const pageLimit = 1000;

export function listObjects(prefix: string, marker: string): Call {
  const options = { limit: String(pageLimit), prefix, marker };
  return { what: 'listing of', build: (bucket) => bucket.listObjectsRequest(options), expect: [200] };
}

export function putObject(key: string, headers: ObjectHeaders, body: CallBody): Call {
  return {
    what: 'upload of',
    key,
    build: (bucket) => bucket.putObjectRequest(key),
    headers: objectHeaders(headers),
    body,
    expect: [201],
  };
}

/** `from` in the header is percent-encoded by us, once (defect 6). */
export function moveObject(bucketName: string, from: string, to: string): Call {
  return {
    what: 'move of',
    key: from,
    build: (bucket) => bucket.putObjectRequest(to),
    headers: { 'x-qs-move-source': `/${bucketName}/${from.split('/').map(encodeURIComponent).join('/')}` },
    expect: [201],
  };
}

export function deleteObject(key: string): Call {
  return { what: 'deletion of', key, build: (bucket) => bucket.deleteObjectRequest(key), expect: [204] };
}

/** Answers only with the keys refused. */
export function deleteObjects(keys: readonly string[]): Call {
  const objects = keys.map((key) => ({ key }));
  const body = Buffer.from(JSON.stringify({ objects, quiet: true }));
  return {
    what: `deletion of ${keys.length} objects in`,
    // One object for the SDK's own checks; it would hash the body in JavaScript.
    build: (bucket) => bucket.deleteMultipleObjectsRequest({ objects: objects.slice(0, 1), quiet: true }),
    headers: {
      'content-md5': createHash('md5').update(body).digest('base64'),
      'content-type': 'application/json',
    },
    body: { length: body.length, open: () => body },
    expect: [200],
  };
}

export function headObject(key: string): Call {
  return {
    what: 'look at',
    key,
    build: (bucket) => bucket.headObjectRequest(key),
    expect: [200],
    bare: true,
  };
}

export function initiateMultipart(key: string, headers: ObjectHeaders): Call {
  return {
    what: 'multipart upload of',
    key,
    build: (bucket) => bucket.initiateMultipartUploadRequest(key),
    headers: objectHeaders(headers),
    body: { length: 0, open: () => Buffer.alloc(0) },
    expect: [200],
  };
}

/** `part` as text, since the SDK takes 0 for missing (defect 5). */
export function uploadPart(key: string, uploadId: string, part: number, body: CallBody): Call {
  const options = { upload_id: uploadId, part_number: String(part) };
  return {
    what: `upload of part ${part} of`,
    key,
    build: (bucket) => bucket.uploadMultipartRequest(key, options),
    body,
    expect: [201],
  };
}

/** @param etag the whole object's, without quotes; sent raw (defect 6) */
export function completeMultipart(
  key: string,
  uploadId: string,
  parts: readonly SentPart[],
  etag: string,
): Call {
  const body = Buffer.from(JSON.stringify({ object_parts: parts }));
  return {
    what: 'completion of the multipart upload of',
    key,
    build: (bucket) =>
      bucket.completeMultipartUploadRequest(key, { upload_id: uploadId, object_parts: parts.slice(0, 1) }),
    headers: { etag: `"${etag}"`, 'content-type': 'application/json' },
    body: { length: body.length, open: () => body },
    expect: [201],
  };
}

export function abortMultipart(key: string, uploadId: string): Call {
  return {
    what: 'abort of the multipart upload of',
    key,
    build: (bucket) => bucket.abortMultipartUploadRequest(key, { upload_id: uploadId }),
    expect: [204],
  };
}

/** Uploads neither completed nor aborted, of keys beginning with `prefix`; the markers are those of the page before. */
export function listUploads(prefix: string, keyMarker: string, idMarker: string): Call {
  const options = {
    limit: String(pageLimit),
    prefix,
    key_marker: keyMarker,
    upload_id_marker: idMarker,
  };
  return {
    what: 'listing of unfinished uploads in',
    build: (bucket) => bucket.listMultipartUploadsRequest(options),
    expect: [200],
  };
}

/** Is there any part of an upload yet? */
export function listParts(key: string, uploadId: string): Call {
  return {
    what: 'listing of the parts of',
    key,
    build: (bucket) => bucket.listMultipartRequest(key, { upload_id: uploadId, limit: '1' }),
    expect: [200],
  };
}

function objectHeaders({ contentType, mtime, contentMd5 }: ObjectHeaders): Record<string, string> {
  return {
    'content-type': contentType,
    ...(mtime === undefined ? {} : { 'x-qs-meta-mtime': mtime }),
    ...(contentMd5 === undefined ? {} : { 'content-md5': contentMd5 }),
  };
}
