import { describe, expect, it } from 'vitest';
import { formatExec } from '../../../src/action/exec-log.js';
import { asBytes as b } from '../../../src/core/bytes.js';

const line = (binary: string, args: readonly string[], stdin?: string) =>
  formatExec(b(binary), args.map(b), stdin === undefined ? undefined : b(stdin));

describe('the Exec line', () => {
  it('shows the binary and each argument in brackets', () => {
    expect(line('rsync', ['--delete', '-lts', '/s/', '/t/'])).toBe('rsync [--delete] [-lts] [/s/] [/t/]');
    expect(line('/bin/true', [])).toBe('/bin/true');
    expect(line('x', ['', 'a b', ']'])).toBe('x [] [a b] []]');
  });

  it('shows piped text first, with NULs as line breaks', () => {
    expect(line('rsync', ['-0', '/s/'], 'a\0b\0')).toBe('rsync [<] [a\nb\n] [-0] [/s/]');
    expect(line('rsync', ['-0'], '')).toBe('rsync [<] [] [-0]');
  });

  it('keeps bytes as they are', () => {
    expect(line('cp', ['\xff\xfe', '\xc3\xbc'])).toBe('cp [\xff\xfe] [\xc3\xbc]');
  });
});

describe('a secret is not shown', () => {
  it.each<[string, string, readonly string[], string]>([
    ['an option with =', 'x', ['--password=hunter2'], '[--password=***]'],
    ['in any case', 'x', ['--Secret-Access-Key=hunter2'], '[--Secret-Access-Key=***]'],
    ['an option’s next word', 'x', ['--password', 'hunter2', 'y'], '[--password] [***] [y]'],
    ['an option with blanks and quotes', 'x', [`--password=hunter2 'hunter2"`], '[--password=***]'],
    ['in quotes that do not end', 'sh', ['-c', `SSHPASS='hunter2`], '[-c] [SSHPASS=***]'],
    ['a token', 'x', ['-token', 'hunter2'], '[-token] [***]'],
    ['an access key', 'x', ['--access_key_id', 'hunter2'], '[--access_key_id] [***]'],
    [
      'the environment in a shell’s words',
      'sh',
      ['-c', 'RSYNC_PASSWORD=hunter2 rsync a b'],
      '[-c] [RSYNC_PASSWORD=*** rsync a b]',
    ],
    [
      'in quotes',
      'sh',
      ['-c', `SSHPASS='hunter2 2' X_TOKEN="hunter2 2" x`],
      '[-c] [SSHPASS=*** X_TOKEN=*** x]',
    ],
    [
      'of sshpass in quotes',
      'sh',
      ['-c', `sshpass -p 'hunter2 hunter2' ssh h`],
      '[-c] [sshpass -p *** ssh h]',
    ],
    [
      'several in one word',
      'sh',
      ['-c', 'A_TOKEN=hunter2 B_SECRET=hunter2 x'],
      '[-c] [A_TOKEN=*** B_SECRET=*** x]',
    ],
    ['in a URL', 'curl', ['ftp://me:hunter2@host/p'], '[ftp://me:***@host/p]'],
    ['sshpass', 'sshpass', ['-p', 'hunter2', 'ssh', 'h'], '[-p] [***] [ssh] [h]'],
    ['sshpass in one', '/usr/bin/sshpass', ['-phunter2', 'ssh'], '[-p***] [ssh]'],
    ['sshpass as rsync’s rsh', 'rsync', ['--rsh=sshpass -p hunter2 ssh'], '[--rsh=sshpass -p *** ssh]'],
    ['a header', 'curl', ['-H', 'Authorization: QS key:hunter2'], '[-H] [Authorization: ***]'],
  ])('%s', (_, binary, args, shown) => {
    const text = line(binary, args);
    expect(text).not.toContain('hunter2');
    expect(text).toBe(`${binary} ${shown}`);
  });

  it.each([['--password-file=/etc/p'], ['-p'], ['http://host/a:b@c'], ['/secret/token'], ['monkey=1']])(
    '%s is none',
    (word) => {
      expect(line('rsync', [word, 'next'])).toBe(`rsync [${word}] [next]`);
    },
  );
});
