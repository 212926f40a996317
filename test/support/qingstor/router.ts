import * as bucketApi from './bucket-api.js';
import { methodNotAllowed } from './errors.js';
import * as multipartApi from './multipart-api.js';
import * as objectApi from './object-api.js';
import type { Operation } from './request-log.js';
import type { Target } from './target.js';
import type { Handler } from './world.js';

/** Sub-resources of buckets and objects that the service has and this server has not. */
const elsewhere = [
  'acl',
  'append',
  'cname',
  'cors',
  'image',
  'lifecycle',
  'logging',
  'mirror',
  'notification',
].concat(['policy', 'position', 'replication']);

/** Which call a request is. */
export function operationOf(method: string, target: Target, has: (header: string) => boolean): Operation {
  const { bucket, key, query } = target;
  if (elsewhere.some((name) => query.has(name))) return 'Unknown';
  if (bucket === undefined) return method === 'GET' ? 'ListBuckets' : 'Unknown';
  return key === undefined ? onBucket(method, query) : onObject(method, query, has);
}

function onBucket(method: string, query: Target['query']): Operation {
  switch (method) {
    case 'HEAD':
      return 'HeadBucket';
    case 'PUT':
      return 'PutBucket';
    case 'DELETE':
      return 'DeleteBucket';
    case 'POST':
      return query.has('delete') ? 'DeleteMultipleObjects' : 'Unknown';
    case 'GET':
      if (query.has('stats')) return 'GetBucketStatistics';
      return query.has('uploads') ? 'ListMultipartUploads' : 'ListObjects';
    default:
      return 'Unknown';
  }
}

function onObject(method: string, query: Target['query'], has: (header: string) => boolean): Operation {
  const upload = query.has('upload_id');
  switch (method) {
    case 'HEAD':
      return 'HeadObject';
    case 'GET':
      return upload ? 'ListMultipart' : 'GetObject';
    case 'DELETE':
      return upload ? 'AbortMultipartUpload' : 'DeleteObject';
    case 'POST':
      if (query.has('uploads')) return 'InitiateMultipartUpload';
      return upload ? 'CompleteMultipartUpload' : 'Unknown';
    case 'PUT':
      if (upload) return has('x-qs-copy-source') ? 'Unknown' : 'UploadMultipart';
      if (has('x-qs-move-source')) return 'MoveObject';
      return has('x-qs-copy-source') ? 'CopyObject' : 'PutObject';
    default:
      return 'Unknown';
  }
}

export const handlers: Readonly<Record<Operation, Handler>> = {
  ListBuckets: bucketApi.listBuckets,
  HeadBucket: bucketApi.headBucket,
  PutBucket: bucketApi.putBucket,
  DeleteBucket: bucketApi.deleteBucket,
  GetBucketStatistics: bucketApi.bucketStatistics,
  ListObjects: bucketApi.listObjects,
  DeleteMultipleObjects: bucketApi.deleteObjects,
  ListMultipartUploads: bucketApi.listUploads,
  PutObject: objectApi.putObject,
  CopyObject: objectApi.copyObject,
  MoveObject: objectApi.moveObject,
  GetObject: objectApi.getObject,
  HeadObject: objectApi.headObject,
  DeleteObject: objectApi.deleteObject,
  InitiateMultipartUpload: multipartApi.initiateUpload,
  UploadMultipart: multipartApi.uploadPart,
  CompleteMultipartUpload: multipartApi.completeUpload,
  AbortMultipartUpload: multipartApi.abortUpload,
  ListMultipart: multipartApi.listParts,
  Unknown: () => Promise.reject(methodNotAllowed()),
};
