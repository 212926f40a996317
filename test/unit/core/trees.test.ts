import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asBytes as b, type BytePath } from '../../../src/core/bytes.js';
import { Heap } from '../../../src/core/heap.js';
import { InWork } from '../../../src/core/in-work.js';
import { Mark, MarkTree } from '../../../src/core/mark-tree.js';
import { nested, PathNode, PathTree } from '../../../src/core/path-tree.js';
import { PendingMoves, type PendingMove } from '../../../src/core/pending-moves.js';
import { TouchTree } from '../../../src/core/touch-tree.js';
import { touching } from './model.js';

const segments = fc.array(fc.constantFrom('a', 'b', 'ab', '\xff', ' '), { maxLength: 4 });

/** Paths of files and directories, the root among them. */
const paths: fc.Arbitrary<BytePath> = fc
  .tuple(segments, fc.boolean())
  .map(([names, dir]) => b(names.length === 0 ? '/' : `/${names.join('/')}${dir ? '/' : ''}`));

const bare = (path: string) => path.replace(/\/$/, '');

describe('a heap', () => {
  it('gives the least first, whatever is done in between', () => {
    const step = fc.oneof(fc.nat(50), fc.constantFrom('pop' as const, 'even' as const));
    fc.assert(
      fc.property(fc.array(step, { size: '+1' }), (steps) => {
        const heap = new Heap<number>((x, y) => x < y);
        let model: number[] = [];
        for (const each of steps) {
          if (each === 'pop') expect(heap.pop()).toBe(model.shift());
          else if (each === 'even') {
            heap.retain((x) => x % 2 === 0);
            model = model.filter((x) => x % 2 === 0);
          } else {
            heap.push(each);
            model = [...model, each].sort((x, y) => x - y);
          }
          expect([heap.size, heap.peek()]).toEqual([model.length, model[0]]);
        }
      }),
    );
  });
});

class Named extends PathNode<Named> {
  kept = false;

  override get bare(): boolean {
    return !this.kept;
  }
}

describe('a path tree', () => {
  it('has one node for a file and a directory of one name', () => {
    const tree = new PathTree<Named>((parent, name) => new Named(parent, name));
    expect(tree.reach(b('/a/b'))).toBe(tree.reach(b('/a/b/')));
    expect(tree.find(b('/a/c'))).toBeUndefined();
    expect(tree.probe(b('/a/c/d'))).toEqual({ node: tree.find(b('/a/')), exact: false });
    expect(tree.probe(b('/')).exact).toBe(true);
  });

  it('keeps what is needed and nothing else', () => {
    fc.assert(
      fc.property(fc.array(paths), fc.array(paths), (some, gone) => {
        const tree = new PathTree<Named>((parent, name) => new Named(parent, name));
        for (const path of some) tree.reach(path).kept = true;
        for (const path of gone) {
          const node = tree.find(path);
          if (node === undefined) continue;
          node.kept = false;
          tree.prune(node);
        }
        const left = some.filter((path) => !gone.some((other) => bare(other) === bare(path)));
        for (const path of [...some, ...gone]) {
          const node = tree.find(path);
          const needed = left.some((other) => `${bare(other)}/`.startsWith(`${bare(path)}/`));
          expect([path, node !== undefined]).toEqual([path, needed || bare(path) === '']);
          if (node !== undefined) expect(tree.pathOf(node)).toBe(bare(path));
        }
      }),
    );
  });

  it.each([
    ['/a', '/a', true],
    ['/a', '/a/', true],
    ['/a/', '/a/b', true],
    ['/a/b/c', '/a', true],
    ['/', '/a', true],
    ['/a', '/ab', false],
    ['/a/', '/ab/', false],
    ['/a/b', '/a/c', false],
  ])('%s and %s nested: %s', (path, path2, expected) => {
    expect([nested(b(path), b(path2)), nested(b(path2), b(path))]).toEqual([expected, expected]);
  });
});

describe('a touch tree', () => {
  it('counts what touches a path', () => {
    const step = fc.record({ path: paths, add: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { size: '+1' }), paths, (steps, asked) => {
        const tree = new TouchTree();
        const model: string[] = [];
        for (const { path, add } of steps) {
          const at = model.indexOf(bare(path));
          if (add) {
            tree.add(path);
            model.push(bare(path));
          } else {
            tree.remove(path);
            if (at >= 0) model.splice(at, 1);
          }
          expect(tree.size).toBe(model.length);
        }
        expect(tree.touching(asked)).toBe(model.filter((path) => touching(path, asked)).length);
        expect(tree.within(asked)).toBe(model.some((path) => `${path}/`.startsWith(`${bare(asked)}/`)));
      }),
    );
  });
});

