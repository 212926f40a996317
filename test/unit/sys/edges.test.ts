import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asBytes as b, fromText } from '../../../src/core/bytes.js';
import { fromBuffer, toBuffer } from '../../../src/sys/bytes.js';
import { monotonicNow } from '../../../src/sys/clock.js';
import { errnoText } from '../../../src/sys/errno.js';
import { childPath, lookAt, readDirectory, withoutSlash } from '../../../src/sys/fs-bytes.js';
import { lastErrno, libc } from '../../../src/sys/libc.js';

let dir: string;
beforeEach(() => (dir = realpathSync(mkdtempSync(join(tmpdir(), 'lsyncd-ts-edges-')))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const path = (name: string) => b(`${fromText(dir)}/${name}`);
const odd = ['\xff', ' ', '-', '\n', '\xc3\xbc', '\xef\xbb\xbf', 'a\\b', "'"];

describe('bytes', () => {
  it('become buffers and come back', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(3), (bytes, from) => {
        const part = bytes.subarray(Math.min(from, bytes.length));
        expect([...toBuffer(fromBuffer(part))]).toEqual([...part]);
        expect(fromBuffer(part)).toHaveLength(part.length);
      }),
    );
  });
});

describe('the clock', () => {
  it('never goes back, and has a finer grain than milliseconds', () => {
    const times = Array.from({ length: 2_000 }, monotonicNow);
    expect(times).toEqual([...times].sort((x, y) => x - y));
    expect(times.some((time) => !Number.isInteger(time))).toBe(true);
  });
});

describe('errors of the system', () => {
  const caught = (run: () => unknown): NodeJS.ErrnoException => {
    try {
      run();
    } catch (error) {
      return error as NodeJS.ErrnoException;
    }
    throw new Error('nothing was thrown');
  };

  it('have C’s texts', () => {
    expect(errnoText(caught(() => readDirectory(path('none/'))))).toBe('No such file or directory');
    writeFileSync(join(dir, 'f'), '');
    expect(errnoText(caught(() => readDirectory(path('f'))))).toBe('Not a directory');
  });

  it('without a known code show their message', () => {
    expect(errnoText(new Error('odd'))).toBe('odd');
    expect(errnoText(Object.assign(new Error('odd'), { code: 'EODD' }))).toBe('odd');
  });

  it('of libc have their names', () => {
    expect(libc().close(-1)).toBe(-1);
    expect(lastErrno()).toBe('EBADF');
    expect(libc().inotify_add_watch(-1, Buffer.from('/\0'), 1)).toBe(-1);
    expect(lastErrno()).toBe('EBADF');
  });
});

describe('libc', () => {
  it('reads what was written', () => {
    const fd = libc().eventfd(5, 0o4000);
    try {
      const pollfd = Buffer.alloc(8);
      pollfd.writeInt32LE(fd, 0);
      pollfd.writeInt16LE(1, 4);
      expect(libc().poll(pollfd, 1, 0)).toBe(1);
      const count = Buffer.alloc(8);
      expect(libc().read(fd, count, 8)).toBe(8);
      expect(count.readBigUInt64LE()).toBe(5n);
      expect(libc().poll(pollfd, 1, 0)).toBe(0);
      expect(libc().read(fd, count, 8)).toBe(-1);
      expect(lastErrno()).toMatch(/^(EAGAIN|EWOULDBLOCK)$/);
    } finally {
      expect(libc().close(fd)).toBe(0);
    }
  });
});

describe('a directory', () => {
  it('is read byte by byte', () => {
    for (const name of odd) writeFileSync(toBuffer(path(name)), '');
    mkdirSync(toBuffer(path('d\xff')));
    symlinkSync(dir, join(dir, 'link'));
    const found = readDirectory(path(''));
    expect(found.map(({ name }) => name).sort()).toEqual([...odd, 'd\xff', 'link'].sort());
    expect(found.filter(({ isDirectory }) => isDirectory).map(({ name }) => name)).toEqual(['d\xff']);
  });

  it('gives paths of what is in it', () => {
    expect(childPath(b('/a/'), { name: b('d\xff'), isDirectory: true })).toBe('/a/d\xff/');
    expect(childPath(b('/'), { name: b('f'), isDirectory: false })).toBe('/f');
  });
});

describe('a look at a path', () => {
  it('follows no link, with or without a slash', () => {
    mkdirSync(join(dir, 'd'));
    symlinkSync(join(dir, 'd'), join(dir, 'link'));
    symlinkSync(join(dir, 'nothing'), join(dir, 'broken'));
    for (const name of ['link', 'link/', 'broken', 'broken/'])
      expect(lookAt(path(name))?.isSymbolicLink()).toBe(true);
    expect(lookAt(path('d/'))?.isDirectory()).toBe(true);
  });

  it('tells what is not there from what cannot be seen', () => {
    expect(lookAt(path('none'))).toBeUndefined();
    expect(lookAt(path('none/below'))).toBeUndefined();
    expect(() => lookAt(path('x'.repeat(300)))).toThrow('ENAMETOOLONG');
    for (const name of odd) {
      writeFileSync(toBuffer(path(name)), name);
      expect(lookAt(path(name))?.isFile()).toBe(true);
    }
  });

  it('of the root is of the root', () => {
    expect(['/', '/a/', '/a', '/a/b/'].map((each) => withoutSlash(b(each)))).toEqual([
      '/',
      '/a',
      '/a',
      '/a/b',
    ]);
    expect(lookAt(b('/'))?.ino).toBe(Number(execFileSync('stat', ['-c', '%i', '/'], { encoding: 'latin1' })));
  });
});
