import { describe, expect, it } from 'vitest';
import { fromText } from '../../../src/core/bytes.js';
import { shellWords } from '../../../src/config/command-line.js';

describe('the words of -sshopts', () => {
  it.each([
    ['-p 22', ['-p', '22']],
    [`-o 'User=a b' -o "X=\\"y"`, ['-o', 'User=a b', '-o', 'X="y']],
    ['a\\ b  c', ['a b', 'c']],
    [`pre'fix 'x""`, ['prefix x']],
    [`''`, ['']],
    ['  ', []],
  ])('%s', (text, words) => {
    expect(shellWords(fromText(text))).toEqual(words);
  });

  it.each(["'open", '"open', 'end\\'])('%s is refused', (text) => {
    expect(() => shellWords(fromText(text))).toThrow('a quote that is not closed');
  });
});
