import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asBytes as b } from '../../../src/core/bytes.js';
import type { FsEvent } from '../../../src/core/event.js';
import {
  admitEvent,
  becameCreate,
  compilePattern,
  compileRules,
  parseExcludeLines,
  parseFilterLines,
  parseFilterRule,
} from '../../../src/core/filter.js';

const rules = (filters: readonly string[], excludes: readonly string[] = []) =>
  compileRules({ filters: filters.map(b), excludes: excludes.map(b) });

describe('a pattern (spec/events.md, "Filters and excludes")', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    // Anywhere, beginning at a slash, up to a slash or the end.
    [
      'foo',
      ['/foo', '/foo/', '/x/foo', '/x/foo/', '/foo/bar', '/a/foo/b/c'],
      ['/foobar', '/xfoo', '/fo', '/foo.'],
    ],
    ['a/b', ['/a/b', '/x/a/b', '/a/b/c'], ['/a/x/b', '/a/bc', '/xa/b']],
    // A slash in front: only at the start.
    ['/foo', ['/foo', '/foo/', '/foo/bar'], ['/x/foo', '/foobar', '/x/foo/bar']],
    ['/a/b', ['/a/b', '/a/b/c'], ['/x/a/b', '/a']],
    // A slash at the end: a directory with everything below.
    ['foo/', ['/foo/', '/x/foo/', '/foo/bar', '/x/foo/y/z'], ['/foo', '/foobar/', '/x/foo']],
    ['/foo/', ['/foo/', '/foo/bar'], ['/foo', '/x/foo/']],
    // ?: one character, no slash.
    ['f?o', ['/foo', '/fxo', '/a/f.o/b', '/f\xffo'], ['/fo', '/fooo', '/f/o']],
    ['???', ['/abc', '/x/abc/'], ['/ab', '/abcd']],
    // *: any run without slash.
    ['*.o', ['/a.o', '/.o', '/x/a.b.o', '/a.o/x'], ['/a.oo', '/ao', '/a.o.c']],
    ['a*b', ['/ab', '/axxb', '/x/a.b'], ['/a/b', '/axxbc']],
    ['/*/x', ['/a/x', '/b/x/y'], ['/x', '/a/b/x']],
    ['*', ['/a', '/a/b', '/a/'], []],
    // **: any run.
    ['a**b', ['/ab', '/a/b', '/axx/yy/zzb'], ['/a/bc', '/ba']],
    ['**/deep', ['/x/deep', '/x/y/deep/z'], ['/deep']],
    ['/a/**', ['/a/', '/a/b', '/a/b/c'], ['/a', '/b/a/c']],
    ['a***b', ['/a/x/b'], ['/a/x/c']],
    // Everything else stands for itself, unlike in rsync.
    ['[a-z]', ['/[a-z]', '/x/[a-z]/y'], ['/a', '/z']],
    ['a.b', ['/a.b'], ['/axb']],
    ['a+b(c){d}|^$\\-e', ['/a+b(c){d}|^$\\-e'], ['/aab', '/']],
    ['a b ', ['/a b '], ['/a b']],
    ['\xff\n', ['/\xff\n', '/x/\xff\n/y'], ['/\xff']],
    // Nothing names nothing.
    ['', [], ['/', '/a', '/a/']],
  ])('%j', (pattern, matching, others) => {
    const test = compilePattern(b(pattern));
    expect([...matching, ...others].filter((path) => test.test(path))).toEqual(matching);
  });

  it('without special characters matches exactly where its segments are', () => {
    const segment = fc.string({ unit: fc.constantFrom('a', 'b', '.', '+', '$'), minLength: 1, maxLength: 3 });
    const names = fc.array(segment, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(names, names, fc.boolean(), fc.boolean(), fc.boolean(), (at, what, first, last, dir) => {
        const path = `/${at.join('/')}${dir ? '/' : ''}`;
        const pattern = `${first ? '/' : ''}${what.join('/')}${last ? '/' : ''}`;
        const starts = at.flatMap((_, i) => (what.every((name, j) => at[i + j] === name) ? [i] : []));
        const expected = starts.some(
          (i) => (!first || i === 0) && (!last || dir || i + what.length < at.length),
        );
        expect([path, pattern, compilePattern(b(pattern)).test(path)]).toEqual([path, pattern, expected]);
      }),
    );
  });
});

