import { asBytes, type BytePath, type ByteString } from '../../core/bytes.js';
import { childPath, readDirectory, type Entry } from '../../sys/fs-bytes.js';
import type { WatchRoot } from '../monitor.js';
import { identityOf } from './identity.js';
import { Interests, type Root } from './interests.js';
import type { Kernel } from './kernel.js';
import type { Outbox } from './outbox.js';
import type { EventStream } from './stream.js';
import { Troubles } from './troubles.js';
import { WatchTree, type WatchedDir } from './watch-tree.js';

/** What is told of the content of a directory that is looked into. */
type Telling = 'everything' | 'nothing';

/** After so many ended watches the kernel's queue is emptied: each puts a notification into it. */
const unwatchBurst = 256;

/**
 * Keeps the watch tree equal to the directories below the roots: watches first, then looks inside, so that
 * nothing made in between is missed (it may be told twice).
 *
 * Directories are looked up by path, and the path that the stream of notifications has brought us to may be
 * out of date already. What was looked up too early is recognised later, when the notification that made the
 * path stale comes: its position in the stream is below `seen` of the directory it renames. What was not found
 * is in `missed`, and is looked for again when a directory above gets another name or other rights.
 */
export class Watcher {
  readonly tree = new WatchTree();
  readonly interests = new Interests();
  readonly troubles: Troubles;
  /** The greatest `seen`. */
  private lastSeen = -1;
  private readonly withMissed = new Set<WatchedDir>();
  private unwatched = 0;
  /** True while first watches are set: a root that can't be watched is an error then. */
  private starting = false;

  /** @param breathe called for every directory looked into; may throw to stop everything */
  constructor(
    private readonly kernel: Kernel,
    private readonly stream: EventStream,
    private readonly outbox: Outbox,
    private readonly breathe: () => void,
  ) {
    this.troubles = new Troubles(this.interests, outbox);
  }

  /** Watches roots, new ones or such that were gone. @throws LsyncdError when one can't be watched, or not whole */
  watchRoots(roots: readonly WatchRoot[]): void {
    this.starting = true;
    try {
      this.placeRoots(roots.map((root) => this.interests.add(root)));
    } finally {
      this.starting = false;
    }
  }

  /** After an overflow: what is there now is watched under its right path, and nothing else. */
  rebuild(): void {
    const before = [...this.tree.descriptors()];
    const roots = [...this.interests.all()].filter(({ dir }) => dir !== undefined);
    this.tree.clear();
    this.withMissed.clear();
    for (const root of roots) root.dir = undefined;
    this.placeRoots(roots);
    for (const wd of before) if (this.tree.places(wd).length === 0) this.unwatch(wd);
  }

  private placeRoots(roots: readonly Root[]): void {
    // Outer roots first: an inner one is then found in their trees and watched once.
    for (const root of [...roots].sort((a, b) => a.source.length - b.source.length)) {
      root.identity = identityOf(root.source);
      const dir = this.placeInside(root.source) ?? this.placeTop(root.source);
      if (dir !== undefined) {
        root.dir = dir;
        this.include(dir, new Set([root.id]), 'nothing');
      } else this.outbox.report({ kind: 'root-gone', id: root.id });
    }
  }

  /**
   * Roots that are not at their paths any more: no notification tells that a directory above was renamed, or that
   * something was mounted over them.
   */
  checkRoots(): void {
    for (const root of this.interests.all()) {
      const { dir, id, source } = root;
      if (dir === undefined) continue;
      const identity = identityOf(source);
      if (identity === undefined || identity === root.identity) continue;
      root.dir = undefined;
      this.exclude(dir, new Set([id]));
      this.outbox.report({ kind: 'root-gone', id });
    }
  }

  /** A root's directory in the tree of another, if it is (still) that one. */
  private placeInside(source: BytePath): WatchedDir | undefined {
    const known = this.tree.find(source);
    if (known === undefined) return undefined;
    const { parent, name } = known;
    if (parent === undefined) {
      if (known.roots.size > 0) return known;
      // Left over from a root that was not at its path any more: another directory is there now.
      this.drop(known);
      return undefined;
    }
    const dir = this.place(parent, name, source);
    if (dir !== undefined && dir !== known) this.arrived(parent, name);
    return dir;
  }

