import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textCommand } from '../../../src/action/byte-exact.js';
import { LineTail } from '../../../src/action/line-tail.js';
import { shellCommand } from '../../../src/action/shell.js';
import { asBytes as b, fromText } from '../../../src/core/bytes.js';
import { fromBuffer } from '../../../src/sys/bytes.js';

const words = fc
  .uint8Array({ max: 40 })
  .map((bytes) => b(Buffer.from(bytes).toString('latin1').replaceAll('\0', 'N')));

describe('a command', () => {
  it('of UTF-8 words passes as it is', () => {
    const command = textCommand([fromText('/bin/ö'), b(''), b('-n'), fromText('\ufeff€')]);
    expect(command).toEqual({ file: '/bin/ö', args: ['', '-n', '\ufeff€'], rebuilt: false });
  });

  it('of other words is rebuilt by sh from plain ones', () => {
    const command = textCommand([b('cp'), b('a\xff'), b('b')]);
    expect([command.file, command.rebuilt, command.args[0]]).toEqual(['/bin/sh', true, '-c']);
    for (const word of command.args) expect(word).toMatch(/^[\x20-\x7e]*$/);
  });

  it('gets its words byte by byte', () => {
    // All runs in few shells: a process each would take long.
    const lists = fc.sample(fc.array(words, { minLength: 1, maxLength: 12 }), { numRuns: 40, seed: 7 });
    for (const list of lists) {
      const { file, args } = textCommand([b('/bin/sh'), b('-c'), b(`printf '%s\\0' "$@"`), b('sh'), ...list]);
      const { stdout, status } = spawnSync(file, args);
      expect([status, fromBuffer(stdout).slice(0, -1).split('\0')]).toEqual([0, list]);
    }
  });

  it('has no word longer than the system takes, for words that the system takes', () => {
    const { args } = textCommand([b('x'), b('\xff'.repeat(100_000))]);
    expect(Math.max(...args.map(({ length }) => length))).toBeLessThan(128 * 1024);
  });
});

describe('a shell command', () => {
  it('gets its arguments as $1, $2 …', () => {
    expect(shellCommand(b('cp "$1" "$2"'), [b('a b'), b('\xff')])).toEqual({
      binary: '/bin/sh',
      args: ['-c', 'cp "$1" "$2"', 'sh', 'a b', '\xff'],
    });
    expect(shellCommand(b('true')).args).toEqual(['-c', 'true', 'sh']);
  });
});

describe('the end of a stream', () => {
  const tail = (...pieces: readonly string[]) => {
    const lines = new LineTail();
    for (const piece of pieces) lines.add(Buffer.from(piece, 'latin1'));
    return lines.text;
  };

  it('is its last five lines', () => {
    expect(tail()).toBe('');
    expect(tail('a\n')).toBe('a');
    expect(tail('1\n2\n3\n4\n5\n6\n7\n\n\n')).toBe('3\n4\n5\n6\n7');
    expect(tail('1\n2\n3\n4\n5\n6')).toBe('2\n3\n4\n5\n6');
    expect(tail('\xff\n')).toBe('\xff');
  });

  it('does not depend on how the bytes come', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', '\n', 'bc', '\n\n', '\xe2')), (pieces) => {
        expect(tail(...pieces)).toBe(tail(pieces.join('')));
      }),
    );
  });

  it('is bounded', () => {
    expect(tail(...Array<string>(100).fill('x'.repeat(1_000)), '!\nlast').length).toBeLessThanOrEqual(4_096);
    expect(tail('x'.repeat(50_000), '!\nlast').endsWith('xx!\nlast')).toBe(true);
  });
});
