import { asBytes, type BytePath, type ByteString } from '../../core/bytes.js';
import type { FsEvent } from '../../core/event.js';
import { lookAt, readDirectory } from '../../sys/fs-bytes.js';
import type { WatchedDir } from './watch-tree.js';
import type { Watcher } from './watcher.js';

/** A name in a watched directory. */
export interface Spot {
  readonly dir: WatchedDir;
  readonly name: ByteString;
}

/** A rename with both ends in sight. */
export interface Rename {
  readonly from: Spot;
  readonly to: Spot;
  readonly isDir: boolean;
  /** Its place in the stream of notifications. */
  readonly position: number;
}

/** Turns renames into events and keeps the watch tree in step. */
export class Moves {
  private last: Rename | undefined;

  constructor(
    private readonly watcher: Watcher,
    private readonly emit: (id: number, event: FsEvent) => void,
  ) {}

  /** Something else has happened: what was renamed last may have changed since. */
  interrupt(): void {
    this.last = undefined;
  }

  rename(rename: Rename): void {
    const { last } = this;
    this.last = rename;
    if (last !== undefined && sameSpot(last.from, rename.to) && sameSpot(last.to, rename.from)) {
      const other = lookAt(this.path(rename.from));
      if (other !== undefined) {
        this.exchange(last, rename, other.isDirectory());
        return;
      }
    }
    if (rename.isDir) this.renameDirectory(rename);
    else this.tell(rename, () => true);
  }

  private renameDirectory(rename: Rename): void {
    const { from, to, position } = rename;
    const { watcher } = this;
    const child = from.dir.children.get(from.name);
    const there = to.dir.children.get(to.name);
    const wantedBefore = watcher.interests.wanting(from.dir, from.name);
    // Looked up at the old path after it was renamed, or at the new path before we heard of it: what we know
    // and have told of the two is not about this directory. It goes and comes anew.
    const early = there !== undefined && there.seen > position;
    const trusted = child !== undefined && !early && !watcher.lookedUpSince(child, position);
    if (!trusted && there !== undefined) watcher.disown(there);
    const wantedAfter = watcher.interests.wanting(to.dir, to.name);
    const anew = new Set<number>();
    if (trusted)
      for (const id of child.roots) if (wantedAfter.has(id) && this.judgedAnew(id, rename)) anew.add(id);
    this.tell(rename, (id) => !wantedBefore.has(id) || (trusted && child.roots.has(id) && !anew.has(id)));
    if (trusted) {
      watcher.exclude(child, anew);
      if (watcher.tree.holds(child)) watcher.relocate(child, to.dir, to.name, wantedAfter);
      else {
        if (there !== undefined) watcher.drop(there);
        watcher.arrived(to.dir, to.name);
      }
    } else {
      watcher.departed(from.dir, from.name);
      watcher.arrived(to.dir, to.name);
    }
  }

  /** True when a root's rules leave out other things in a directory at its new place than at its old one. */
  private judgedAnew(id: number, { from, to }: Rename): boolean {
    const { interests } = this.watcher;
    const { placeBound, filter } = interests.get(id);
    if (!placeBound) return false;
    const top = to.dir.path;
    const before = interests.relative(id, from.dir.path, `${from.name}/`);
    const after = interests.relative(id, top, `${to.name}/`);
    const differs = (below: string): boolean =>
      readDirectory(asBytes(`${top}${to.name}/${below}`)).some(({ name, isDirectory }) => {
        const inside = below + name + (isDirectory ? '/' : '');
        const out = filter.excludes(asBytes(after + inside));
        if (filter.excludes(asBytes(before + inside)) !== out) return true;
        return isDirectory && !out && differs(inside);
      });
    try {
      return differs('');
    } catch {
      // Gone again, or not to be read: what can't be compared is told anew.
      return true;
    }
  }

  /** The events of a rename for every root. @param isMove whether a root with both ends may take it as a move */
  private tell({ from, to, isDir }: Rename, isMove: (id: number) => boolean): void {
    const fromPath = from.dir.path;
    const toPath = to.dir.path;
    const slash = isDir ? '/' : '';
    const { interests } = this.watcher;
    for (const id of from.dir.roots) {
      const path = interests.relative(id, fromPath, from.name + slash);
      if (!to.dir.roots.has(id)) {
        this.emit(id, { kind: 'Delete', path, transformed: 'Move' });
        continue;
      }
      const path2 = interests.relative(id, toPath, to.name + slash);
      if (isMove(id)) this.emit(id, { kind: 'Move', path, path2 });
      else {
        this.emit(id, { kind: 'Delete', path });
        this.emit(id, { kind: 'Create', path: path2 });
      }
    }
    for (const id of to.dir.roots) {
      if (from.dir.roots.has(id)) continue;
      const path = interests.relative(id, toPath, to.name + slash);
      this.emit(id, { kind: 'Create', path, transformed: 'Move' });
    }
  }

  /**
   * Two names changed places (`RENAME_EXCHANGE`): the kernel tells it as a rename there and one back, and only
   * the fact that there is something at both shows it. What is at either comes anew.
   */
  private exchange(first: Rename, { from, to, isDir }: Rename, otherIsDir: boolean): void {
    this.last = undefined;
    // Told so far: what was at `from` is gone, and what was at `to` is there.
    this.renew(from, first.isDir === isDir ? [isDir] : [isDir, first.isDir], otherIsDir);
    this.renew(to, [], isDir);
  }

  private renew({ dir, name }: Spot, forget: readonly boolean[], isDir: boolean): void {
    const { interests } = this.watcher;
    const directory = dir.path;
    const path = (id: number, slash: boolean): BytePath =>
      interests.relative(id, directory, slash ? `${name}/` : name);
    this.watcher.departed(dir, name);
    for (const id of dir.roots) {
      for (const wasDir of forget) this.emit(id, { kind: 'Delete', path: path(id, wasDir) });
      this.emit(id, { kind: 'Create', path: path(id, isDir) });
    }
    if (isDir) this.watcher.arrived(dir, name);
  }

  private path({ dir, name }: Spot): BytePath {
    return asBytes(dir.path + name);
  }
}

function sameSpot(a: Spot, b: Spot): boolean {
  return a.dir === b.dir && a.name === b.name;
}
