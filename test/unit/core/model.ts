/** A source tree in memory, and what a monitor says about what happens to it: the world of the property tests. */
import fc from 'fast-check';
import { asBytes, type BytePath } from '../../../src/core/bytes.js';
import type { FsEvent } from '../../../src/core/event.js';

/** A file or directory; equal nodes are equal files. */
export interface ModelNode {
  readonly dir: boolean;
  readonly content: number;
  readonly mode: number;
}

/** `/a/b/` → `/a/b`; names in the model have no slash at their end. */
export const bare = (path: string): string => path.replace(/\/$/, '');

const parentOf = (name: string): string => name.slice(0, name.lastIndexOf('/'));

/** A tree of files and directories; names are paths without a slash at their end. */
export class Tree {
  constructor(private readonly nodes = new Map<string, ModelNode>()) {}

  get(name: string): ModelNode | undefined {
    return this.nodes.get(name);
  }

  /** A file's or directory's name as events have it. */
  pathOf(name: string): BytePath {
    return asBytes(this.get(name)?.dir === true ? `${name}/` : name);
  }

  /** Can something be put at this place? */
  hasPlaceFor(name: string): boolean {
    const parent = parentOf(name);
    return parent === '' || this.get(parent)?.dir === true;
  }

  /** Everything strictly below, a directory before what is in it. */
  below(name: string): string[] {
    return [...this.nodes.keys()].filter((other) => other.startsWith(`${name}/`)).sort();
  }

  /** Puts something in place of what is there; makes missing directories above. */
  put(name: string, node: ModelNode): void {
    const parent = parentOf(name);
    if (!this.hasPlaceFor(name)) this.put(parent, { dir: true, content: 0, mode: 0 });
    if (!node.dir || this.get(name)?.dir !== true) this.remove(name);
    this.nodes.set(name, node);
  }

  /** Removes something with all below it. */
  remove(name: string): void {
    for (const inner of this.below(name)) this.nodes.delete(inner);
    this.nodes.delete(name);
  }

  /** Renames, in place of what is there. */
  move(from: string, to: string): void {
    const moved = [from, ...this.below(from)].map((name) => [name, this.get(name)!] as const);
    this.remove(from);
    this.remove(to);
    for (const [name, node] of moved) this.put(to + name.slice(from.length), node);
  }

  /** Makes a subtree (`''`: everything) equal to another tree's. */
  equalise(name: string, other: Tree, mayDelete = true): void {
    const wanted = new Set([...(name === '' ? [] : [name]), ...other.below(name)]);
    if (mayDelete)
      for (const found of [...(name === '' ? [] : [name]), ...this.below(name)])
        if (!wanted.has(found) || other.get(found) === undefined) this.remove(found);
    for (const found of wanted) {
      const node = other.get(found);
      if (node !== undefined) this.put(found, node);
    }
  }

  clone(): Tree {
    return new Tree(new Map(this.nodes));
  }

  /** Everything, for comparisons. */
  get shown(): string[] {
    return [...this.nodes]
      .map(([name, { dir, content, mode }]) => `${name}${dir ? '/' : `=${content}`} ${mode}`)
      .sort();
  }
}

/** Something that is done to a source; `pick` and `into` choose among what is there. */
export interface Operation {
  readonly what: 'write' | 'change' | 'chmod' | 'mkdir' | 'remove' | 'move' | 'moveOut' | 'moveIn';
  /** What it is done to. */
  readonly pick: number;
  /** The directory something new is put into. */
  readonly into: number;
  readonly name: 'a' | 'b' | 'c';
}

const kinds = ['write', 'change', 'chmod', 'mkdir', 'remove', 'moveOut', 'moveIn'] as const;

export const operations: fc.Arbitrary<Operation> = fc.record({
  what: fc.constantFrom<Operation['what']>(...kinds, 'move', 'move', 'move', 'move', 'move'),
  pick: fc.nat(12),
  into: fc.nat(5),
  name: fc.constantFrom('a', 'b', 'c'),
});

/** Deepest path; few names and levels make things meet often. */
const deepest = 3;

/** A source: carries operations out and tells the events a monitor would report. */
export class Source {
  readonly tree = new Tree();
  private stamp = 0;

