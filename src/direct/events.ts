import type { BytePath } from '../core/bytes.js';
import type { PathEventKind } from '../core/event.js';
import { bring, type Brought, type How } from './entry.js';
import { asDirectory, nameOf, parentOf, plain } from './paths.js';
import { remove } from './removal.js';
import { using, type Session } from './session.js';
import { dress, equalise } from './tree.js';
import { isElsewise, reading } from './trouble.js';

/** A path's event, or a move, as a delay of the queue tells it. */
export interface DirectEvent {
  readonly etype: PathEventKind | 'Move';
  readonly path: BytePath;
  /** Where a move goes. */
  readonly path2?: BytePath | undefined;
}

/**
 * Carries out one event (spec/defaults.md, "default.direct"): the target gets what stands at the path now, which may
 * be more than the event tells. What is not there any more has an event of its own to come.
 * @throws what could not be done; with a directory's content the first trouble, the rest of it is done
 */
export async function carryOut(session: Session, event: DirectEvent, mayDelete: boolean): Promise<void> {
  const { etype, path } = event;
  session.touched.add(asDirectory(parentOf(path)));
  switch (etype) {
    case 'Create':
    case 'Modify':
      await settle(session, path, { mayDelete, doubted: etype === 'Modify' });
      return;
    case 'Attrib':
      await settle(session, path, { mayDelete, doubted: false, attributes: true });
      return;
    case 'Delete':
      await vanish(session, path, mayDelete);
      return;
    case 'Move':
      await move(session, path, event.path2!, mayDelete);
  }
}

/** Brings one path; a directory is only made and dressed. */
async function settle(session: Session, path: BytePath, how: How): Promise<Brought> {
  try {
    return await using(session.sourceDir(parentOf(path)), async (source) => {
      if (reading(() => source.look(nameOf(path))) === undefined) return 'gone';
      return using(session.targetDirMade(parentOf(path)), async (target) => {
        const place = { source, target, name: nameOf(path), path: plain(path) };
        const brought = await bring(session, place, how);
        if (brought === 'directory') session.touched.add(asDirectory(path));
        return brought;
      });
    });
  } catch (error) {
    // The directory it was in is gone, or no directory any more.
    if (!standsInSource(session, path)) return 'gone';
    throw error;
  }
}

function standsInSource(session: Session, path: BytePath): boolean {
  try {
    const dir = session.sourceDir(parentOf(path));
    try {
      return dir.look(nameOf(path)) !== undefined;
    } finally {
      dir.close();
    }
  } catch (error) {
    return !isElsewise(error);
  }
}

/** Something was deleted. What stands there again is compared as a whole. */
async function vanish(session: Session, path: BytePath, mayDelete: boolean): Promise<void> {
  if (standsInSource(session, path)) await settleTree(session, path, { mayDelete, doubted: true });
  else if (mayDelete) await remove(session, path, 'nothing');
}

async function settleTree(session: Session, path: BytePath, how: How): Promise<void> {
  if ((await settle(session, path, how)) !== 'directory') return;
  let first: { readonly error: unknown } | undefined;
  await equalise(session, path, { ...how, doubted: false }, (_path, error) => (first ??= { error }));
  if (first !== undefined) throw first.error;
}

/**
 * Renames at the target, then looks at both ends: the content may have changed before it moved, or have been
 * missing at the target.
 */
async function move(session: Session, from: BytePath, to: BytePath, mayDelete: boolean): Promise<void> {
  const renamed = standsInSource(session, to) && (await rename(session, from, to));
  // Without the rename the old name is to go, as `mv A B || rm -rf A` does it.
  if (!renamed && !standsInSource(session, from)) await remove(session, from, 'nothing');
  await settleTree(session, to, { mayDelete, doubted: !renamed });
}

/** @returns false when the target has nothing of that kind to rename, or cannot do it */
async function rename(session: Session, from: BytePath, to: BytePath): Promise<boolean> {
  try {
    return await using(session.targetDir(parentOf(from)), (source) =>
      using(session.targetDirMade(parentOf(to)), async (target) => {
        const found = source.look(nameOf(from));
        if (found === undefined || found.isDirectory() !== from.endsWith('/')) return false;
        const inTheWay = target.look(nameOf(to));
        const fits = inTheWay === undefined || (!inTheWay.isDirectory() && !found.isDirectory());
        if (!fits && !(await remove(session, to, 'excluded'))) return false;
        session.assertSource();
        source.rename(nameOf(from), target, nameOf(to));
        for (const end of [from, to]) session.touched.add(asDirectory(parentOf(end)));
        session.stats.moves++;
        session.exec('move', from);
        return true;
      }),
    );
  } catch {
    session.signal.throwIfAborted();
    session.assertSource();
    // Another file system below the target, say: then it is copied.
    return false;
  }
}

/** Gives directories in which something was changed their times again. What cannot be done is no failure. */
export function dressTouched(session: Session): void {
  for (const path of session.touched) {
    try {
      if (!session.left(path)) dress(session, path);
    } catch {
      // It has gone, or is not ours to dress.
    }
  }
  session.touched.clear();
}
