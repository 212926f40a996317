import { asBytes, type BytePath } from '../../core/bytes.js';
import { isDirPath, type FsEvent } from '../../core/event.js';
import type { Seen, Snapshot } from './snapshot.js';

/** The directory a path is in. */
function parentOf(path: BytePath): BytePath {
  return asBytes(path.slice(0, path.lastIndexOf('/', path.length - 2) + 1));
}

/** The same directory before and after; the root always is. */
function stays(path: BytePath, before: Snapshot, after: Snapshot): boolean {
  if (path === '/') return true;
  const known = before.get(path);
  return known !== undefined && known.identity === after.get(path)?.identity;
}

/** What a path is called without regard to its kind. */
const bare = (path: BytePath): BytePath => (isDirPath(path) ? asBytes(path.slice(0, -1)) : path);

const taken = (snapshot: Snapshot, path: BytePath): boolean =>
  snapshot.has(bare(path)) || snapshot.has(asBytes(`${bare(path)}/`));

/**
 * Renames: the same thing under another name. Told as such only where that is plain: both parents stayed what
 * they were, the new name was free before and the old one is free now; everything else is Delete and Create.
 * A directory goes with all below it: `before` is changed accordingly.
 */
function moves(before: Snapshot, after: Snapshot): FsEvent[] {
  const lost = new Map<string, BytePath>();
  for (const [path, { identity }] of before)
    if (after.get(path)?.identity !== identity) lost.set(identity, path);
  if (lost.size === 0) return [];
  const found: FsEvent[] = [];
  for (const [path2, { identity, isDirectory }] of after) {
    const path = lost.get(identity);
    if (path === undefined || before.get(path2)?.identity === identity) continue;
    const plain =
      isDirPath(path) === isDirectory &&
      before.get(path)?.identity === identity &&
      !taken(before, path2) &&
      !taken(after, path) &&
      stays(parentOf(path), before, after) &&
      stays(parentOf(path2), before, after);
    if (!plain) continue;
    found.push({ kind: 'Move', path, path2 });
    rename(before, path, path2);
  }
  return found;
}

function rename(snapshot: Snapshot, from: BytePath, to: BytePath): void {
  const below = isDirPath(from) ? [...snapshot].filter(([path]) => path.startsWith(from)) : [];
  if (!isDirPath(from)) below.push([from, snapshot.get(from)!]);
  for (const [path] of below) snapshot.delete(path);
  for (const [path, seen] of below) snapshot.set(asBytes(to + path.slice(from.length)), seen);
}

/** What is made known of something new: a file's creation and, as with inotify, that it has been written. */
function created(path: BytePath, { isFile }: Seen): FsEvent[] {
  const create: FsEvent = { kind: 'Create', path };
  return isFile ? [create, { kind: 'Modify', path }] : [create];
}

/**
 * The events that lead from one snapshot to the next: moves, deletions (children first), creations (parents
 * first), changes. `before` is used up.
 */
export function compare(before: Snapshot, after: Snapshot): FsEvent[] {
  const events = moves(before, after);
  const gone = [...before].filter(([path, { identity }]) => after.get(path)?.identity !== identity);
  for (const [path] of gone.reverse()) events.push({ kind: 'Delete', path });
  // A directory put in place of another: its deletion took all below with it, even what is the same file again.
  const renewed = new Set<BytePath>();
  for (const [path, now] of after) {
    const known = before.get(path);
    if (known?.identity !== now.identity || renewed.has(parentOf(path))) {
      events.push(...created(path, now));
      if (now.isDirectory) renewed.add(path);
    } else if (known.content !== now.content) events.push({ kind: 'Modify', path });
    else if (known.attributes !== now.attributes) events.push({ kind: 'Attrib', path });
  }
  return events;
}
