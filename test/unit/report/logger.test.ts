import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asBytes, fromText } from '../../../src/core/bytes.js';
import { checkCategory } from '../../../src/report/categories.js';
import { clockTime, ctime } from '../../../src/report/ctime.js';
import { createLogger, type Logger, type LoggerOptions } from '../../../src/report/logger.js';
import { Secrets } from '../../../src/report/redact.js';
import { facilityCode } from '../../../src/report/syslog.js';

class Memory {
  text = '';
  write(bytes: Uint8Array): void {
    this.text += Buffer.from(bytes).toString('latin1');
  }
  close(): void {
    // Nothing is open.
  }
}

const date = new Date(2017, 0, 6, 2, 10, 49);
let dir: string;
let file: string;
let stdout: Memory;
let stderr: Memory;
let logger: Logger | undefined;

function make(options: LoggerOptions = {}): Logger {
  logger = createLogger({ clock: () => date, stdout, stderr, ...options });
  return logger;
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lsyncd-log-'));
  file = join(dir, 'log');
  stdout = new Memory();
  stderr = new Memory();
});
afterEach(() => {
  logger?.close();
  rmSync(dir, { recursive: true, force: true });
});

describe('the log', () => {
  it('before the start writes to stderr, without a time', () => {
    make().text('Warn', 'early');
    expect(stderr.text).toBe('Warn: early\n');
    expect(stdout.text).toBe('');
  });

  it('on the console: the time of day; errors on stderr, the rest on stdout', () => {
    const log = make();
    log.start({ console: true });
    log.text('Normal', '--- Startup ---');
    log.text('Error', 'bad');
    expect(stdout.text).toBe('02:10:49 Normal: --- Startup ---\n');
    expect(stderr.text).toBe('02:10:49 Error: bad\n');
  });

  it("in the file: C's ctime with the day padded", () => {
    const log = make();
    log.start({ console: false, file: fromText(file) });
    log.text('Normal', 'one\ntwo');
    expect(readFileSync(file, 'latin1')).toBe('Fri Jan  6 02:10:49 2017 Normal: one\ntwo\n');
  });

  it('goes on in a new file after a rotation', () => {
    const log = make();
    log.start({ console: false, file: fromText(file) });
    log.text('Normal', 'one');
    renameSync(file, `${file}.1`);
    log.text('Normal', 'two');
    expect(readFileSync(`${file}.1`, 'latin1')).toContain('one');
    expect(readFileSync(file, 'latin1')).toMatch(/^[^\n]*two\n$/);
  });

  it('complains once about a file it can not write, and works on', () => {
    const log = make();
    log.start({ console: true, file: fromText(join(dir, 'missing', 'log')) });
    log.text('Normal', 'one');
    log.text('Normal', 'two');
    expect(stdout.text).toContain('one');
    expect(stdout.text).toContain('two');
    expect(stderr.text.match(/Cannot write logfile/g)).toHaveLength(1);
  });

  it('writes bytes as they are', () => {
    const log = make();
    log.start({ console: false, file: fromText(file) });
    log.log('Normal', asBytes('a\xff\xe9b'));
    expect(readFileSync(file, 'latin1')).toContain('a\xff\xe9b\n');
  });

  it('shows Normal, Warn and Error; other categories when turned on', () => {
    const log = make({ categories: ['Exec'] });
    log.start({ console: true });
    for (const category of ['Normal', 'Exec', 'Delay', 'Own']) log.text(category, category);
    expect(stdout.text).toContain('Exec: Exec');
    expect(stdout.text).not.toContain('Delay');
    expect(log.enabled('Own')).toBe(false);
  });

  it.each([
    ['all', ['Normal', 'Delay', 'Own']],
    ['scarce', []],
  ])('-log %s', (category, shown) => {
    const log = make({ categories: [category] });
    log.start({ console: true });
    for (const name of ['Normal', 'Delay', 'Own']) log.text(name, 'x');
    expect([...stdout.text.matchAll(/ (\w+): x/g)].map((match) => match[1])).toEqual(shown);
  });

  it('hides secrets in every line', () => {
    const log = make({ secrets: ['s3cret'] });
    log.start({ console: true });
    log.addSecrets('geheim');
    log.text('Normal', 'a s3cret and geheim');
    expect(stdout.text).toBe('02:10:49 Normal: a *** and ***\n');
  });

  it('collapses repeated lines when asked to', () => {
    const log = make({ collapse: true });
    log.start({ console: true });
    for (let i = 0; i < 5; i++) log.text('Normal', 'same');
    log.text('Normal', 'other');
    expect(stdout.text.split('\n').map((line) => line.replace(/^.*Normal: /, ''))).toEqual([
      'same',
      'last message repeated 4 times',
      'other',
      '',
    ]);
  });
});

describe('its parts', () => {
  it('categories begin with a capital', () => {
    expect(() => checkCategory('lower')).toThrow("'lower' is not a valid logging category");
    expect(() => checkCategory('Upper')).not.toThrow();
  });

  it('hides the longer of two secrets first, and leaves short texts alone', () => {
    const secrets = new Secrets(['abcd', 'abcdef', 'x']);
    expect(secrets.hide(asBytes('abcdef abcd x'))).toBe('*** *** x');
  });

  it('times', () => {
    expect(ctime(new Date(2026, 10, 22, 9, 5, 3))).toBe('Sun Nov 22 09:05:03 2026');
    expect(clockTime(date)).toBe('02:10:49');
  });

  it.each([
    ['local7', 23],
    ['USER', 1],
    [3, 3],
  ])('facility %s', (given, code) => {
    expect(facilityCode(given)).toBe(code);
  });

  it.each(['nonsense', 24, -1, 1.5])('no facility: %s', (given) => {
    expect(() => facilityCode(given)).toThrow(`Logging facility '${given}' unknown.`);
  });
});
