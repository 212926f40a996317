import { asBytes, toText, type BytePath } from '../core/bytes.js';
import type { DirtyMove } from '../core/dirty-batch.js';
import { takeInventory, type Inventory } from './inventory.js';
import { ancestorsOf, withSlash } from './keys.js';
import { createInside } from './local.js';
import type { Marks } from './marks.js';
import type { Session } from './session.js';
import { StoreError } from './store.js';
import { isStale } from './tree.js';
import { walkTree, type Found } from './walk.js';

/** Keys of a rename's two ends. */
interface Ends {
  readonly from: string;
  readonly to: string;
}

/** A directory on its way to another name. */
interface MovedTree {
  readonly session: Session;
  readonly move: DirtyMove;
  readonly marks: Marks;
  /** What the target has below the old name. */
  readonly inventory: Inventory;
  readonly keys: Ends;
}

/**
 * Renames on the server, in order where moves touch each other, else several at once. What cannot be renamed
 * becomes marks: the destination to upload and, where allowed, the origin to delete afterwards.
 */
export async function runMoves(session: Session, moves: readonly DirtyMove[], marks: Marks): Promise<void> {
  let wave = new Touched();
  for (const move of moves) {
    if (session.ledger.halted) break;
    if (wave.touches(move.from) || wave.touches(move.to)) {
      await session.pool.idle();
      wave = new Touched();
    }
    wave.add(move.from);
    wave.add(move.to);
    await moveOne(session, move, marks);
  }
  await session.pool.idle();
}

/** Paths in hand, to tell whether another is one of them, above or below one. */
class Touched {
  readonly #paths = new Set<BytePath>();
  readonly #above = new Set<BytePath>();

  add(path: BytePath): void {
    this.#paths.add(withSlash(path));
    for (const dir of ancestorsOf(path)) this.#above.add(dir);
  }

