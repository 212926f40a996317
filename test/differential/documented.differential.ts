import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { differences } from './differences.js';

describe('Documented differences', () => {
  const rows = readFileSync('docs/differences.md', 'utf8');
  it.each(Object.keys(differences))('%s has a row in docs/differences.md', (id) => {
    const row = rows.split('\n').find((line) => line.startsWith(`| \`${id}\` |`));
    expect(row).toBeDefined();
    expect(row!.split('|')).toHaveLength(7);
  });
});