  /** A directory has come into being, or into sight: watch it, tell what is in it. */
  arrived(parent: WatchedDir, name: ByteString): void {
    const directory = parent.path;
    const wanting = this.interests.wanting(parent, name, directory);
    if (wanting.size === 0) return;
    const dir = this.place(parent, name, asBytes(`${directory}${name}/`));
    if (dir === undefined) return;
    // Known: it was met when its parent was looked into, and its content told.
    const fresh = without(wanting, dir.roots);
    if (fresh.size > 0) this.include(dir, fresh, 'everything');
    else this.saw(dir);
  }

  /**
   * The rights of a directory have changed: what could not be watched or read may be now, and is told. What is
   * not to be watched stays so.
   */
  rightsChanged(parent: WatchedDir, name: ByteString): void {
    const dir = parent.children.get(name);
    if (dir === undefined) this.arrived(parent, name);
    else this.lookAgainBelow(dir);
  }

  /** A directory has gone: its watches go. */
  departed(parent: WatchedDir, name: ByteString): void {
    this.explained(parent, name);
    this.troubles.allowed(asBytes(`${parent.path}${name}/`));
    const dir = parent.children.get(name);
    if (dir !== undefined) this.drop(dir);
  }

  /** Forgets a directory and all below it; ends watches that have no other place. */
  drop(dir: WatchedDir): void {
    for (const gone of this.tree.remove(dir)) {
      this.withMissed.delete(gone);
      if (this.tree.places(gone.wd).length === 0) this.unwatch(gone.wd);
    }
    this.rootsGone(({ dir: place }) => !this.tree.holds(place));
  }

  /**
   * Drops a directory that is not what we took it for, with all that was told of its content: deletions in it
   * may have gone to a watch that we do not have any more.
   */
  disown(dir: WatchedDir): void {
    const directory = dir.path;
    const ids = [...dir.roots];
    this.drop(dir);
    for (const id of ids)
      this.outbox.event(id, { kind: 'Delete', path: this.interests.relative(id, directory, '') });
  }

  /** True when a directory, or one below it, was looked up by its path after that position. */
  lookedUpSince(dir: WatchedDir, position: number): boolean {
    if (this.lastSeen <= position) return false;
    for (const { seen } of dir.subtree()) if (seen > position) return true;
    return false;
  }

  /** A directory has a new place; it keeps its watches and those below, as far as roots want them there. */
  relocate(dir: WatchedDir, to: WatchedDir, name: ByteString, wanting: Set<number>): void {
    const overwritten = to.children.get(name);
    if (overwritten !== undefined) this.drop(overwritten);
    this.tree.move(dir, to, name);
    this.rootsGone(({ dir: place, id }) => {
      const moved = place.isBelowOrAt(dir);
      if (moved) this.exclude(place, new Set([id]));
      return moved;
    });
    const before = new Set(dir.roots);
    const fresh = without(wanting, before);
    if (fresh.size > 0) this.include(dir, fresh, 'everything');
    this.exclude(dir, without(before, wanting));
    this.lookAgainBelow(dir);
  }

  private rootsGone(isGone: (root: Root & { dir: WatchedDir }) => boolean): void {
    for (const root of this.interests.all()) {
      if (root.dir === undefined || !isGone(root as Root & { dir: WatchedDir })) continue;
      root.dir = undefined;
      this.outbox.report({ kind: 'root-gone', id: root.id });
    }
  }

  /** What was missed below a directory may be found under its new path, or with its new rights. */
  lookAgainBelow(dir: WatchedDir): void {
    const missing = [...this.withMissed].filter((place) => place.isBelowOrAt(dir));
    for (const place of missing) {
      this.foundAll(place);
      this.include(place, new Set(place.roots), 'everything');
    }
  }

