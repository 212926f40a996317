/**
 * A tree by path segment. A file `/f` and a directory `/f/` share a node: what happens to one concerns the
 * other. Nodes are made by a factory, so that each user adds its own fields without an object more per node.
 */
import { asBytes, type BytePath } from './bytes.js';
import { isDirPath } from './event.js';

export abstract class PathNode<N extends PathNode<N>> {
  children: Map<string, N> | undefined = undefined;

  constructor(
    public parent: N | undefined,
    public name: string,
  ) {}

  /** True when nothing is kept at this very node. */
  abstract get bare(): boolean;
}

export class PathTree<N extends PathNode<N>> {
  private readonly root: N;

  /** Nodes made or passed so far: what an operation costs (for tests). */
  visits = 0;

  constructor(private readonly make: (parent: N | undefined, name: string) => N) {
    this.root = make(undefined, '');
  }

  /** The node of a path; made if missing. */
  reach(path: BytePath): N {
    let node: N = this.root;
    for (let from = 1; from < path.length;) {
      const slash = path.indexOf('/', from);
      const to = slash < 0 ? path.length : slash;
      const name = path.slice(from, to);
      node.children ??= new Map();
      let child = node.children.get(name);
      if (child === undefined) node.children.set(name, (child = this.make(node, name)));
      node = child;
      from = to + 1;
      this.visits++;
    }
    return node;
  }

  /** The deepest existing node on the way to a path, and whether it is the path's own. */
  probe(path: BytePath): { readonly node: N; readonly exact: boolean } {
    let node: N = this.root;
    for (let from = 1; from < path.length;) {
      const slash = path.indexOf('/', from);
      const to = slash < 0 ? path.length : slash;
      const child = node.children?.get(path.slice(from, to));
      if (child === undefined) return { node, exact: false };
      node = child;
      from = to + 1;
      this.visits++;
    }
    return { node, exact: true };
  }

  /** The node of a path, or undefined. */
  find(path: BytePath): N | undefined {
    const { node, exact } = this.probe(path);
    return exact ? node : undefined;
  }

  /** The path of a node, without a trailing slash; `` for the root. */
  pathOf(node: N): BytePath {
    const names: string[] = [];
    for (let at: N = node; at.parent !== undefined; at = at.parent) names.push(at.name);
    return asBytes(names.reverse().reduce((path, name) => `${path}/${name}`, ''));
  }

  /** Frees a node, and those above it, when nothing needs them any more. */
  prune(node: N): void {
    let at: N = node;
    while (at.parent !== undefined && at.bare && at.children === undefined) {
      const { parent } = at;
      this.detach(at);
      at = parent;
      this.visits++;
    }
  }

  /** Takes a subtree out of its place. */
  protected detach(node: N): void {
    const siblings = node.parent?.children;
    if (siblings?.get(node.name) !== node) return;
    siblings.delete(node.name);
    if (siblings.size === 0) node.parent!.children = undefined;
    node.parent = undefined;
  }
}

/** True when one path is, or lies below, the other (a file and a directory of one name are the same). */
export function nested(path: BytePath, path2: BytePath): boolean {
  const [a, b] = [path, path2].map((p) => (isDirPath(p) ? p : `${p}/`)) as [string, string];
  return a.startsWith(b) || b.startsWith(a);
}
