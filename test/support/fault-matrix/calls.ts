import { asBytes } from '../../../src/core/bytes.js';
import type { Operation } from '../qingstor/request-log.js';
import type { Cell, Outcome } from './cell.js';

/** A column of the matrix: a call of the HTTP API, and a run of the engine in which it occurs. */
export interface MatrixCall {
  readonly name: string;
  readonly operation: Operation;
  /** Of the requests meant, where others of the kind occur, too. */
  readonly key?: string;
  readonly part?: number;
  /** It has a body. */
  readonly sends?: boolean;
  /** Its answer has one. */
  readonly answers?: boolean;
  /** Its answer has none, but could (204 and HEAD can not). */
  readonly empty?: boolean;
  /** HEAD. */
  readonly bare?: boolean;
  readonly bucketWide?: boolean;
  /** What is there before the fault is set. */
  readonly prepare: (cell: Cell) => Promise<void>;
  /** May be repeated. */
  readonly run: (cell: Cell) => Promise<Outcome>;
  /** Is the target as it ought to be? */
  readonly right: (cell: Cell) => Promise<boolean>;
}

const path = (name: string) => ({ path: asBytes(`/${name}`), mayDelete: true, deep: false });

const small = 'content';
/** More than one piece of a stream. */
const middling = Buffer.alloc(2 * 1024 * 1024, 'middling');
const part = 4 * 1024 * 1024;
const large = Buffer.alloc(2 * part + 5, 'large');

/** A batch of one file with the other that nothing happens to. */
const uploading = (content: Buffer): Pick<MatrixCall, 'prepare' | 'run' | 'right'> => ({
  prepare: async (cell) => cell.file('f', content),
  run: (cell) => cell.batch([path('f')]),
  right: async (cell) => (await cell.stored('f'))?.equals(content) === true,
});

const comparing: Pick<MatrixCall, 'prepare' | 'run' | 'right'> = {
  prepare: async (cell) => {
    await cell.file('f', small);
    await cell.put('stale', small);
  },
  run: (cell) => cell.full(),
  right: async (cell) =>
    (await cell.stored('f'))?.equals(Buffer.from(small)) === true && !cell.keys.includes('stale'),
};

/** What an earlier run left is aborted with a comparison. */
const sweeping = (leave: (cell: Cell) => Promise<void>): Pick<MatrixCall, 'prepare' | 'run' | 'right'> => ({
  prepare: async (cell) => {
    await cell.file('f', small);
    await leave(cell);
  },
  run: (cell) => cell.sweep(),
  right: (cell) => Promise.resolve(cell.unfinished === 0),
});

export const objectCalls: readonly MatrixCall[] = [
  { name: 'list', operation: 'ListObjects', answers: true, bucketWide: true, ...comparing },
  { name: 'put', operation: 'PutObject', key: 'f', sends: true, empty: true, ...uploading(middling) },
  {
    name: 'move',
    operation: 'MoveObject',
    empty: true,
    prepare: async (cell) => {
      await cell.put('old', small);
      await cell.file('f', small);
    },
    run: (cell) => cell.batch([], [{ from: asBytes('/old'), to: asBytes('/f'), mayDelete: true }]),
    right: async (cell) =>
      (await cell.stored('f'))?.equals(Buffer.from(small)) === true && !cell.keys.includes('old'),
  },
  { name: 'delete one', operation: 'DeleteObject', ...comparing },
  {
    name: 'delete many',
    operation: 'DeleteMultipleObjects',
    sends: true,
    answers: true,
    bucketWide: true,
    prepare: async (cell) => {
      for (const name of ['f', 'g', 'h']) await cell.put(name, small);
    },
    run: (cell) => cell.batch(['f', 'g', 'h'].map(path)),
    right: (cell) => Promise.resolve(!['f', 'g', 'h'].some((name) => cell.keys.includes(name))),
  },
  { name: 'check of the bucket', operation: 'HeadBucket', bare: true, bucketWide: true, ...comparing },
  { name: 'zone lookup', operation: 'HeadBucket', bare: true, bucketWide: true, ...comparing },
];

export const multipartCalls: readonly MatrixCall[] = [
  { name: 'initiate', operation: 'InitiateMultipartUpload', answers: true, ...uploading(large) },
  { name: 'part', operation: 'UploadMultipart', part: 1, sends: true, empty: true, ...uploading(large) },
  { name: 'complete', operation: 'CompleteMultipartUpload', sends: true, empty: true, ...uploading(large) },
  { name: 'head', operation: 'HeadObject', key: 'f', bare: true, ...uploading(large) },
  { name: 'abort', operation: 'AbortMultipartUpload', ...sweeping((cell) => cell.leaveUpload()) },
  {
    name: 'list uploads',
    operation: 'ListMultipartUploads',
    answers: true,
    bucketWide: true,
    ...sweeping((cell) => cell.leaveUnknown()),
  },
  {
    name: 'list parts',
    operation: 'ListMultipart',
    answers: true,
    ...sweeping((cell) => cell.leaveUnknown()),
  },
];