describe('rules', () => {
  it('the first filter that matches decides', () => {
    const filter = rules(['+ /keep/*.c', '- *.c', '+ *.c']);
    expect(filter.test(b('/keep/x.c'))).toEqual({ out: false, rule: '+ /keep/*.c' });
    expect(filter.test(b('/y.c'))).toEqual({ out: true, rule: '- *.c' });
    expect(filter.test(b('/y.h'))).toEqual({ out: false });
  });

  it('excludes are asked after the filters; any match is out', () => {
    const filter = rules(['+ a', '- b'], ['a', 'c', 'd']);
    expect(['/a', '/b', '/c', '/d', '/e'].filter((path) => filter.excludes(b(path)))).toEqual([
      '/b',
      '/c',
      '/d',
    ]);
    expect(filter.test(b('/c'))).toEqual({ out: true, rule: 'c' });
  });

  it('never leave out the root', () => {
    expect(rules(['- *', '- /'], ['**', '/']).excludes(b('/'))).toBe(false);
  });

  it('may be none', () => {
    expect(rules([]).empty).toBe(true);
    expect(rules([]).excludes(b('/a'))).toBe(false);
    expect(rules(['+ a']).empty).toBe(false);
    expect(rules([], ['a']).empty).toBe(false);
  });

  it('are plain data again', () => {
    const given = { filters: [b('- a')], excludes: [b('c')] };
    expect(compileRules(given).rules).toBe(given);
  });

  it('of many thousand patterns stay right', () => {
    const many = Array.from({ length: 10_500 }, (_, i) => `p${i}`);
    const filter = rules([], many);
    expect(filter.excludes(b('/x/p10499/y'))).toBe(true);
    expect(filter.excludes(b('/p10500'))).toBe(false);
    expect(rules([], many).excludes(b('/p0'))).toBe(true);
  });
});

describe('a filter rule', () => {
  it.each([
    ['- foo', true, 'foo', '- foo'],
    ['+ foo', false, 'foo', '+ foo'],
    ['  -   foo', true, 'foo', '- foo'],
    ['-foo', true, 'foo', '- foo'],
    ['+/foo/ ', false, '/foo/ ', '+ /foo/ '],
    ['- a b\n', true, 'a b\n', '- a b\n'],
    ['-', true, '', '- '],
  ])('%j', (text, out, pattern, rule) => {
    expect(parseFilterRule(b(text))).toEqual({ out, pattern, rule });
  });

  it.each(['foo', '', '! foo', 'P foo', 'merge x'])('%j is unknown', (text) => {
    expect(() => parseFilterRule(b(text))).toThrow(
      expect.objectContaining({
        code: 'LSY_FILTER_RULE',
        message: `Unknown filter rule: "${text}"`,
      }) as Error,
    );
  });
});

describe('a file of rules', () => {
  it('filterFrom: one a line, blank lines and comments skipped', () => {
    const file = '# about\n\n- a\n  + b \n#- c\n \t\n-d\xff';
    expect(parseFilterLines(b(file))).toEqual(['- a', '+ b ', '- d\xff']);
    expect(() => parseFilterLines(b('- a\nb\n'))).toThrow('Unknown filter rule: "b"');
  });

  it('excludeFrom: patterns, with `+` lines skipped and a leading `-` cut', () => {
    const file = '# about\n\na\n  b \n+ c\n- d\n-e\n#f\n-\n/g/\n\xff';
    expect(parseExcludeLines(b(file))).toEqual(['a', 'b ', 'd', 'e', '/g/', '\xff']);
  });

  it('may be empty', () => {
    expect([parseFilterLines(b('')), parseExcludeLines(b('\n'))]).toEqual([[], []]);
  });
});

describe('an event', () => {
  const filter = rules([], ['out']);
  const move = (path: string, path2: string): FsEvent => ({ kind: 'Move', path: b(path), path2: b(path2) });

  it('of an excluded path is dropped', () => {
    expect(admitEvent(filter, { kind: 'Modify', path: b('/out') })).toBeUndefined();
    const kept: FsEvent = { kind: 'Modify', path: b('/in'), transformed: 'Move' };
    expect(admitEvent(filter, kept)).toBe(kept);
  });

  it('Move with one end excluded becomes what is left of it', () => {
    expect(admitEvent(filter, move('/a', '/b'))).toEqual(move('/a', '/b'));
    expect(admitEvent(filter, move('/out/', '/b/'))).toEqual({ kind: 'Create', path: '/b/' });
    expect(admitEvent(filter, move('/a', '/x/out'))).toEqual({ kind: 'Delete', path: '/a' });
    expect(admitEvent(filter, move('/out', '/x/out'))).toBeUndefined();
  });

  it('passes when there are no rules', () => {
    const event = move('/out', '/x/out');
    expect(admitEvent(rules([]), event)).toBe(event);
  });

  it('that made a directory appear by a Move calls for a scan', () => {
    const became = (event: FsEvent) => becameCreate(event, admitEvent(filter, event));
    expect(became(move('/out/', '/b/'))).toBe(true);
    expect(became(move('/out', '/b'))).toBe(false);
    expect(became(move('/a/', '/b/'))).toBe(false);
    expect(became(move('/a/', '/out/'))).toBe(false);
    expect(became(move('/out/', '/x/out/'))).toBe(false);
    expect(became({ kind: 'Create', path: b('/b/') })).toBe(false);
  });
});
