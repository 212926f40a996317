import type { NativeBatch, NativeResult } from '../action/native.js';
import type { BytePath } from '../core/bytes.js';
import type { EngineState } from './engine-state.js';
import { equaliseRoot } from './full.js';
import { takeInventory } from './inventory.js';
import { ancestorsOf, withSlash, withoutSlash } from './keys.js';
import { createInside, type Local } from './local.js';
import { Marks, topmost, type Mark } from './marks.js';
import { runMoves } from './moves.js';
import { drain } from './pool.js';
import { Session } from './session.js';
import { equalise } from './tree.js';

/** A batch's paths by what stands there. */
interface Sorted {
  readonly goneFiles: Mark[];
  readonly goneDirs: Mark[];
  readonly deepDirs: Mark[];
  readonly present: { readonly mark: Mark; readonly local: Local }[];
}

/** Paths looked at at once before their transfers start. */
const looksAtOnce = 16;

/**
 * Brings the final state of a batch's paths to the target: moves, then uploads, then deletions. File events list
 * nothing; a vanished directory costs one listing of its own prefix, with all vanished ones below it.
 */
export async function runBatch(
  engine: EngineState,
  batch: NativeBatch,
  signal: AbortSignal,
): Promise<NativeResult> {
  const session = new Session(engine, batch.excluded, signal, batch.limit);
  const owed = [...engine.owed];
  const result = await session.run(async () => {
    const marks = new Marks();
    for (const path of batch.paths) marks.add(path);
    await runMoves(session, batch.moves, marks);
    if ([...batch.paths, ...batch.moves].some(({ mayDelete }) => mayDelete)) {
      engine.owed.clear();
      for (const path of owed) marks.add({ path, mayDelete: true, deep: false, onlyDelete: true });
    }
    if (!session.ledger.halted) await settle(session, marks);
  }, false);
  if (session.ledger.halted) for (const path of owed) engine.owed.add(path);
  return result;
}

async function settle(session: Session, marks: Marks): Promise<void> {
  const sorted: Sorted = { goneFiles: [], goneDirs: [], deepDirs: [], present: [] };
  const look = createInside(session.engine.source);
  await drain(marks.values().reverse(), looksAtOnce, async (mark) => {
    session.signal.throwIfAborted();
    if (mark.path === '/') {
      if (mark.deep) sorted.deepDirs.push(mark);
    } else if (!session.left(mark.path)) sort(sorted, mark, await look(mark.path));
  });
  for (const { mark, local } of sorted.present) {
    session.signal.throwIfAborted();
    if (session.ledger.halted) return;
    await bring(session, mark, local);
  }
  for (const mark of topmost(sorted.deepDirs)) await bringTree(session, mark, marks);
  await dropGone(session, sorted);
}

function sort(sorted: Sorted, mark: Mark, local: Local): void {
  const { path } = mark;
  const isDir = path.endsWith('/');
  const there = local.kind === 'file' || local.kind === 'dir' || local.kind === 'dirlink';
  if (there || local.kind === 'unreadable') {
    // A directory's place taken by something else: what was below it is gone.
    if (isDir && local.kind !== 'dir' && local.kind !== 'unreadable') sorted.goneDirs.push(mark);
    if (mark.onlyDelete) return;
    sorted.present.push({ mark, local });
    if (mark.deep && local.kind === 'dir') sorted.deepDirs.push({ ...mark, path: withSlash(path) });
    return;
  }
  if (local.kind !== 'gone' && !mark.onlyDelete) sorted.present.push({ mark, local });
  (isDir ? sorted.goneDirs : sorted.goneFiles).push(mark);
}

