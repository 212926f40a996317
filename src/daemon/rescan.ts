import type { ConfiguredSync } from '../config/sync.js';
import { asBytes, type BytePath } from '../core/bytes.js';
import type { FsEvent } from '../core/event.js';
import type { Filter } from '../core/filter.js';
import { KnownTree, type KnownDir } from '../core/known-tree.js';
import { childPath, lookAt, readDirectory, type Entry } from '../sys/fs-bytes.js';
import { scanBelow } from './scan.js';

/** File systems keep times a little coarser than the clock, and ours is read a little late. */
const slack = 2_000;

/**
 * Finds what a source's events have not told: names that came or went by comparison with the names known, changes
 * by the inodes' change times (docs/reliability.md). For syncs that have no action that brings everything.
 */
export class Rescan {
  private known = new KnownTree();
  /** Since then every change is known to have been told; ms since 1970. */
  private complete = Infinity;

  constructor(
    private readonly sync: Pick<ConfiguredSync, 'source' | 'subdirs'>,
    private readonly filter: () => Filter,
  ) {}

  /** Takes in what is there now, as told. @param now ms since 1970 */
  begin(now: number): void {
    this.known = new KnownTree();
    this.complete = now;
    for (const path of scanBelow(this.sync.source, asBytes('/'), this.filter(), this.sync.subdirs))
      this.known.add(path);
  }

  /** Takes in an event of the monitor's. */
  saw(event: FsEvent): void {
    if (event.kind === 'Move') this.known.move(event.path, event.path2);
    else if (event.kind === 'Delete') this.known.remove(event.path);
    else this.known.add(event.path);
  }

  /**
   * The events nobody told, parents first; each is known from then on. It may be stopped and gone on with while
   * other events come in.
   * @param since when the monitor last knew that it had seen everything (ms since 1970); default: since the last
   *   comparison
   * @param now ms since 1970
   */
  *missing(since: number | undefined, now: number): Generator<FsEvent> {
    const from = (since ?? this.complete) - slack;
    this.complete = now;
    yield* this.below(asBytes('/'), this.known.root, from);
  }

  private *below(directory: BytePath, known: KnownDir, since: number): Generator<FsEvent> {
    const entries = this.read(directory);
    if (entries === undefined) return;
    const there = new Map(entries.map((entry) => [entry.name, entry]));
    for (const [name, child] of [...known]) {
      if (there.get(name)?.isDirectory === (child !== undefined)) continue;
      const gone = childPath(directory, { name, isDirectory: child !== undefined });
      known.delete(name);
      if (!this.filter().excludes(gone)) yield { kind: 'Delete', path: gone };
    }
    for (const entry of entries) {
      const path = childPath(directory, entry);
      if (this.filter().excludes(path)) continue;
      if (known.has(entry.name)) yield* this.stays(path, entry, known, since);
      else yield* this.fresh(path, entry, known);
    }
  }

  private *fresh(path: BytePath, { name, isDirectory }: Entry, known: KnownDir): Generator<FsEvent> {
    const child: KnownDir | undefined = isDirectory ? new Map() : undefined;
    known.set(name, child);
    yield { kind: 'Create', path };
    if (child !== undefined && this.sync.subdirs) yield* this.below(path, child, Infinity);
  }

  private *stays(path: BytePath, { name }: Entry, known: KnownDir, since: number): Generator<FsEvent> {
    const changed = this.changedAt(path);
    if (changed === undefined) return;
    const child = known.get(name);
    if (changed >= since) {
      yield { kind: 'Attrib', path };
      if (child === undefined) yield { kind: 'Modify', path };
    }
    if (child !== undefined && this.sync.subdirs) yield* this.below(path, child, since);
  }

  private changedAt(path: BytePath): number | undefined {
    try {
      return lookAt(asBytes(this.sync.source + path.slice(1)))?.ctimeMs;
    } catch {
      return undefined;
    }
  }

  /** Undefined: it cannot be read, or is gone; then its own events tell. */
  private read(directory: BytePath): Entry[] | undefined {
    try {
      return readDirectory(asBytes(this.sync.source + directory.slice(1)));
    } catch {
      return undefined;
    }
  }
}
