import type { ByteString } from '../../core/bytes.js';
import type { FsEvent, PathEventKind } from '../../core/event.js';
import { bits } from './kernel.js';
import { Moves } from './moves.js';
import type { Outbox } from './outbox.js';
import type { EventStream, StreamEvent } from './stream.js';
import type { WatchedDir } from './watch-tree.js';
import type { Watcher } from './watcher.js';

/** After so many notifications the front's commands get their turn. */
const turn = 16384;

/** Turns raw notifications into events, in order (spec/events.md, "Watching"). */
export class Translator {
  private readonly moves: Moves;

  constructor(
    private readonly stream: EventStream,
    private readonly watcher: Watcher,
    private readonly outbox: Outbox,
  ) {
    this.moves = new Moves(watcher, (id, event) => outbox.event(id, event));
  }

  /** Translates what the kernel has now. Gives false when there may be more. */
  drain(): boolean {
    let event: StreamEvent | undefined;
    for (let left = turn; left > 0 && (event = this.stream.next()) !== undefined; left--)
      this.translate(event);
    this.outbox.flush();
    if (event !== undefined) return false;
    return true;
  }

  private translate(event: StreamEvent): void {
    const { mask, name } = event;
    const isDir = (mask & bits.ISDIR) !== 0;
    if ((mask & bits.Q_OVERFLOW) !== 0) {
      this.moves.interrupt();
      this.watcher.rebuild();
      this.outbox.report({ kind: 'overflow', since: event.since });
    } else if (name === '') this.aboutItself(event);
    else if ((mask & bits.MOVED_FROM) !== 0) this.moved(event, isDir);
    else if ((mask & (bits.MOVED_TO | bits.CREATE)) !== 0) this.came(event, isDir);
    else if ((mask & bits.DELETE) !== 0) this.went(event, isDir);
    else if ((mask & bits.ATTRIB) !== 0) this.changedAttributes(event, isDir);
    else if ((mask & (bits.CLOSE_WRITE | bits.MODIFY)) !== 0) this.tell('Modify', event, isDir);
  }

  /** The watched directory itself is the business of its parent's watch, except for a root. */
  private aboutItself({ wd, mask }: StreamEvent): void {
    const rootWent = (mask & (bits.DELETE_SELF | bits.MOVE_SELF | bits.UNMOUNT)) !== 0;
    for (const dir of [...this.watcher.tree.places(wd)]) {
      if (!this.watcher.tree.holds(dir)) continue;
      if (dir.parent === undefined) {
        if (rootWent || (mask & bits.IGNORED) !== 0) this.watcher.drop(dir);
        else if ((mask & bits.ATTRIB) !== 0) this.watcher.lookAgainBelow(dir);
      } else if ((mask & bits.IGNORED) !== 0) {
        // It ended without a deletion: unmounted. What was hidden below the mount is in sight again.
        const { parent, name } = dir;
        this.watcher.drop(dir);
        this.watcher.arrived(parent, name);
      }
    }
  }

  private came(event: StreamEvent, isDir: boolean): void {
    this.moves.interrupt();
    this.tell('Create', event, isDir);
    if (isDir) for (const dir of this.lasting(event)) this.watcher.arrived(dir, event.name);
  }

  private went(event: StreamEvent, isDir: boolean): void {
    this.moves.interrupt();
    this.tell('Delete', event, isDir);
    if (isDir) for (const dir of this.lasting(event)) this.watcher.departed(dir, event.name);
  }

  private changedAttributes(event: StreamEvent, isDir: boolean): void {
    this.tell('Attrib', event, isDir);
    if (isDir) for (const dir of this.lasting(event)) this.watcher.rightsChanged(dir, event.name);
  }

  private moved(event: StreamEvent, isDir: boolean): void {
    const partner = this.stream.partner(event);
    const origins = [...this.places(event)];
    // Nothing moves into itself: such a place is one the directory has left already.
    const moving = origins.flatMap((dir) => dir.children.get(event.name) ?? []);
    const destinations = (partner === undefined ? [] : this.places(partner)).filter(
      (dir) => !moving.some((child) => dir.isBelowOrAt(child)),
    );
    if (partner === undefined || destinations.length === 0) {
      this.outbox.log(() => 'handling unary move from.');
      this.went(event, isDir);
      return;
    }
    this.outbox.log(
      () =>
        `got event Move ${shown(event.name, isDir)}(${event.wd}) to ${shown(partner.name, isDir)}(${partner.wd})`,
    );
    // Directories mounted twice have several places; the order of their places is the same. What is done for one
    // may remove another.
    const { position } = event;
    const { tree } = this.watcher;
    destinations.forEach((dir, i) => {
      if (!tree.holds(dir)) return;
      const to = { dir, name: partner.name };
      const origin = origins[i];
      if (origin === undefined || !tree.holds(origin)) this.appear(to.dir, to.name, isDir);
      else this.moves.rename({ from: { dir: origin, name: event.name }, to, isDir, position });
    });
    for (const dir of origins.slice(destinations.length)) {
      if (!tree.holds(dir)) continue;
      this.emit('Delete', dir, event.name, isDir);
      if (isDir) this.watcher.departed(dir, event.name);
    }
  }

  private appear(dir: WatchedDir, name: ByteString, isDir: boolean): void {
    this.emit('Create', dir, name, isDir);
    if (isDir) this.watcher.arrived(dir, name);
  }

  private places({ wd }: StreamEvent): readonly WatchedDir[] {
    return this.watcher.tree.places(wd);
  }

  /** Its places, leaving out those that vanish while the others are dealt with. */
  private *lasting(event: StreamEvent): Generator<WatchedDir> {
    for (const dir of [...this.places(event)]) if (this.watcher.tree.holds(dir)) yield dir;
  }

  private tell(kind: PathEventKind, event: StreamEvent, isDir: boolean): void {
    const places = this.places(event);
    if (places.length > 0)
      this.outbox.log(() => `got event ${kind} ${shown(event.name, isDir)}(${event.wd})`);
    for (const dir of places) this.emit(kind, dir, event.name, isDir);
  }

  private emit(kind: PathEventKind, dir: WatchedDir, name: ByteString, isDir: boolean): void {
    const directory = dir.path;
    for (const id of dir.roots) {
      const path = this.watcher.interests.relative(id, directory, isDir ? `${name}/` : name);
      const event: FsEvent = { kind, path };
      this.outbox.event(id, event);
    }
  }
}

function shown(name: ByteString, isDir: boolean): string {
  return isDir ? `${name}/` : name;
}
