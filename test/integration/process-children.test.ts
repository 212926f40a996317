import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { textCommand } from '../../src/action/byte-exact.js';
import { spawnChild, type ChildOptions } from '../../src/action/process.js';
import { shellCommand } from '../../src/action/shell.js';
import { asBytes as b, fromText, type ByteString } from '../../src/core/bytes.js';
import { fromBuffer, toBuffer } from '../../src/sys/bytes.js';
import { openOwn } from '../../src/sys/secure-file.js';

const dumper = join(dirname(fileURLToPath(import.meta.url)), 'fixtures/dump-argv.sh');
const latin1 = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => String.fromCharCode(from + i)).join('');

/** Words a shell, printf or UTF-8 could spoil; the first makes every list one that is not UTF-8. */
const nasty = [
  '\xff',
  '',
  'plain',
  '-n',
  '-e\xfe',
  '--',
  '%s%d\\n\xff',
  '\\0377\\c\\\\ \xe9',
  'it\'s "quoted" $HOME `id` $(id) \xff',
  'ends in line breaks\xff\n\n\n',
  '\n\xff',
  '\xc3\xbc is UTF-8',
  '\xc3',
  'x',
  '* ? [a-z] ~ ; & | < > ! #\xff',
  latin1(1, 255),
  '0377\xff0377',
].map(b);

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'lsyncd-ts-children-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const sh = (command: string, options: Partial<ChildOptions> = {}) => {
  const words = shellCommand(fromText(command), [fromText(dir)]);
  return spawnChild({ ...words, output: 'ignore', ...options });
};
const read = (name: string) => readFileSync(join(dir, name), 'latin1');

describe('arguments', () => {
  const dumped = async (binary: ByteString, args: readonly ByteString[]): Promise<string[]> => {
    const env = { ...process.env, DUMP: join(dir, 'dump') };
    const end = await spawnChild({ binary, args, output: 'inherit', env }).ended;
    expect(end).toEqual({ code: 0 });
    // Its interpreter and itself come first.
    return read('dump').slice(0, -1).split('\0').slice(2);
  };

  it('reach the child as they are: UTF-8', async () => {
    const args = ['a b', '', '-n', '%', '\xc3\xbc', 'x\n'].map(b);
    expect(await dumped(fromText(dumper), args)).toEqual(args);
  });

  it('reach the child as they are: any bytes', async () => {
    expect(await dumped(fromText(dumper), nasty)).toEqual(nasty);
    for (const word of nasty) expect(await dumped(fromText(dumper), [word])).toEqual([word]);
  });

  it('are cut at a NUL', async () => {
    expect(await dumped(fromText(dumper), [b('c\0d'), b('\xff\0\xff')])).toEqual(['c', '\xff']);
  });

  it('may be long and many', async () => {
    const args = [b('\xff'.repeat(30_000)), ...Array.from({ length: 5_000 }, (_, i) => b(`a${i}`))];
    expect(await dumped(fromText(dumper), args)).toEqual(args);
  });

  it('may belong to a binary whose own name is not UTF-8', async () => {
    const folder = b(`${fromText(dir)}/d\xff\n`);
    mkdirSync(toBuffer(folder));
    const binary = b(`${folder}/-\xfe '`);
    copyFileSync(dumper, toBuffer(binary));
    chmodSync(toBuffer(binary), 0o755);
    expect(await dumped(binary, [b('x')])).toEqual(['x']);
  });

  for (const shell of [['bash', '--posix'], ['dash'], ['busybox', 'sh']]) {
    const there = spawnSync(shell[0]!, [...shell.slice(1), '-c', 'true']).status === 0;
    it.skipIf(!there)(`are rebuilt by ${shell.join(' ')} too`, () => {
      const { args } = textCommand([b('/bin/sh'), b('-c'), b(`printf '%s\\0' "$@"`), b('sh'), ...nasty]);
      const { stdout } = spawnSync(shell[0]!, [...shell.slice(1), ...args]);
      expect(fromBuffer(stdout).slice(0, -1).split('\0')).toEqual(nasty);
    });
  }
});

