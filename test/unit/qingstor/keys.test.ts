import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asBytes, fromText } from '../../../src/core/bytes.js';
import {
  ancestorsOf,
  isCanonical,
  keySpace,
  parentOf,
  withoutSlash,
  withSlash,
} from '../../../src/qingstor/keys.js';
import { globMatches, globsExclude } from '../../../src/qingstor/glob.js';

const p = asBytes;

describe('keys', () => {
  it('stand for paths below the prefix, with or without its slash', () => {
    for (const prefix of ['a/b', 'a/b/']) {
      const { keyOf, pathOf } = keySpace(prefix);
      expect(keyOf(p('/x'))).toEqual({ key: 'a/b/x' });
      expect(keyOf(p('/d/'))).toEqual({ key: 'a/b/d/' });
      expect(pathOf('a/b/x')).toBe('/x');
      expect(pathOf('a/bx')).toBeUndefined();
      expect(pathOf('other')).toBeUndefined();
    }
    expect(keySpace('').keyOf(p('/x'))).toEqual({ key: 'x' });
  });

  it('turn into the paths they came from', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/[/\0]/.test(text));
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 3 }), fc.boolean(), (names, dir) => {
        const path = fromText(`/${names.join('/')}${dir ? '/' : ''}`);
        const { keyOf, pathOf } = keySpace('prä/fix');
        const named = keyOf(path);
        expect('key' in named && pathOf(named.key)).toBe(path);
      }),
    );
  });

  it('are at most 1023 bytes, prefix included', () => {
    const { keyOf } = keySpace('ä/');
    expect(keyOf(p(`/${'x'.repeat(1020)}`))).toHaveProperty('key');
    expect(keyOf(p(`/${'x'.repeat(1021)}`))).toEqual({
      problem: 'its key would have 1024 bytes, QingStor allows 1023',
    });
  });

  it('do not exist for names that are no UTF-8, but something may look alike', () => {
    const { keyOf, lookalike } = keySpace('p');
    expect(keyOf(p('/n\xff'))).toHaveProperty('problem', expect.stringContaining('not valid UTF-8'));
    expect(lookalike(p('/n\xff'))).toBe('p/n\ufffd');
  });
});

describe('paths', () => {
  it('have parents and ancestors', () => {
    expect(parentOf(p('/a/b/f'))).toBe('/a/b/');
    expect(parentOf(p('/a/b/'))).toBe('/a/');
    expect(parentOf(p('/f'))).toBe('/');
    expect([...ancestorsOf(p('/a/b/c/'))]).toEqual(['/a/b/', '/a/']);
    expect([...ancestorsOf(p('/a'))]).toEqual([]);
  });

  it('lose and get their slash', () => {
    expect([withoutSlash(p('/a/')), withoutSlash(p('/a')), withoutSlash(p('/'))]).toEqual(['/a', '/a', '/']);
    expect([withSlash(p('/a/')), withSlash(p('/a'))]).toEqual(['/a/', '/a/']);
  });

  it.each(['/', '', '/a//b', '/./a', '/a/..', '/../a', '/a/.', '/a\0'])(
    '%j is not what a walk gives',
    (path) => {
      expect(isCanonical(p(path))).toBe(false);
    },
  );

  it.each(['/a', '/a/', '/.a/..b/c..', '/...'])('%j is', (path) => {
    expect(isCanonical(p(path))).toBe(true);
  });
});

describe('globs', () => {
  it.each([
    ['*', '', true],
    ['*', 'a/b', true],
    ['*.tmp', 'a/b.tmp', true],
    ['*.tmp', 'a.tmpx', false],
    ['a?c', 'a/c', true],
    ['a?c', 'ac', false],
    ['?', '🙂', true],
    ['', '', true],
    ['', 'a', false],
    ['a.c', 'abc', false],
    ['[a]', 'a', false],
    ['[a]', '[a]', true],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['**a', 'xa', true],
  ])('%j on %j: %s', (pattern, text, matches) => {
    expect(globMatches(pattern, text)).toBe(matches);
  });

  it('mean what the same regular expression means', () => {
    const letters = (...all: string[]) =>
      fc.array(fc.constantFrom(...all), { maxLength: 8 }).map((a) => a.join(''));
    fc.assert(
      fc.property(letters('a', 'b', '*', '?', '/'), letters('a', 'b', '/'), (pattern, text) => {
        const same = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
        expect(globMatches(pattern, text)).toBe(same.test(text));
      }),
      { numRuns: 1000 },
    );
  });

  it('do not explode', () => {
    expect(globMatches('*a'.repeat(30) + 'b', 'a'.repeat(5000))).toBe(false);
  });

  it('leave alone what is excluded and not included too', () => {
    expect(globsExclude({}, 'a')).toBe(false);
    expect(globsExclude({ include: 'b' }, 'a')).toBe(false);
    expect(globsExclude({ exclude: 'a*' }, 'ab')).toBe(true);
    expect(globsExclude({ exclude: 'a*', include: '*b' }, 'ab')).toBe(false);
  });
});
