import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { findClient, installPatience, Qsctl, Rclone } from '../foreign-clients/clients.js';
import { startServer, type QingStor } from '../support/qingstor/server.js';

const bucket = 'example-bucket';
const patience = 120_000;
let server: QingStor;
let top: string;
/** A small tree with a name that needs escaping. */
let source: string;

beforeEach(async () => {
  server = await startServer({ buckets: [bucket] });
  top = mkdtempSync(join(tmpdir(), 'foreign-'));
  source = join(top, 'source');
  mkdirSync(join(source, 'ä dir'), { recursive: true });
  writeFileSync(join(source, 'a.txt'), 'text a');
  writeFileSync(join(source, 'empty'), '');
  writeFileSync(join(source, 'ä dir/b+c &?#%.txt'), 'text b');
});
afterEach(async () => {
  try {
    allAnswered();
  } finally {
    await server.close();
    rmSync(top, { recursive: true, force: true });
  }
});

const keys = () => server.bucket(bucket).objects.keys;
const files = ['a.txt', 'empty', 'ä dir/b+c &?#%.txt'];

/** Refusals these clients ask for: they look whether something is there; qsctl deletes an empty list of keys. */
const usual = new Set([
  'HeadObject 404',
  'GetBucketStatistics 404 bucket_not_exists',
  'PutBucket 409 bucket_already_exists',
  'DeleteMultipleObjects 400 invalid_argument',
]);

/** No other request may have been refused, whatever the client makes of it. */
function allAnswered(): void {
  const refused = server.requests.all
    .filter(({ status }) => status === undefined || status >= 400)
    .map(({ operation, status, code, method }) =>
      [operation, status ?? 'no answer', ...(method === 'HEAD' ? [] : [code])].join(' '),
    );
  expect(refused.filter((one) => !usual.has(one))).toEqual([]);
}

describe("Python's qsctl", () => {
  let found: Awaited<ReturnType<typeof findClient>>;
  beforeAll(async () => {
    found = await findClient('qsctl');
  }, installPatience);
  const client = (context: TestContext): Qsctl => {
    if ('reason' in found) return context.skip(found.reason);
    return new Qsctl(found.path, server, join(top, 'qsctl'));
  };

  it('syncs a directory up and leaves it alone the second time', { timeout: patience }, async (context) => {
    const qsctl = client(context);
    await qsctl.must('sync', source, `qs://${bucket}/p`, '--delete');
    expect(keys()).toEqual([...files, 'ä dir/'].map((key) => `p/${key}`).sort(byBytes));
    expect(await server.text(bucket, 'p/ä dir/b+c &?#%.txt')).toBe('text b');
    expect(server.bucket(bucket).objects.get('p/ä dir/')?.contentType).toBe('application/x-directory');
    server.journal.clear();
    await qsctl.must('sync', source, `qs://${bucket}/p`, '--delete');
    expect(server.journal.changes).toEqual([]);
  });

  it('brings changes and deletes what is gone', { timeout: patience }, async (context) => {
    const qsctl = client(context);
    await qsctl.must('sync', source, `qs://${bucket}`, '--delete');
    writeFileSync(join(source, 'a.txt'), 'changed');
    const later = Date.now() / 1000 + 60;
    utimesSync(join(source, 'a.txt'), later, later);
    rmSync(join(source, 'ä dir'), { recursive: true });
    await qsctl.must('sync', source, `qs://${bucket}`, '--delete');
    expect([keys(), await server.text(bucket, 'a.txt')]).toEqual([['a.txt', 'empty'], 'changed']);
  });

  it('lists, moves up, downloads, and removes', { timeout: patience }, async (context) => {
    const qsctl = client(context);
    for (let n = 0; n < 250; n++) await server.put(bucket, `many/${n}`, String(n));
    const listed = await qsctl.must('ls', `qs://${bucket}/many/`, '-r');
    expect(new Set(listed.match(/many\/\d+/g)).size).toBe(250);
    await qsctl.must('mv', join(source, 'a.txt'), `qs://${bucket}/moved.txt`);
    expect(await server.text(bucket, 'moved.txt')).toBe('text a');
    await qsctl.must('cp', `qs://${bucket}/moved.txt`, join(top, 'down.txt'));
    expect(readFileSync(join(top, 'down.txt'), 'utf8')).toBe('text a');
    await qsctl.must('rm', `qs://${bucket}/many/`, '-r');
    expect(keys()).toEqual(['moved.txt']);
  });

  it('uploads a large file in parts', { timeout: patience }, async (context) => {
    const qsctl = client(context);
    const large = Buffer.alloc(70 * 1024 * 1024, 'large');
    writeFileSync(join(top, 'large'), large);
    await qsctl.must('cp', join(top, 'large'), `qs://${bucket}/large`);
    expect((await server.bucket(bucket).objects.get('large')?.content.bytes())?.equals(large)).toBe(true);
    expect(server.requests.count('UploadMultipart')).toBeGreaterThan(1);
    expect(server.bucket(bucket).uploads.all).toEqual([]);
  });
});