  touches(path: BytePath): boolean {
    const own = withSlash(path);
    if (this.#paths.has(own) || this.#above.has(own)) return true;
    for (const dir of ancestorsOf(path)) if (this.#paths.has(dir)) return true;
    return false;
  }
}

async function moveOne(session: Session, move: DirtyMove, marks: Marks): Promise<void> {
  const { from, to, mayDelete } = move;
  const isDir = to.endsWith('/');
  const upload = (): void => marks.add({ path: to, mayDelete, deep: isDir });
  // A directory may stand there again: then only a comparison tells what is left of the old one.
  const drop = (): void => marks.add({ path: from, mayDelete, deep: isDir, onlyDelete: !isDir });
  const fromKey = session.engine.keys.keyOf(from);
  const toKey = session.engine.keys.keyOf(to);
  if (!('key' in toKey)) {
    // The old object is all the target has of it: it stays.
    session.keyFor(to);
    return;
  }
  if (session.left(to)) {
    drop();
    return;
  }
  // Without leave to delete the origin there is nothing to rename, only something to add.
  if (!('key' in fromKey) || session.left(from) || !mayDelete || !session.engine.markers) {
    upload();
    drop();
    return;
  }
  if (isDir) return moveDirectory(session, move, marks, { from: fromKey.key, to: toKey.key });
  if (session.globbed(toKey.key) || session.globbed(fromKey.key)) {
    upload();
    drop();
    return;
  }
  const local = await createInside(session.engine.source)(to);
  // A link's content may be another one at another place, and its key a marker: only files are renamed. A file that
  // is gone already was renamed or deleted once more; what follows needs it under this name.
  if ((local.kind === 'file' && !local.link) || local.kind === 'gone')
    return rename(session, move, { from: fromKey.key, to: toKey.key }, marks);
  upload();
  drop();
}

/** One rename; when the server cannot, upload and then delete. Returns when it is under way. */
async function rename(
  session: Session,
  { from, to, mayDelete }: DirtyMove,
  keys: Ends,
  marks: Marks,
): Promise<void> {
  await session.request(to, `move ${toText(from)} -> ${toText(to)}`, async () => {
    try {
      await session.engine.store.move(keys.from, keys.to, session.signal);
      session.ledger.moves++;
      await session.engine.index?.carry(keys.from, keys.to);
    } catch (error) {
      session.signal.throwIfAborted();
      if (!(error instanceof StoreError) || error.scope === 'store') throw error;
      // Said to be missing, it may only be too new for a service that answers from a copy: deleting what is not there
      // costs a request, leaving what is there would be an orphan.
      const then = [() => session.remove(from, keys.from)];
      session.engine.log('Exec', `move ${toText(from)} -> ${toText(to)} not possible: ${error.message}`);
      marks.add({ path: to, mayDelete, deep: false, then });
    }
  });
}

/**
 * A directory: its objects by listing the old prefix. What stands under the new name decides: equal objects are
 * renamed, others uploaded, and what is left of the old prefix is deleted at the end.
 */
async function moveDirectory(session: Session, move: DirtyMove, marks: Marks, keys: Ends): Promise<void> {
  const { engine, signal } = session;
  let inventory: Inventory;
  try {
    inventory = await takeInventory(engine.store, keys.from, signal);
    session.ledger.succeeded();
  } catch (error) {
    signal.throwIfAborted();
    session.ledger.fail(move.to, error);
    return;
  }
  if (inventory.size === 0) {
    marks.add({ path: move.to, mayDelete: move.mayDelete, deep: true });
    return;
  }
  const local = await createInside(engine.source)(move.to);
  const tree = { session, move, marks, inventory, keys };
  if (local.kind === 'gone') return moveBlindly(tree);
  if (local.kind !== 'dir') {
    marks.add({ path: move.to, mayDelete: move.mayDelete, deep: true });
    marks.add({ path: move.from, mayDelete: move.mayDelete, deep: true });
    return;
  }
  await place(tree, { path: move.to, local });
  await walkTree({
    source: engine.source,
    from: move.to,
    recursive: engine.subdirs,
    leave: session.excluded,
    into: (dir) => 'key' in engine.keys.keyOf(dir),
    stopped: () => session.ledger.halted,
    signal,
    visit: async (found) => {
      for (const one of found) await place(tree, one);
    },
  });
  for (const key of inventory.keys()) {
    const path = engine.keys.pathOf(key);
    if (path !== undefined && !session.keyLeft(key, path)) session.remove(path, key);
  }
}

/** The directory was renamed again meanwhile: its objects go where the next move looks for them. */
async function moveBlindly({ session, move, marks, inventory, keys }: MovedTree): Promise<void> {
  for (const key of inventory.keys()) {
    const rest = key.slice(keys.from.length);
    const from = session.engine.keys.pathOf(key);
    const to = session.engine.keys.pathOf(keys.to + rest);
    if (from === undefined || to === undefined || session.keyLeft(key, from)) continue;
    await rename(session, { from, to, mayDelete: move.mayDelete }, { from: key, to: keys.to + rest }, marks);
  }
}

/** Brings one thing that stands below the new name there. */
async function place(tree: MovedTree, { path, local }: Found): Promise<void> {
  const { session, move, marks, inventory } = tree;
  const name = local.kind === 'dirlink' ? withSlash(path) : path;
  if (local.kind === 'broken' || local.kind === 'special') {
    session.skip(path, local);
    return;
  }
  if (local.kind === 'unreadable') {
    session.unreadable(path, local.code);
    // What the target has of it under its old name is all it has.
    session.shield(asBytes(move.from + name.slice(move.to.length)));
    return;
  }
  const key = session.keyFor(name);
  const oldPath = asBytes(move.from + name.slice(move.to.length));
  if (key === undefined) {
    // What the target has of it under its old name is all it has.
    if ('problem' in session.engine.keys.keyOf(name)) session.shield(oldPath);
    return;
  }
  const old = session.engine.keys.keyOf(oldPath);
  const oldKey = 'key' in old && !session.keyLeft(old.key, oldPath) ? old.key : undefined;
  const remote = oldKey === undefined ? undefined : inventory.take(oldKey);
  const renamed = { from: oldPath, to: name, mayDelete: move.mayDelete };
  if (local.kind === 'dirlink') session.engine.links.add(path);
  if (local.kind === 'file') {
    // Dirty paths are uploaded afterwards; until then the old content under the new name is better than none.
    const movable =
      remote !== undefined && !local.link && (marks.has(name) || !isStale(session, local, remote));
    if (oldKey !== undefined && movable) await rename(session, renamed, { from: oldKey, to: key }, marks);
    else if (!marks.has(name))
      await session.upload(name, key, move.mayDelete, () => {
        if (oldKey !== undefined && remote !== undefined) session.remove(oldPath, oldKey);
      });
  } else if (oldKey !== undefined && remote !== undefined)
    await rename(session, renamed, { from: oldKey, to: key }, marks);
  else if (!marks.has(name)) await session.mark(path, key);
}