  /** Makes a watched directory and what is below it of interest to roots. */
  private include(dir: WatchedDir, ids: ReadonlySet<number>, telling: Telling): void {
    this.breathe();
    for (const id of ids) dir.roots.add(id);
    const directory = dir.path;
    for (const entry of this.read(dir, directory)) {
      if (telling === 'everything') this.tell(ids, directory, entry);
      if (!entry.isDirectory) continue;
      const wanting = this.interests.wanting(dir, entry.name, directory);
      for (const id of wanting) if (!ids.has(id)) wanting.delete(id);
      const known = dir.children.get(entry.name);
      if (wanting.size === 0) continue;
      const child = known ?? this.place(dir, entry.name, childPath(directory, entry));
      if (child !== undefined) this.include(child, wanting, telling);
    }
    this.saw(dir);
  }

  /** Roots lose interest in a directory and all below; one that nobody wants is unwatched. */
  exclude(dir: WatchedDir, ids: ReadonlySet<number>): void {
    if (ids.size === 0) return;
    for (const child of [...dir.children.values()]) this.exclude(child, ids);
    for (const id of ids) dir.roots.delete(id);
    if (dir.roots.size === 0 && dir.children.size === 0) this.drop(dir);
  }

  private tell(ids: Iterable<number>, directory: BytePath, { name, isDirectory }: Entry): void {
    for (const id of ids) {
      const path = this.interests.relative(id, directory, isDirectory ? `${name}/` : name);
      const { filter } = this.interests.get(id);
      if (filter.empty || !filter.excludes(path)) this.outbox.event(id, { kind: 'Create', path });
    }
  }

  private place(parent: WatchedDir, name: ByteString, path: BytePath): WatchedDir | undefined {
    let wd: number;
    try {
      wd = this.kernel.watch(path, false);
    } catch (error) {
      this.refused(parent, name, path, error as NodeJS.ErrnoException);
      return undefined;
    }
    this.outbox.log(() => `addwatch( ${path} )-> ${wd} `);
    this.explained(parent, name);
    this.troubles.allowed(path);
    const known = parent.children.get(name);
    if (known?.wd === wd) return known;
    if (known === undefined) return this.tree.add(wd, parent, name);
    const ids = new Set(known.roots);
    this.disown(known);
    this.tell(ids, parent.path, { name, isDirectory: true });
    return this.tree.add(wd, parent, name);
  }

  private placeTop(source: BytePath): WatchedDir | undefined {
    try {
      const wd = this.kernel.watch(source, true);
      this.outbox.log(() => `addwatch( ${source} )-> ${wd} `);
      return this.tree.add(wd, undefined, source);
    } catch (error) {
      if (this.starting) throw this.troubles.noSource(source, error as NodeJS.ErrnoException);
      return undefined;
    }
  }

  private read(dir: WatchedDir, directory: BytePath): Entry[] {
    try {
      const entries = readDirectory(directory);
      this.troubles.allowed(directory);
      return entries;
    } catch (error) {
      this.refused(dir, asBytes(''), directory, error as NodeJS.ErrnoException);
      return [];
    }
  }

  private refused(dir: WatchedDir, name: ByteString, path: BytePath, error: NodeJS.ErrnoException): void {
    if (this.troubles.mayCome(error)) {
      (dir.missed ??= new Set()).add(name);
      this.withMissed.add(dir);
    }
    this.troubles.refused(path, error);
  }

  private explained(dir: WatchedDir, name: ByteString): void {
    if (dir.missed?.delete(name) === true && dir.missed.size === 0) this.foundAll(dir);
  }

  private foundAll(dir: WatchedDir): void {
    dir.missed = undefined;
    this.withMissed.delete(dir);
  }

  private saw(dir: WatchedDir): void {
    dir.seen = this.stream.pull();
    if (dir.seen > this.lastSeen) this.lastSeen = dir.seen;
  }

  private unwatch(wd: number): void {
    this.outbox.log(() => `rmwatch()<-${wd}`);
    this.kernel.unwatch(wd);
    if (++this.unwatched % unwatchBurst === 0) this.stream.pull();
  }
}

function without(ids: Iterable<number>, others: ReadonlySet<number>): Set<number> {
  return new Set([...ids].filter((id) => !others.has(id)));
}