describe('rclone', () => {
  let found: Awaited<ReturnType<typeof findClient>>;
  beforeAll(async () => {
    found = await findClient('rclone');
  }, installPatience);
  const client = (context: TestContext): Rclone => {
    if ('reason' in found) return context.skip(found.reason);
    return new Rclone(found.path, server, join(top, 'rclone'));
  };

  it('copies a directory up, finds it equal, and brings it back', { timeout: patience }, async (context) => {
    const rclone = client(context);
    await rclone.must('copy', source, `qs:${bucket}/p`);
    expect(keys()).toEqual(files.map((key) => `p/${key}`).sort(byBytes));
    await rclone.must('check', source, `qs:${bucket}/p`);
    await rclone.must('copy', `qs:${bucket}/p`, join(top, 'back'));
    for (const file of files)
      expect(readFileSync(join(top, 'back', file))).toEqual(readFileSync(join(source, file)));
  });

  it('sees a difference when there is one', { timeout: patience }, async (context) => {
    const rclone = client(context);
    await rclone.must('copy', source, `qs:${bucket}`);
    await server.put(bucket, 'a.txt', 'text x');
    expect((await rclone.run('check', source, `qs:${bucket}`)).code).not.toBe(0);
    await rclone.must('sync', '--checksum', source, `qs:${bucket}`);
    expect(await server.text(bucket, 'a.txt')).toBe('text a');
  });

  it(
    'lists over pages and directories, makes and removes buckets',
    { timeout: patience },
    async (context) => {
      const rclone = client(context);
      for (let n = 0; n < 1050; n++) await server.put(bucket, `d/${n}`, '');
      await server.put(bucket, 'other/x', '');
      expect((await rclone.must('lsf', `qs:${bucket}/d`)).trim().split('\n')).toHaveLength(1050);
      expect((await rclone.must('lsf', `qs:${bucket}`)).trim().split('\n').sort()).toEqual(['d/', 'other/']);
      await rclone.must('mkdir', 'qs:made-by-rclone');
      expect((await rclone.must('lsf', 'qs:')).trim().split('\n').sort()).toEqual([
        `${bucket}/`,
        'made-by-rclone/',
      ]);
      await rclone.must('purge', 'qs:made-by-rclone');
      await rclone.must('delete', `qs:${bucket}/d`);
      expect(keys()).toEqual(['other/x']);
    },
  );

  it('copies on the server', { timeout: patience }, async (context) => {
    const rclone = client(context);
    await server.put(bucket, 'from/ä b.txt', 'text');
    await rclone.must('copy', `qs:${bucket}/from`, `qs:${bucket}/to`);
    expect(await server.text(bucket, 'to/ä b.txt')).toBe('text');
    expect(server.requests.counts()).toMatchObject({ CopyObject: 1 });
    expect(server.requests.count('PutObject')).toBe(0);
  });

  it('uploads a large file in parts', { timeout: patience }, async (context) => {
    const rclone = client(context);
    const large = Buffer.alloc(21 * 1024 * 1024, 'large');
    writeFileSync(join(top, 'large'), large);
    await rclone.must(
      'copy',
      '--qingstor-upload-cutoff',
      '10M',
      '--qingstor-chunk-size',
      '8M',
      join(top, 'large'),
      `qs:${bucket}`,
    );
    expect((await server.bucket(bucket).objects.get('large')?.content.bytes())?.equals(large)).toBe(true);
    expect(server.requests.count('UploadMultipart')).toBe(3);
    expect(server.bucket(bucket).uploads.all).toEqual([]);
  });
});

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
