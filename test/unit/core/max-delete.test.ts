import { describe, expect, it } from 'vitest';
import { exceeds, maxDeleteText, parseMaxDelete } from '../../../src/core/max-delete.js';

describe('maxDelete', () => {
  it.each([
    [0, 'count', 0],
    [1000, 'count', 1000],
    ['12', 'count', 12],
    ['10%', 'percent', 10],
    [' 0.5% ', 'percent', 0.5],
    ['100%', 'percent', 100],
  ])('%j is a limit', (value, kind, most) => {
    expect(parseMaxDelete(value)).toEqual({ kind, most });
  });

  it.each(['', '%', 'ten', '10 %%', '101%', '-1', -1, 1.5, Infinity, NaN])('%j is none', (value) => {
    expect(parseMaxDelete(value)).toBeUndefined();
  });

  it('is shown as it was given', () => {
    expect([parseMaxDelete(7)!, parseMaxDelete('7%')!].map(maxDeleteText)).toEqual(['7', '"7%"']);
  });

  it('is exceeded by more than it says, leave added', () => {
    const count = { kind: 'count', most: 10 } as const;
    expect(exceeds({ most: count, allowed: 0 }, 10, 0)).toBe(false);
    expect(exceeds({ most: count, allowed: 0 }, 11, 0)).toBe(true);
    expect(exceeds({ most: count, allowed: 5 }, 15, 0)).toBe(false);
    expect(exceeds({ most: count, allowed: 5 }, 16, 0)).toBe(true);
    const percent = { kind: 'percent', most: 10 } as const;
    expect(exceeds({ most: percent, allowed: 0 }, 20, 200)).toBe(false);
    expect(exceeds({ most: percent, allowed: 0 }, 21, 200)).toBe(true);
    expect(exceeds({ most: percent, allowed: 0 }, 1, 0)).toBe(true);
  });
});
