import { describe, expect, it } from 'vitest';
import { asBytes } from '../../../src/core/bytes.js';
import { WatchTree } from '../../../src/monitor/inotify/watch-tree.js';

const b = asBytes;

function example() {
  const tree = new WatchTree();
  const top = tree.add(1, undefined, b('/s/'));
  const a = tree.add(2, top, b('a'));
  const deep = tree.add(3, a, b('deep'));
  const c = tree.add(4, top, b('c'));
  return { tree, top, a, deep, c };
}

describe('watch tree', () => {
  it('knows paths, and finds directories by them', () => {
    const { tree, top, deep } = example();
    expect(deep.path).toBe('/s/a/deep/');
    expect(tree.find(b('/s/a/deep/'))).toBe(deep);
    expect(tree.find(b('/s/'))).toBe(top);
    expect(tree.find(b('/s/a/dee/'))).toBeUndefined();
    expect(tree.find(b('/other/'))).toBeUndefined();
  });

  it('renames a directory with all below', () => {
    const { tree, a, c, deep } = example();
    tree.move(a, c, b('e'));
    expect(deep.path).toBe('/s/c/e/deep/');
    expect(tree.find(b('/s/a/deep/'))).toBeUndefined();
    expect(tree.find(b('/s/c/e/deep/'))).toBe(deep);
  });

  it('removes a directory with all below', () => {
    const { tree, a, deep, c } = example();
    expect(tree.remove(a)).toEqual([a, deep]);
    expect([...tree.descriptors()]).toEqual([1, 4]);
    expect(tree.holds(deep)).toBe(false);
    expect(tree.holds(c)).toBe(true);
  });

  it('keeps a descriptor until its last place is removed', () => {
    const { tree, c, deep } = example();
    const again = tree.add(3, c, b('again'));
    expect(tree.places(3)).toEqual([deep, again]);
    tree.remove(deep);
    expect(tree.places(3)).toEqual([again]);
    tree.remove(again);
    expect(tree.places(3)).toEqual([]);
  });

  it('tells what is below what', () => {
    const { top, a, deep, c } = example();
    expect([deep.isBelowOrAt(a), deep.isBelowOrAt(top), a.isBelowOrAt(a)]).toEqual([true, true, true]);
    expect([a.isBelowOrAt(deep), c.isBelowOrAt(a)]).toEqual([false, false]);
  });
});
