import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromText } from '../../../src/core/bytes.js';
import { lockPidfile } from '../../../src/cli/pidfile.js';

let dir: string;
let path: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lsyncd-pid-'));
  path = join(dir, 'pid');
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

describe('the pidfile', () => {
  it('holds the pid and a lock, and is removed at the end', () => {
    const pidfile = lockPidfile(fromText(path));
    expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
    expect(spawnSync('flock', ['-n', path, 'true']).status).not.toBe(0);
    pidfile.release();
    pidfile.release();
    expect(existsSync(path)).toBe(false);
  });

  it('refuses a second instance, naming the pid', () => {
    const pidfile = lockPidfile(fromText(path));
    expect(() => lockPidfile(fromText(path))).toThrow(`another instance is running with pidfile '${path}'`);
    expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
    pidfile.release();
  });

  it('takes over what a crash left', () => {
    writeFileSync(path, '1\nmore text than a pid\n');
    const pidfile = lockPidfile(fromText(path));
    expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
    pidfile.release();
  });

  it("does not remove a successor's file", () => {
    const pidfile = lockPidfile(fromText(path));
    rmSync(path);
    writeFileSync(path, 'another');
    pidfile.release();
    expect(readFileSync(path, 'utf8')).toBe('another');
  });

  it('does not follow a link in a directory anyone may write to', () => {
    chmodSync(dir, 0o777);
    const victim = join(dir, 'victim');
    writeFileSync(victim, 'precious');
    symlinkSync(victim, path);
    expect(() => lockPidfile(fromText(path))).toThrow('is a symbolic link');
    expect(readFileSync(victim, 'utf8')).toBe('precious');
  });

  it('says which file can not be written', () => {
    const missing = join(dir, 'no', 'pid');
    expect(() => lockPidfile(fromText(missing))).toThrow(`Cannot write pidfile '${missing}'`);
  });
});
