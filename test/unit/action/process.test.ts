import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { spawnChild, type ChildOptions } from '../../../src/action/process.js';
import { shellCommand } from '../../../src/action/shell.js';
import { asBytes as b, fromText } from '../../../src/core/bytes.js';
import { until } from '../../support/wait.js';

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'lsyncd-ts-process-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const sh = (command: string, options: Partial<ChildOptions> = {}) =>
  spawnChild({ ...shellCommand(fromText(command), [fromText(dir)]), output: 'ignore', ...options });
const read = (name: string) => readFileSync(join(dir, name), 'latin1');

describe('a child’s end', () => {
  it.each([0, 1, 23, 127, 128, 255])('status %i', async (code) => {
    expect(await sh(`exit ${code}`).ended).toEqual({ code });
  });

  it.each(['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGKILL', 'SIGUSR1', 'SIGSEGV'] as const)(
    '%s gives 128 and its number',
    async (signal) => {
      const child = sh('ulimit -c 0; echo >"$1/up"; while :; do sleep 1; done');
      await until(() => existsSync(join(dir, 'up')), 'the child');
      child.kill(signal);
      expect(await child.ended).toEqual({ code: 128 + constants.signals[signal], signal });
      child.kill('SIGTERM');
    },
  );

  it('of a command rebuilt from bytes is the command’s own', async () => {
    const run = (script: string) =>
      spawnChild({ ...shellCommand(b(script), [b('\xff')]), output: 'ignore' }).ended;
    expect(await run('exit 7')).toEqual({ code: 7 });
    expect(await run('kill -TERM $$')).toEqual({ code: 143, signal: 'SIGTERM' });
  });

  it('comes for many at once', async () => {
    const children = Array.from({ length: 30 }, (_, i) => sh(`exit ${i}`));
    expect(new Set(children.map(({ pid }) => pid)).size).toBe(30);
    const ends = await Promise.all(children.map(({ ended }) => ended));
    expect(ends.map(({ code }) => code)).toEqual(Array.from({ length: 30 }, (_, i) => i));
  });
});

describe('a child’s input', () => {
  it('may be empty, and ends', async () => {
    expect(await sh('cat >"$1/got"; exit 3', { stdin: b('') }).ended).toEqual({ code: 3 });
    expect(read('got')).toBe('');
  });

  it('is byte by byte what it was', async () => {
    const stdin = b('a\0\xff\xfe\n\xc3\xbc');
    await sh('cat >"$1/got"', { stdin }).ended;
    expect(read('got')).toBe(stdin);
  });
});

describe('a child’s environment', () => {
  it('is ours, or what it is given', async () => {
    const print = 'printf %s "$LSYNCD_TEST_WORD" >"$1/got"';
    await sh(print, { env: { ...process.env, LSYNCD_TEST_WORD: 'given' } }).ended;
    expect(read('got')).toBe('given');
    process.env['LSYNCD_TEST_WORD'] = 'ours';
    try {
      await sh(print).ended;
    } finally {
      delete process.env['LSYNCD_TEST_WORD'];
    }
    expect(read('got')).toBe('ours');
  });
});

describe('a child’s stderr', () => {
  it('is kept also when it goes nowhere', async () => {
    const end = await sh('echo one >&2; echo two; printf three >&2; exit 4', { keepStderr: true }).ended;
    expect(end).toEqual({ code: 4, stderrTail: 'one\nthree' });
  });

  it('is kept byte by byte, when killed, too', async () => {
    const end = await sh(String.raw`printf '\377\n' >&2; kill -KILL $$`, { keepStderr: true }).ended;
    expect(end).toEqual({ code: 137, signal: 'SIGKILL', stderrTail: '\xff' });
  });

  it('may be empty', async () => {
    expect(await sh('true', { keepStderr: true }).ended).toEqual({ code: 0, stderrTail: '' });
  });
});

describe('what cannot be executed', () => {
  it.each<[string, Partial<ChildOptions>]>([
    ['with input', { stdin: b('x'.repeat(100_000)) }],
    ['with stderr kept', { keepStderr: true }],
  ])('%s ends with 255 too', async (_, options) => {
    for (const binary of [b(`${dir}/missing`), b(`${dir}/missing\xff`)]) {
      const child = spawnChild({ binary, args: [], output: 'ignore', ...options });
      expect(await child.ended).toMatchObject({ code: 255, failedExec: expect.any(String) as string });
    }
  });

  it('a directory, or a file whose interpreter is missing', async () => {
    writeFileSync(join(dir, 'script'), '#!/nonexist/interpreter\n', { mode: 0o755 });
    for (const path of [dir, join(dir, 'script')]) {
      const { ended } = spawnChild({ binary: fromText(path), args: [], output: 'ignore' });
      expect(await ended).toMatchObject({ code: 255, failedExec: expect.any(String) as string });
    }
  });
});
