import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoff, rareRetry } from '../../../src/core/backoff.js';
import { asBytes as b, fromText, toText, toTextStrict } from '../../../src/core/bytes.js';
import { coveredBy } from '../../../src/core/dirty-work.js';
import { LsyncdError } from '../../../src/core/errors.js';
import { isDirPath } from '../../../src/core/event.js';
import { Mark } from '../../../src/core/mark-tree.js';

const byteStrings = fc.uint8Array().map((bytes) => b(Buffer.from(bytes).toString('latin1')));

describe('byte strings', () => {
  it('hold text as UTF-8', () => {
    expect(fromText('ü€😀')).toBe('\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const bytes = fromText(text);
        expect(bytes).toBe(Buffer.from(text, 'utf8').toString('latin1'));
        expect([toText(bytes), toTextStrict(bytes)]).toEqual([text, text]);
      }),
    );
  });

  it('that are no UTF-8 are told from those that are', () => {
    fc.assert(
      fc.property(byteStrings, (bytes) => {
        const strict = toTextStrict(bytes);
        if (strict !== undefined) expect(fromText(strict)).toBe(bytes);
        else expect(toText(bytes)).toContain('\ufffd');
      }),
    );
    for (const bad of ['\xff', 'a\xc3', '\xc0\x80', '\xed\xa0\x80', '\xf8\x88\x80\x80\x80'])
      expect([bad, toTextStrict(b(bad))]).toEqual([bad, undefined]);
    expect(toText(b('a\xffb'))).toBe('a\ufffdb');
  });

  it('keep a byte order mark', () => {
    expect(toText(fromText('\ufeffx'))).toBe('\ufeffx');
  });
});

describe('the back-off', () => {
  it('doubles from the first wait, a second at least', () => {
    expect([1, 2, 3, 4].map((failures) => backoff(failures, 15_000, 0))).toEqual([
      15_000, 30_000, 60_000, 120_000,
    ]);
    expect(backoff(1, 0, 0)).toBe(1_000);
  });

  it('is never longer than five minutes, with a quarter of jitter at most', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e9 }),
        fc.nat(1e6),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (failures, first, random) => {
          const wait = backoff(failures, first, random);
          const plain = backoff(failures, first, 0);
          expect(wait).toBeGreaterThanOrEqual(Math.min(300_000, Math.max(1_000, first)));
          expect(wait).toBeLessThanOrEqual(Math.min(300_000, plain * 1.25));
          expect(backoff(failures + 1, first, 0)).toBeGreaterThanOrEqual(plain);
        },
      ),
    );
    expect([backoff(1_000_000, 1, 0.5), rareRetry]).toEqual([300_000, 300_000]);
  });
});

describe('an error', () => {
  it('shows what happened and what to do', () => {
    const cause = new Error('why');
    const error = new LsyncdError('LSY_X', 'it broke', 'mend it', { cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'LsyncdError', code: 'LSY_X', message: 'it broke', cause });
    expect([error.shown, new LsyncdError('LSY_X', 'it broke').shown]).toEqual([
      'it broke (mend it)',
      'it broke',
    ]);
  });
});

describe('a path', () => {
  it('with a slash at its end is a directory’s', () => {
    expect(['/', '/a/', '/a', '/a/\xff/'].map((path) => isDirPath(b(path)))).toEqual([
      true,
      true,
      false,
      true,
    ]);
  });

  it('is covered by the nearest mark above it', () => {
    const mark = (path: string) => [b(path), new Mark(0, true, 'Delete', true, true, 0, 0)] as const;
    const marks = new Map([mark('/a/'), mark('/a/b/c/')]);
    const by = (path: string) => [...marks].find(([, each]) => each === coveredBy(b(path), marks))?.[0];
    expect(['/a/x', '/a/b/c/d', '/a/b/c/', '/a/', '/b/a/', '/ax'].map(by)).toEqual([
      ...['/a/', '/a/b/c/', '/a/', undefined, undefined, undefined],
    ]);
    expect(coveredBy(b('/x'), new Map([mark('/')]))).toBeDefined();
  });
});
