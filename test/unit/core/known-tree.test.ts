import { describe, expect, it } from 'vitest';
import { asBytes } from '../../../src/core/bytes.js';
import { KnownTree, type KnownDir } from '../../../src/core/known-tree.js';

function* paths(dir: KnownDir, at = '/'): Generator<string> {
  for (const [name, child] of dir) {
    yield `${at}${name}${child === undefined ? '' : '/'}`;
    if (child !== undefined) yield* paths(child, `${at}${name}/`);
  }
}

const tree = (...names: readonly string[]): KnownTree => {
  const known = new KnownTree();
  for (const name of names) known.add(asBytes(name));
  return known;
};

describe('known names', () => {
  it('come with the directories above them, once', () => {
    expect([...paths(tree('/a/b/c', '/a/', '/d/', '/a/b/', '/').root)]).toEqual([
      '/a/',
      '/a/b/',
      '/a/b/c',
      '/d/',
    ]);
  });

  it('go with all below, if they are of that kind', () => {
    const known = tree('/a/b', '/a/c/d', '/f');
    for (const name of ['/a/c', '/f/', '/no/such', '/a/b/x', '/']) known.remove(asBytes(name));
    expect([...paths(known.root)]).toEqual(['/a/', '/a/b', '/a/c/', '/a/c/d', '/f']);
    known.remove(asBytes('/a/'));
    expect([...paths(known.root)]).toEqual(['/f']);
  });

  it('change their kind', () => {
    const known = tree('/a/b');
    known.add(asBytes('/a'));
    expect([...paths(known.root)]).toEqual(['/a']);
    known.add(asBytes('/a/'));
    expect([...paths(known.root)]).toEqual(['/a/']);
  });

  it('move with all below, over what was there, into what was not known', () => {
    const known = tree('/a/b/c', '/x/y', '/f');
    known.move(asBytes('/a/'), asBytes('/x/'));
    expect([...paths(known.root)]).toEqual(['/x/', '/x/b/', '/x/b/c', '/f']);
    known.move(asBytes('/f'), asBytes('/new/g'));
    known.move(asBytes('/unknown/'), asBytes('/h/'));
    expect([...paths(known.root)]).toEqual(['/x/', '/x/b/', '/x/b/c', '/new/', '/new/g', '/h/']);
  });
});
