import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const text = readFileSync('docs/reliability.md', 'utf8');

/** `file` ("title", "title"), as the documents name what proves a statement. */
const named = [...text.matchAll(/`(test\/\S+\.ts)`(?: \(((?:"[^"]+"(?:,\s+)?)+)\))?/g)].flatMap(
  ([, file, titles]) =>
    titles === undefined
      ? [{ file: file!, title: '' }]
      : [...titles.matchAll(/"([^"]+)"/g)].map(([, title]) => ({
          file: file!,
          title: title!.replace(/\s+/g, ' '),
        })),
);

describe('docs/reliability.md names tests', () => {
  it('of every pain', () => {
    expect(named.filter(({ title }) => title !== '').length).toBeGreaterThan(15);
  });

  it.each(named)('$file: $title', ({ file, title }) => {
    expect(readFileSync(file, 'utf8')).toContain(title);
  });
});
