/** Dirty marks by path. A directory's move takes the marks below it along by hanging its subtree elsewhere. */
import { asBytes, type BytePath } from './bytes.js';
import { isDirPath, type PathEventKind, type Millis } from './event.js';
import { PathNode, PathTree } from './path-tree.js';

/** A path whose state at the target is in doubt. */
export class Mark {
  /** Where it is kept; undefined once it was taken, dropped or absorbed. */
  node: MarkNode | undefined = undefined;

  constructor(
    readonly seq: number,

    /** True for a path with a trailing slash: a file and a directory of one name are marked on their own. */
    readonly dir: boolean,

    /** Of the latest event; for display. */
    public etype: PathEventKind,
    public mayDelete: boolean,

    /** The whole subtree is in doubt. */
    public deep: boolean,
    public alarm: Millis,

    /** Failed attempts in a row. */
    public tries: number,
  ) {}
}

/** A path that is marked, as a file, as a directory or both, or below which something is. */
export class MarkNode extends PathNode<MarkNode> {
  file: Mark | undefined = undefined;
  dir: Mark | undefined = undefined;

  /** Marks here and below. */
  count = 0;

  override get bare(): boolean {
    return this.count === 0;
  }
}

/** Marks by path. */
export class MarkTree extends PathTree<MarkNode> {
  constructor() {
    super((parent, name) => new MarkNode(parent, name));
  }

  /** The mark of exactly this path. */
  get(path: BytePath): Mark | undefined {
    const node = this.find(path);
    return isDirPath(path) ? node?.dir : node?.file;
  }

  /** Marks here and below, in either form of the name. */
  countAt(path: BytePath): number {
    return this.find(path)?.count ?? 0;
  }

  /** The deep mark of a directory strictly above a path. */
  deepAbove(path: BytePath): Mark | undefined {
    const { node, exact } = this.probe(path);
    for (let at: MarkNode | undefined = exact ? node.parent : node; at !== undefined; at = at.parent) {
      this.visits++;
      if (at.dir?.deep === true) return at.dir;
    }
    return undefined;
  }

  /** Keeps a mark under a path that has none yet. */
  put(path: BytePath, mark: Mark): void {
    const node = this.reach(path);
    if (mark.dir) node.dir = mark;
    else node.file = mark;
    mark.node = node;
    this.recount(node, 1);
  }

  remove(mark: Mark): void {
    const { node } = mark;
    if (node === undefined) return;
    if (mark.dir) node.dir = undefined;
    else node.file = undefined;
    mark.node = undefined;
    this.recount(node, -1);
    this.prune(node);
  }

  /** Takes out everything strictly below a mark's directory; each mark is given to `dropped`. */
  dropBelow(mark: Mark, dropped: (mark: Mark) => void): void {
    const top = mark.node!;
    if (top.children === undefined) return;
    const stack = [...top.children.values()];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      this.visits++;
      for (const found of [node.file, node.dir]) {
        if (found === undefined) continue;
        found.node = undefined;
        dropped(found);
      }
      for (const child of node.children?.values() ?? []) stack.push(child);
    }
    top.children = undefined;
    this.recount(top, Number(top.file !== undefined) + Number(top.dir !== undefined) - top.count);
  }

  /** Hangs a subtree under a new path, at which nothing is kept. */
  rebase(from: BytePath, to: BytePath): void {
    const node = this.find(from);
    if (node?.parent === undefined) return;
    const { parent, count } = node;
    this.recount(parent, -count);
    this.detach(node);
    this.prune(parent);
    const place = this.reach(to);
    const above = place.parent!;
    this.detach(place);
    node.name = place.name;
    node.parent = above;
    (above.children ??= new Map()).set(node.name, node);
    this.recount(above, count);
  }

  /** The path of a kept mark. */
  path(mark: Mark): BytePath {
    const path = this.pathOf(mark.node!);
    return mark.dir ? asBytes(`${path}/`) : path;
  }

  private recount(node: MarkNode, by: number): void {
    for (let at: MarkNode | undefined = node; at !== undefined; at = at.parent) {
      this.visits++;
      at.count += by;
    }
  }
}