describe('a mark tree', () => {
  const mark = (path: BytePath, deep = false) => new Mark(0, path.endsWith('/'), 'Modify', true, deep, 0, 0);
  const filled = (...all: readonly string[]) => {
    const tree = new MarkTree();
    for (const path of all) tree.put(b(path), mark(b(path)));
    return tree;
  };

  it('keeps a file’s and a directory’s mark apart', () => {
    const tree = filled('/a', '/a/');
    expect(tree.get(b('/a'))).not.toBe(tree.get(b('/a/')));
    expect(tree.countAt(b('/a'))).toBe(2);
    tree.remove(tree.get(b('/a'))!);
    expect([tree.get(b('/a')), tree.path(tree.get(b('/a/'))!)]).toEqual([undefined, '/a/']);
  });

  it('finds, counts and names its marks as a plain set would', () => {
    fc.assert(
      fc.property(fc.uniqueArray(paths), fc.array(fc.nat(20)), paths, (all, removals, asked) => {
        const tree = filled(...all);
        const left = [...all];
        for (const at of removals) {
          const [path] = left.splice(at, 1);
          if (path !== undefined) tree.remove(tree.get(path)!);
        }
        for (const path of all) {
          const found = tree.get(path);
          expect(found !== undefined).toBe(left.includes(path));
          if (found !== undefined) expect(tree.path(found)).toBe(path);
        }
        const below = left.filter((path) => `${bare(path)}/`.startsWith(`${bare(asked)}/`));
        expect(tree.countAt(asked)).toBe(below.length);
      }),
    );
  });

  it('hangs a subtree elsewhere', () => {
    fc.assert(
      fc.property(fc.uniqueArray(paths), paths, paths, (all, from, to) => {
        fc.pre(bare(from) !== '' && bare(to) !== '' && !nested(from, to));
        const source = all.filter((path) => !nested(path, to) || bare(path) === '' || !isBelow(path, to));
        const tree = filled(...source);
        const marks = source.map((path) => tree.get(path)!);
        tree.rebase(from, to);
        const moved = source.map((path) =>
          isBelow(path, from) ? b(bare(to) + path.slice(bare(from).length)) : path,
        );
        expect(marks.map((each) => tree.path(each))).toEqual(moved);
        expect(moved.map((path) => tree.get(path))).toEqual(marks);
        expect(tree.countAt(b('/'))).toBe(source.length);
        expect(tree.countAt(from)).toBe(0);
      }),
    );
  });

  it('drops everything strictly below a directory', () => {
    const tree = filled('/', '/a', '/a/', '/a/b', '/a/b/', '/a/b/c', '/ab');
    const dropped: Mark[] = [];
    const below = ['/a/b', '/a/b/', '/a/b/c'].map((path) => tree.get(b(path)));
    tree.dropBelow(tree.get(b('/a/'))!, (each) => dropped.push(each));
    expect(new Set(dropped)).toEqual(new Set(below));
    expect(dropped.every(({ node }) => node === undefined)).toBe(true);
    expect([tree.countAt(b('/a/')), tree.countAt(b('/')), tree.find(b('/a/b'))]).toEqual([2, 4, undefined]);
  });

  it('knows the deep mark strictly above a path', () => {
    const tree = filled('/x/');
    const deep = mark(b('/a/'), true);
    tree.put(b('/a/'), deep);
    expect(['/a/b', '/a/b/c/'].map((path) => tree.deepAbove(b(path)))).toEqual([deep, deep]);
    expect(['/a', '/a/', '/ab', '/x/y'].map((path) => tree.deepAbove(b(path)))).toEqual(
      Array(4).fill(undefined),
    );
  });
});

const isBelow = (path: string, top: string): boolean => `${bare(path)}/`.startsWith(`${bare(top)}/`);

describe('pending moves', () => {
  const move = (from: string, to: string): PendingMove => {
    return { seq: 0, from: b(from), to: b(to), mayDelete: true, alarm: 0 };
  };
  const shown = (moves: PendingMoves) => [...moves].map(({ from, to }) => `${from}>${to}`);

  it('are kept in order', () => {
    const moves = new PendingMoves();
    const first = move('/a', '/b');
    moves.add(first);
    moves.add(move('/c', '/d'));
    expect([moves.size, moves.first, shown(moves)]).toEqual([2, first, ['/a>/b', '/c>/d']]);
    moves.remove(first);
    expect([moves.size, shown(moves)]).toEqual([1, ['/c>/d']]);
  });

  it('through a place in between are one, if nothing else touches that', () => {
    const moves = new PendingMoves();
    moves.add(move('/a', '/b'));
    expect(moves.collapse(b('/b'), b('/c'))).toBe(true);
    expect(moves.collapse(b('/b'), b('/d'))).toBe(false);
    moves.add(move('/x', '/y'));
    expect(moves.collapse(b('/c'), b('/y'))).toBe(false);
    expect(moves.collapse(b('/c'), b('/x/z'))).toBe(false);
    expect(shown(moves)).toEqual(['/a>/c', '/x>/y']);
    expect(moves.collapse(b('/c'), b('/a'))).toBe(true);
    expect(shown(moves)).toEqual(['/x>/y']);
    moves.add(move('/y', '/z'));
    expect(moves.collapse(b('/y'), b('/w'))).toBe(false);
  });
});

describe('paths in work', () => {
  it('are busy with all that touches them', () => {
    const work = new InWork(100);
    work.begin([b('/a/b')]);
    expect(['/a/b', '/a/', '/a/b/c', '/a/c', '/ab'].map((path) => work.isBusy(b(path)))).toEqual([
      ...[true, true, true, false, false],
    ]);
    work.end([b('/a/b')], 0);
    expect(work.isBusy(b('/a/b'))).toBe(false);
  });

  it('are unsettled a while longer', () => {
    const work = new InWork(100);
    work.begin([b('/a'), b('/b')]);
    work.end([b('/a')], 50);
    expect([149, 150].map((now) => work.isUnsettled(b('/a'), now))).toEqual([true, false]);
    expect(work.isUnsettled(b('/b'), 10_000)).toBe(true);
    expect(work.isUnsettled(b('/c'), 60)).toBe(false);
    work.endAll(20_000);
    expect([20_099, 20_100].map((now) => work.isUnsettled(b('/c'), now))).toEqual([true, false]);
  });

  it('are settled at once when nothing can be under way', () => {
    const work = new InWork(0);
    work.begin([b('/a')]);
    work.end([b('/a')], 50);
    expect(work.isUnsettled(b('/a'), 50)).toBe(false);
  });
});
