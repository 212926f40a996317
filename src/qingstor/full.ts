import type { NativeFull, NativeResult } from '../action/native.js';
import { asBytes } from '../core/bytes.js';
import type { EngineState } from './engine-state.js';
import { takeInventory, type Inventory } from './inventory.js';
import { Session } from './session.js';
import { equalise, type TreeWork } from './tree.js';

/**
 * Start-up and overflow: one listing, one walk, the differences (spec/qingstor.md, "qsctl sync"). Unchanged content
 * is never read, and an identical tree costs the listing's requests only.
 */
export async function runFull(
  engine: EngineState,
  options: NativeFull,
  signal: AbortSignal,
): Promise<NativeResult> {
  const session = new Session(engine, options.excluded, signal, options.limit);
  const how = { mayDelete: options.delete, allowEmpty: options.allowEmpty === true };
  const result = await session.run(async () => {
    await abortUnfinished(session);
    await equaliseRoot(session, how);
  }, true);
  if (options.delete && !session.ledger.halted) engine.owed.clear();
  return result;
}

/** What a killed run left behind goes first: it may hold much space. */
async function abortUnfinished({ engine, signal }: Session): Promise<void> {
  const aborted = await engine.store.abortUnfinished(engine.keys.prefix, signal);
  if (aborted > 0) engine.log('Exec', `aborted ${aborted} unfinished uploads of an earlier run`);
}

/** Lists the whole prefix and makes it equal to the source; an empty source leaves the target as it is. */
export async function equaliseRoot(
  session: Session,
  { mayDelete, allowEmpty = false }: { readonly mayDelete: boolean; readonly allowEmpty?: boolean },
  elsewhere?: TreeWork['elsewhere'],
): Promise<void> {
  const { engine, signal } = session;
  let inventory: Inventory;
  try {
    inventory = await takeInventory(engine.store, engine.keys.prefix, signal, {
      keepEtags: engine.index !== undefined,
      onPage: (seen) => engine.progress?.({ phase: 'list', seen, files: 0 }),
    });
  } catch (error) {
    signal.throwIfAborted();
    session.ledger.fail(undefined, error);
    return;
  }
  session.ledger.succeeded();
  // The object that stands for the target directory itself is nobody's to delete.
  inventory.take(engine.keys.prefix);
  const root = asBytes('/');
  const had = inventory.size;
  engine.index?.beginSweep();
  const seen = await equalise(session, {
    from: root,
    inventory,
    mayDelete,
    ...(elsewhere === undefined ? {} : { elsewhere }),
  });
  engine.holds = had;
  if (!session.ledger.halted) await engine.index?.sweep();
  if (!mayDelete || seen !== 0 || had === 0 || session.ledger.halted || allowEmpty) return;
  session.keepAll();
  session.ledger.held = { reason: 'empty source', count: had, of: had, paths: [] };
}
