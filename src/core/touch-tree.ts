import type { BytePath } from './bytes.js';
import { PathNode, PathTree } from './path-tree.js';

class TouchNode extends PathNode<TouchNode> {
  /** Paths that are this very one. */
  here = 0;
  /** Paths strictly below. */
  below = 0;

  override get bare(): boolean {
    return this.here === 0;
  }
}

/** A bag of paths that tells how many of them touch another: are the same, above it or below it. */
export class TouchTree {
  private readonly tree = new PathTree<TouchNode>((parent, name) => new TouchNode(parent, name));
  private total = 0;

  /** How many were added and not removed. */
  get size(): number {
    return this.total;
  }

  add(path: BytePath): void {
    this.count(this.tree.reach(path), 1);
  }

  /** Takes out one that was added. */
  remove(path: BytePath): void {
    const node = this.tree.find(path);
    if (node === undefined || node.here === 0) return;
    this.count(node, -1);
    this.tree.prune(node);
  }

  /** How many touch this path. */
  touching(path: BytePath): number {
    if (this.total === 0) return 0;
    const { node, exact } = this.tree.probe(path);
    let sum = exact ? node.below : 0;
    for (let at: TouchNode | undefined = node; at !== undefined; at = at.parent) sum += at.here;
    return sum;
  }

  /** True when one of them is this path or below it. */
  within(path: BytePath): boolean {
    const node = this.total === 0 ? undefined : this.tree.find(path);
    return node !== undefined && node.here + node.below > 0;
  }

  private count(node: TouchNode, by: number): void {
    this.total += by;
    node.here += by;
    for (let above = node.parent; above !== undefined; above = above.parent) above.below += by;
  }
}
