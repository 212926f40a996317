import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asBytes as b, fromText } from '../../../src/core/bytes.js';
import { directoryOf, isSharedDirectory, openOwn } from '../../../src/sys/secure-file.js';

const root = process.geteuid?.() === 0;
const APPEND = constants.O_WRONLY | constants.O_APPEND;

let dir: string;
let shared: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lsyncd-ts-own-'));
  shared = join(dir, 'shared');
  mkdirSync(shared);
  chmodSync(shared, 0o1777);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Opens, writes, closes. */
function put(path: string, flags = APPEND, mode?: number): void {
  const fd = openOwn(fromText(path), flags, mode);
  writeSync(fd, 'x');
  closeSync(fd);
}

const refused = (path: string, why: string) => {
  expect(() => put(path)).toThrow(
    expect.objectContaining({
      code: 'LSY_UNSAFE_FILE',
      message: expect.stringContaining(why) as string,
      remedy: expect.stringContaining('remove it') as string,
    }) as Error,
  );
};

describe('the directory of a path', () => {
  it.each([
    ['/a/b', '/a'],
    ['/a', '/'],
    ['a', '.'],
    ['a/b\xff/c', 'a/b\xff'],
  ])('%s: %s', (path, directory) => {
    expect(directoryOf(b(path))).toBe(directory);
  });

  it('is shared when anyone may write to it', () => {
    expect([isSharedDirectory(fromText(shared)), isSharedDirectory(fromText(dir))]).toEqual([true, false]);
    expect(() => isSharedDirectory(fromText(`${dir}/none`))).toThrow('ENOENT');
  });
});

describe.each(['of our own', 'anyone may write to'])('in a directory %s, a file', (kind) => {
  const place = () => join(kind === 'of our own' ? dir : shared, 'f');

  it('is made, with the mode wanted', () => {
    put(place(), APPEND, 0o600);
    expect([readFileSync(place(), 'latin1'), lstatSync(place()).mode & 0o777]).toEqual(['x', 0o600]);
  });

  it('that is there is kept', () => {
    writeFileSync(place(), 'before ');
    put(place());
    expect(readFileSync(place(), 'latin1')).toBe('before x');
  });

  it('is not inherited by children', () => {
    const fd = openOwn(fromText(place()), APPEND);
    try {
      const seen = execFileSync('ls', ['-l', '/proc/self/fd'], { encoding: 'latin1' });
      expect(seen).not.toContain(place());
    } finally {
      closeSync(fd);
    }
  });

  it('in a directory that is missing is the system’s error', () => {
    expect(() => put(join(dir, 'none', 'f'))).toThrow('ENOENT');
  });
});

describe('a trap', () => {
  it('among files of our own is an administrator’s link', () => {
    writeFileSync(join(dir, 'aim'), '');
    symlinkSync(join(dir, 'aim'), join(dir, 'link'));
    put(join(dir, 'link'));
    expect(readFileSync(join(dir, 'aim'), 'latin1')).toBe('x');
  });

  it('in a shared directory is refused and what it aims at stays: a symbolic link', () => {
    writeFileSync(join(dir, 'aim'), 'safe');
    symlinkSync(join(dir, 'aim'), join(shared, 'link'));
    refused(join(shared, 'link'), 'is a symbolic link');
    symlinkSync(join(dir, 'not-yet'), join(shared, 'dangling'));
    refused(join(shared, 'dangling'), 'is a symbolic link');
    expect(readFileSync(join(dir, 'aim'), 'latin1')).toBe('safe');
    expect(lstatSync(join(dir, 'not-yet'), { throwIfNoEntry: false })).toBeUndefined();
  });

  it('a hard link', () => {
    writeFileSync(join(dir, 'aim'), 'safe');
    linkSync(join(dir, 'aim'), join(shared, 'link'));
    refused(join(shared, 'link'), 'is a hard link');
    expect(readFileSync(join(dir, 'aim'), 'latin1')).toBe('safe');
  });

  it('no plain file', () => {
    symlinkSync('/dev/null', join(dir, 'null'));
    execFileSync('mkfifo', [join(shared, 'pipe')]);
    // Opened without a reader it would wait for ever; it must be refused at once.
    expect(() => put(join(shared, 'pipe'))).toThrow();
  });

  it.skipIf(!root)('another user’s file', () => {
    writeFileSync(join(shared, 'foreign'), '');
    chownSync(join(shared, 'foreign'), 65_534, 65_534);
    refused(join(shared, 'foreign'), 'belongs to another user');
  });
});
