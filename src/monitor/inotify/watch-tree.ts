import { asBytes, type BytePath, type ByteString } from '../../core/bytes.js';

const nowhere: readonly WatchedDir[] = [];
const noChildren: ReadonlyMap<ByteString, WatchedDir> = new Map();

/**
 * A place of a watched directory. Paths are made by walking up, so that renaming a directory renames all below
 * at once.
 */
export class WatchedDir {
  /** Ids of the roots (syncs) it is watched for. */
  readonly roots = new Set<number>();
  /** The stream position when its path was last used to look into it. */
  seen = -1;
  /** Names in it that were not there any more, or closed to us, when they were looked up; '' when it was that itself. */
  missed: Set<ByteString> | undefined;
  private below: Map<ByteString, WatchedDir> | undefined;

  constructor(
    readonly wd: number,
    public parent: WatchedDir | undefined,
    /** Name in the parent; absolute path with trailing slash when there is no parent. */
    public name: ByteString,
  ) {}

  /** Absolute, with a trailing slash. */
  get path(): BytePath {
    if (this.parent === undefined) return this.name;
    return asBytes(`${this.parent.path}${this.name}/`);
  }

  get children(): ReadonlyMap<ByteString, WatchedDir> {
    return this.below ?? noChildren;
  }

  attach(child: WatchedDir): void {
    (this.below ??= new Map()).set(child.name, child);
  }

  detach(child: WatchedDir): void {
    if (this.below?.get(child.name) === child) this.below.delete(child.name);
  }

  /** It and everything below. */
  *subtree(): Generator<WatchedDir> {
    yield this;
    for (const child of this.children.values()) yield* child.subtree();
  }

  isBelowOrAt(other: WatchedDir): boolean {
    return this === other || this.parent?.isBelowOrAt(other) === true;
  }
}

/**
 * All watched directories, by watch descriptor and as a tree. One descriptor has several places when a directory
 * is mounted twice, and for a moment when it was met at its new place before its move was told.
 */
export class WatchTree {
  private readonly byWd = new Map<number, WatchedDir[]>();
  /** Directories whose parent is not watched: sources. */
  private readonly tops = new Map<BytePath, WatchedDir>();

  /** Where the directory of a descriptor is. */
  places(wd: number): readonly WatchedDir[] {
    return this.byWd.get(wd) ?? nowhere;
  }

  descriptors(): IterableIterator<number> {
    return this.byWd.keys();
  }

  *all(): Generator<WatchedDir> {
    for (const places of this.byWd.values()) yield* places;
  }

  /** True unless the place was removed. */
  holds(dir: WatchedDir): boolean {
    return this.places(dir.wd).includes(dir);
  }

  /** The watched directory of an absolute path with trailing slash. */
  find(path: BytePath): WatchedDir | undefined {
    const top = this.tops.get(path);
    if (top !== undefined) return top;
    for (const [base, dir] of this.tops) {
      if (!path.startsWith(base)) continue;
      const names = path.slice(base.length).split('/').slice(0, -1);
      const found = names.reduce<WatchedDir | undefined>((at, name) => at?.children.get(asBytes(name)), dir);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** A new place; one of that name must have been removed before. */
  add(wd: number, parent: WatchedDir | undefined, name: ByteString): WatchedDir {
    const dir = new WatchedDir(wd, parent, name);
    const places = this.byWd.get(wd);
    if (places === undefined) this.byWd.set(wd, [dir]);
    else places.push(dir);
    if (parent === undefined) this.tops.set(name, dir);
    else parent.attach(dir);
    return dir;
  }

  /** Renames a directory, with all below it; the new name must be free. */
  move(dir: WatchedDir, parent: WatchedDir, name: ByteString): void {
    dir.parent?.detach(dir);
    dir.parent = parent;
    dir.name = name;
    parent.attach(dir);
  }

  /** Removes a place and all below it; gives them. */
  remove(dir: WatchedDir): WatchedDir[] {
    if (dir.parent === undefined) this.tops.delete(dir.name);
    else dir.parent.detach(dir);
    const gone = [...dir.subtree()];
    for (const place of gone) {
      const left = this.places(place.wd).filter((other) => other !== place);
      if (left.length === 0) this.byWd.delete(place.wd);
      else this.byWd.set(place.wd, left);
    }
    return gone;
  }

  clear(): void {
    this.byWd.clear();
    this.tops.clear();
  }
}
