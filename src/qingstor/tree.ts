import type { BytePath } from '../core/bytes.js';
import { hasContent } from './content.js';
import type { Inventory, Remote } from './inventory.js';
import { withSlash } from './keys.js';
import { judge } from './known.js';
import { absolute, type LocalFile } from './local.js';
import type { Session } from './session.js';
import { walkTree, type Found } from './walk.js';

/** A directory to be made equal. */
export interface TreeWork {
  readonly from: BytePath;
  /** What the target has below it; what is there locally is taken out. */
  readonly inventory: Inventory;
  readonly mayDelete: boolean;
  /** Equal size and an older time prove nothing: files may have been put in place of others. */
  readonly doubted?: boolean;
  /** Paths that are brought up to date by somebody else. */
  readonly elsewhere?: (path: BytePath) => boolean;
}

/** Is a file to be uploaded, given what the target has (spec/qingstor.md, "qsctl sync")? */
export function isStale(
  session: Session,
  local: LocalFile,
  remote: Remote | undefined,
  key?: string,
): boolean {
  const { overwrite, create, index } = session.engine;
  if (remote === undefined) return create;
  if (overwrite !== 'changed') return overwrite === 'always';
  if (local.size !== remote.size) return true;
  if (local.mtime <= remote.modified) return false;
  return key === undefined || judge(index?.get(key), local, remote) !== 'confirmed';
}

/**
 * Makes the target below a directory equal to the source: uploads what is missing or stale, writes markers, notes
 * the rest for deletion. The transfers may still run when it returns (`session.finish` waits for them).
 * @returns how many things were found; `gone`: the directory itself is not there.
 */
export async function equalise(session: Session, work: TreeWork): Promise<number | 'gone'> {
  let seen = 0;
  const start = await walkTree({
    source: session.engine.source,
    from: work.from,
    recursive: session.engine.subdirs,
    leave: session.excluded,
    // Below a directory whose name no key can have, no name can have one: one failure says it all.
    into: (dir) => 'key' in session.engine.keys.keyOf(dir),
    stopped: () => session.ledger.halted,
    signal: session.signal,
    visit: async (found) => {
      seen += found.length;
      const keys = knownKeys(session, found);
      await session.engine.index?.load(keys);
      for (const one of found) await equaliseOne(session, work, one);
      session.engine.index?.unload(keys);
      session.engine.progress?.({ phase: 'compare', seen, files: session.ledger.files });
    },
  });
  if (start === 'gone' && work.from === '/') session.sourceMissing();
  if (work.mayDelete && !session.ledger.halted) removeRest(session, work.inventory);
  return start === 'gone' ? 'gone' : seen;
}

function removeRest(session: Session, rest: Inventory): void {
  for (const key of rest.keys()) {
    const path = session.engine.keys.pathOf(key);
    if (path !== undefined && !session.keyLeft(key, path)) session.remove(path, key);
  }
}

/** The keys of files the index is asked about. */
function knownKeys({ engine }: Session, found: readonly Found[]): readonly string[] {
  if (engine.index === undefined || engine.overwrite !== 'changed') return [];
  const keys: string[] = [];
  for (const { path, local } of found) {
    const named = engine.keys.keyOf(path);
    if (local.kind === 'file' && 'key' in named) keys.push(named.key);
  }
  return keys;
}

/** A file and an object were found equal. */
function learn({ engine }: Session, key: string, local: LocalFile, { etag }: Remote): void {
  const { index, overwrite } = engine;
  if (index === undefined || overwrite !== 'changed') return;
  const { size, mtimeNs, ino } = local;
  const known = index.get(key);
  const same = known?.size === size && known.mtimeNs === mtimeNs && known.ino === ino && known.etag === etag;
  if (!same) index.put(key, { size, mtimeNs, ino, etag });
}

/** Must the content of a file that seems unchanged be uploaded all the same? Read to find out, if it need be. */
async function isDoubtful(
  session: Session,
  { doubted }: TreeWork,
  path: BytePath,
  local: LocalFile,
  remote: Remote | undefined,
  key: string,
): Promise<boolean> {
  const { overwrite, source, index } = session.engine;
  if (overwrite !== 'changed' || remote === undefined) return false;
  if (doubted !== true && judge(index?.get(key), local, remote) !== 'doubtful') return false;
  return !(await hasContent(absolute(source, path), remote.etag, session.signal));
}

async function equaliseOne(session: Session, work: TreeWork, { path, local }: Found): Promise<void> {
  const elsewhere = work.elsewhere?.(path) === true;
  switch (local.kind) {
    case 'file': {
      const key = session.keyFor(path);
      if (key === undefined) return;
      const remote = work.inventory.take(key);
      if (elsewhere) return;
      if (isStale(session, local, remote, key) || (await isDoubtful(session, work, path, local, remote, key)))
        await session.upload(path, key, work.mayDelete);
      else if (remote !== undefined) learn(session, key, local, remote);
      return;
    }
    case 'dir':
    case 'dirlink': {
      if (local.kind === 'dirlink') session.engine.links.add(path);
      if (!session.engine.markers && 'key' in session.engine.keys.keyOf(path)) return;
      const key = session.keyFor(withSlash(path));
      if (key === undefined) return;
      const remote = work.inventory.take(key);
      if (!elsewhere && remote === undefined) await session.mark(path, key);
      return;
    }
    case 'broken':
    case 'special':
      session.skip(path, local);
      return;
    case 'unreadable':
      if (path === '/') session.sourceMissing();
      else session.unreadable(path, local.code);
      return;
    case 'gone':
      return;
  }
}