describe('a child', () => {
  it('ends with its exit status, 128 + n for a signal', async () => {
    expect(await sh('exit 3').ended).toEqual({ code: 3 });
    expect(await sh('kill -9 $$').ended).toEqual({ code: 137, signal: 'SIGKILL' });
    const child = sh('echo up >"$1/up"; exec sleep 60');
    await expect.poll(() => existsSync(join(dir, 'up'))).toBe(true);
    child.kill('SIGTERM');
    expect(await child.ended).toEqual({ code: 143, signal: 'SIGTERM' });
  });

  it('gets all of its input, bytes as they are', async () => {
    const text = b((latin1(0, 255) + '\n').repeat(4_000));
    expect(await sh('cat >"$1/got"', { stdin: text }).ended).toEqual({ code: 0 });
    expect(read('got') === text).toBe(true);
  });

  it('may leave its input unread', async () => {
    expect(await sh('exec 0<&-; exit 4', { stdin: b('x'.repeat(1_000_000)) }).ended).toEqual({ code: 4 });
  });

  it('shares our process group and working directory, has default signals and no descriptor of ours', async () => {
    const fd = writeFd();
    try {
      const script = 'ls -l /proc/self/fd >"$1/fds"; cut -d" " -f5 /proc/$$/stat >"$1/group"; pwd >"$1/cwd"';
      expect(await sh(`${script}; grep SigIgn /proc/$$/status >"$1/signals"`).ended).toEqual({ code: 0 });
    } finally {
      fd.close();
    }
    expect(read('fds')).not.toContain('held-open');
    expect(read('group')).toBe(`${readFileSync('/proc/self/stat', 'latin1').split(' ')[4]!}\n`);
    expect(read('cwd')).toBe(`${process.cwd()}\n`);
    // Bit 12 is SIGPIPE, which Node ignores for itself.
    expect(BigInt(`0x${/SigIgn:\s*(\w+)/.exec(read('signals'))![1]!}`) & (1n << 12n)).toBe(0n);
  });

  it('appends its output to a file that may be rotated between children', async () => {
    const file = fromText(join(dir, 'log'));
    writeFileSync(join(dir, 'log'), 'before\n');
    await sh('echo out; echo err >&2', { output: { file } }).ended;
    renameSync(join(dir, 'log'), join(dir, 'log.1'));
    await sh('echo two', { output: { file } }).ended;
    expect(read('log.1')).toBe('before\nout\nerr\n');
    expect(read('log')).toBe('two\n');
  });

  it('runs also when its output has nowhere to go', async () => {
    const file = fromText(join(dir, 'no', 'log'));
    expect(await sh('echo x; exit 5', { output: { file } }).ended).toEqual({ code: 5 });
  });

  it('can have the end of its stderr kept, which goes where it goes nevertheless', async () => {
    const file = fromText(join(dir, 'log'));
    const script = 'for i in 1 2 3 4 5 6 7; do echo "line $i" >&2; done; exit 2';
    const end = await sh(script, { output: { file }, keepStderr: true }).ended;
    expect(end).toEqual({ code: 2, stderrTail: [3, 4, 5, 6, 7].map((i) => `line ${i}`).join('\n') });
    expect(read('log').split('\n')).toHaveLength(8);
  });

  it('is not waited for when a grandchild holds its stderr', async () => {
    const child = sh('sleep 60 & echo $! >"$1/pid"; echo done >&2', { keepStderr: true });
    expect(await child.ended).toEqual({ code: 0, stderrTail: 'done' });
    process.kill(Number(read('pid')), 'SIGKILL');
  });
});

describe('what cannot be executed', () => {
  it.each(['/nonexist/bin', 'no-such-program-anywhere', '/nonexist/\xff', 'no-such-\xff'])(
    '%j: 255',
    async (name) => {
      const child = spawnChild({ binary: b(name), args: [b('x')], stdin: b('text'), output: 'ignore' });
      expect(child.pid).toBeUndefined();
      expect(await child.ended).toEqual({
        code: 255,
        failedExec: expect.stringContaining('ENOENT') as string,
      });
      child.kill('SIGTERM');
    },
  );

  it.each(['plain', 'odd \xff'])('a file without the x bit, called %j: 255', async (name) => {
    const binary = b(`${fromText(dir)}/${name}`);
    writeFileSync(toBuffer(binary), '#!/bin/sh\n', { mode: 0o644 });
    const { ended } = spawnChild({ binary, args: [], output: 'ignore' });
    expect(await ended).toEqual({ code: 255, failedExec: expect.stringContaining('EACCES') as string });
  });

  it('too long an argument: 255', async () => {
    const { ended } = spawnChild({
      binary: b('/bin/true'),
      args: [b('x'.repeat(200_000))],
      output: 'ignore',
    });
    expect(await ended).toEqual({ code: 255, failedExec: expect.stringContaining('E2BIG') as string });
  });
});

it('finds a binary without slash on PATH', async () => {
  copyFileSync('/bin/true', join(dir, 'only-here'));
  const env = { ...process.env, PATH: `/nonexist:${dir}` };
  for (const args of [[], [b('\xff')]]) {
    const { ended } = spawnChild({ binary: b('only-here'), args, output: 'ignore', env });
    expect(await ended).toEqual({ code: 0 });
  }
});

function writeFd(): { close(): void } {
  // Opened as the program opens its files.
  const fd = openOwn(fromText(join(dir, 'held-open')), constants.O_WRONLY);
  return { close: () => closeSync(fd) };
}