/** Something that is there: upload or marker. */
async function bring(session: Session, mark: Mark, local: Local): Promise<void> {
  const { engine } = session;
  const { path, mayDelete } = mark;
  switch (local.kind) {
    case 'file': {
      const file = withoutSlash(path);
      const key = session.keyFor(file);
      if (key === undefined || !(await isWanted(session, file, key))) return;
      await session.upload(file, key, mayDelete, () => followUp(mark));
      if (engine.links.delete(file) && mayDelete) drop(session, withSlash(file));
      return;
    }
    case 'dir':
    case 'dirlink': {
      const name = withoutSlash(path);
      const fresh = local.kind === 'dirlink' && !engine.links.has(name);
      if (local.kind === 'dirlink') engine.links.add(name);
      // The key of a file that a directory has replaced.
      if (mayDelete && (fresh || (local.kind === 'dir' && !path.endsWith('/')))) drop(session, name);
      const key = engine.markers ? session.keyFor(withSlash(path)) : undefined;
      if (key !== undefined) await session.mark(path, key, () => followUp(mark));
      return;
    }
    case 'broken':
    case 'special':
      session.skip(path, local);
      return;
    case 'unreadable':
      session.unreadable(path, local.code);
      return;
    case 'gone':
      return;
  }
}

function followUp(mark: Mark): void {
  for (const follow of mark.then) follow();
}

/** With qsctl v2's `--existing` or `--ignore-existing` the server must be asked first: one listing of the key. */
async function isWanted(session: Session, path: BytePath, key: string): Promise<boolean> {
  const { overwrite, create, store } = session.engine;
  if (create && overwrite !== 'never') return true;
  try {
    let exists = false;
    for await (const page of store.list(key, session.signal)) {
      exists = page.some((object) => object.key === key);
      if (exists) break;
    }
    session.ledger.succeeded();
    return exists ? overwrite !== 'never' : create;
  } catch (error) {
    session.signal.throwIfAborted();
    session.ledger.fail(path, error);
    return false;
  }
}

/** A directory in doubt: compared as a whole, contents included, with what the target has below it. */
async function bringTree(session: Session, mark: Mark, marks: Marks): Promise<void> {
  if (session.ledger.halted) return;
  const elsewhere = (path: BytePath): boolean => marks.has(path);
  if (mark.path === '/') return equaliseRoot(session, { mayDelete: mark.mayDelete }, elsewhere);
  const named = session.engine.keys.keyOf(mark.path);
  if (!('key' in named)) return;
  try {
    const inventory = await takeInventory(session.engine.store, named.key, session.signal, {
      keepEtags: true,
    });
    session.ledger.succeeded();
    inventory.take(named.key);
    const { path: from, mayDelete } = mark;
    await equalise(session, { from, inventory, mayDelete, doubted: true, elsewhere });
  } catch (error) {
    session.signal.throwIfAborted();
    session.ledger.fail(mark.path, error);
  }
}

/** Notes what has vanished for deletion, as far as it may go. */
async function dropGone(session: Session, { goneFiles, goneDirs }: Sorted): Promise<void> {
  const { engine } = session;
  for (const mark of [...goneFiles, ...goneDirs]) followUp(mark);
  if (engine.rememberDeletes)
    for (const { path, mayDelete } of [...goneFiles, ...goneDirs]) if (!mayDelete) engine.owed.add(path);
  const dirs = goneDirs.filter(({ mayDelete }) => mayDelete);
  const listed = new Set(dirs.map(({ path }) => path));
  for (const { path, mayDelete } of goneFiles) {
    if (!mayDelete) continue;
    drop(session, path);
    engine.links.delete(path);
    // It may have been a symlink to a directory, whose key is a marker: the same request asks for both.
    if (engine.markers && ![...ancestorsOf(path)].some((dir) => listed.has(dir)))
      drop(session, withSlash(path));
  }
  for (const { path } of topmost(dirs)) {
    if (session.ledger.halted) return;
    await dropTree(session, path);
  }
}

function drop(session: Session, path: BytePath): void {
  const named = session.engine.keys.keyOf(path);
  if ('key' in named && !session.keyLeft(named.key, path)) session.remove(path, named.key);
}

async function dropTree(session: Session, dir: BytePath): Promise<void> {
  const named = session.engine.keys.keyOf(dir);
  if (!('key' in named)) return;
  try {
    const inventory = await takeInventory(session.engine.store, named.key, session.signal);
    session.ledger.succeeded();
    for (const key of inventory.keys()) {
      const path = session.engine.keys.pathOf(key);
      if (path !== undefined && !session.keyLeft(key, path)) session.remove(path, key);
    }
  } catch (error) {
    session.signal.throwIfAborted();
    session.ledger.fail(dir, error);
  }
}