  constructor() {
    for (const dir of ['/a', '/a/a', '/c']) this.tree.put(dir, this.node(true));
    for (const file of ['/a/a/a', '/a/b', '/b', '/c/c']) this.tree.put(file, this.node(false));
  }

  /** What cannot be done does nothing and gives no event. */
  apply({ what, pick, into, name }: Operation): FsEvent[] {
    const all = this.tree.below('');
    const known = all[pick % Math.max(1, all.length)];
    const directories = ['', ...all.filter((each) => this.tree.get(each)!.dir)];
    const fresh = `${directories[into % directories.length]!}/${name}`;
    if (fresh.split('/').length > deepest + 1) return [];
    if (what === 'write') return this.write(fresh);
    if (what === 'mkdir') return this.mkdir(fresh);
    if (what === 'moveIn') return this.moveIn(fresh, pick % 2 === 0);
    return known === undefined ? [] : this.change(what, known, fresh);
  }

  private change(
    what: Exclude<Operation['what'], 'write' | 'mkdir' | 'moveIn'>,
    name: string,
    fresh: string,
  ): FsEvent[] {
    const path = this.tree.pathOf(name);
    switch (what) {
      case 'change':
        return this.write(name);
      case 'chmod':
        this.tree.put(name, { ...this.tree.get(name)!, mode: ++this.stamp });
        return [{ kind: 'Attrib', path }];
      case 'remove': {
        const gone = [...this.tree.below(name).reverse(), name].map((each) => this.tree.pathOf(each));
        this.tree.remove(name);
        return gone.map((each) => ({ kind: 'Delete', path: each }));
      }
      case 'move':
        return this.move(name, fresh);
      case 'moveOut':
        this.tree.remove(name);
        return [{ kind: 'Delete', path }];
    }
  }

  /** `Create` events for everything below a directory. */
  scan(directory: BytePath): FsEvent[] {
    return this.tree
      .below(bare(directory))
      .map((name): FsEvent => ({ kind: 'Create', path: this.tree.pathOf(name) }));
  }

  private node(dir: boolean): ModelNode {
    return { dir, content: dir ? 0 : ++this.stamp, mode: 0 };
  }

  private mkdir(path: string): FsEvent[] {
    if (this.tree.get(path) !== undefined) return [];
    this.tree.put(path, this.node(true));
    return [{ kind: 'Create', path: this.tree.pathOf(path) }];
  }

  private write(path: string): FsEvent[] {
    const known = this.tree.get(path);
    if (known?.dir === true) return [];
    this.tree.put(path, { ...this.node(false), mode: known?.mode ?? 0 });
    const modify: FsEvent = { kind: 'Modify', path: asBytes(path) };
    return known === undefined ? [{ kind: 'Create', path: asBytes(path) }, modify] : [modify];
  }

  /** rename(2): a file over a file, a directory over an empty directory, else nothing may be there. */
  private move(from: string, to: string): FsEvent[] {
    const moved = this.tree.get(from)!;
    const replaced = this.tree.get(to);
    if (from === to || to.startsWith(`${from}/`) || from.startsWith(`${to}/`)) return [];
    if (replaced !== undefined && (replaced.dir !== moved.dir || this.tree.below(to).length > 0)) return [];
    const path = this.tree.pathOf(from);
    this.tree.move(from, to);
    return [{ kind: 'Move', path, path2: this.tree.pathOf(to) }];
  }

  private moveIn(path: string, dir: boolean): FsEvent[] {
    const known = this.tree.get(path);
    if (known !== undefined && (known.dir || dir)) return [];
    this.tree.put(path, this.node(dir));
    if (dir) {
      this.tree.put(`${path}/a`, this.node(true));
      this.tree.put(`${path}/a/b`, this.node(false));
      this.tree.put(`${path}/c`, this.node(false));
    }
    const top = this.tree.pathOf(path);
    return [{ kind: 'Create', path: top }, ...(dir ? this.scan(top) : [])];
  }
}

/** True when one path is the other, or above or below it. */
export function touching(path: string, path2: string): boolean {
  const [a, b] = [`${bare(path)}/`, `${bare(path2)}/`];
  return a.startsWith(b) || b.startsWith(a);
}
