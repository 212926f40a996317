import type { BytePath } from '../core/bytes.js';
import { asDirectory, below, nameOf, parentOf, plain } from './paths.js';
import { using, type Session } from './session.js';
import { isStale, isTemporary } from './temporary.js';
import { codeOf, isElsewise, Trouble } from './trouble.js';

/** A step of a removal: work through a directory, then take it away. */
type Step = { readonly do: 'enter' | 'leave'; readonly path: BytePath };

/** What stays in a directory that is removed: `excluded`: what the rules leave alone; `nothing`: as `rm -rf`. */
export type Spared = 'excluded' | 'nothing';

/**
 * Removes what stands at a path of the target, a directory with all that is in it but what is spared, whose
 * directories stay. Links are removed, never followed.
 * @returns true when nothing is left there
 * @throws Trouble when the source has gone; the system's errors
 */
export async function remove(session: Session, path: BytePath, spared: Spared): Promise<boolean> {
  session.assertSource();
  const top = plain(path);
  const todo: Step[] = [];
  let kept = false;
  if (!(await removeOne(session, top, todo))) return true;
  for (let step = todo.pop(); step !== undefined; step = todo.pop()) {
    await session.breathe();
    session.assertSource();
    if (step.do === 'leave') kept = !(await dropDirectory(session, step.path)) || kept;
    else {
      todo.push({ do: 'leave', path: step.path });
      await empty(session, step.path, spared, todo);
    }
  }
  return !kept;
}

/** Everything in a directory: other things at once, directories later. */
async function empty(session: Session, path: BytePath, spared: Spared, todo: Step[]): Promise<void> {
  try {
    await using(session.targetDir(path), async (dir) => {
      for (const name of dir.names()) {
        await session.breathe();
        const found = dir.look(name);
        if (found === undefined) continue;
        const child = below(path, name);
        const named = found.isDirectory() ? asDirectory(child) : child;
        const stays = isTemporary(name) ? !isStale(name) : spared === 'excluded' && session.left(named);
        if (stays) continue;
        if (found.isDirectory()) todo.push({ do: 'enter', path: child });
        else if (session.mayDrop()) {
          dir.unlink(name);
          session.stats.deletions++;
          session.exec('delete', child);
        }
      }
    });
  } catch (error) {
    if (!isElsewise(error)) throw error;
  }
}

/** Unlinks one thing; a directory becomes a step. @returns true when it is one */
async function removeOne(session: Session, path: BytePath, todo: Step[]): Promise<boolean> {
  try {
    return await using(session.targetDir(parentOf(path)), (dir) => {
      const found = dir.look(nameOf(path));
      if (found === undefined) return false;
      session.touched.add(asDirectory(parentOf(path)));
      if (found.isDirectory()) {
        todo.push({ do: 'enter', path });
        return true;
      }
      if (!session.mayDrop()) return false;
      dir.unlink(nameOf(path));
      session.stats.deletions++;
      session.exec('delete', path);
      return false;
    });
  } catch (error) {
    // Nothing there, or no directory above it.
    if (isElsewise(error)) return false;
    throw error;
  }
}

/** @returns true when the directory is away; what is spared stays */
async function dropDirectory(session: Session, path: BytePath): Promise<boolean> {
  if (!session.mayDrop()) return false;
  try {
    await using(session.targetDir(parentOf(path)), (dir) => {
      dir.rmdir(nameOf(path));
    });
    session.stats.deletions++;
    session.exec('delete', path);
    return true;
  } catch (error) {
    if (isElsewise(error)) return true;
    if (codeOf(error) === 'ENOTEMPTY' || codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Makes room for something that is no directory. @throws Trouble when a directory has to stay there */
export async function makeRoom(session: Session, path: BytePath, mayDelete: boolean): Promise<void> {
  if (mayDelete && (await remove(session, path, 'excluded'))) return;
  const why = mayDelete
    ? 'a directory stands there at the target that holds excluded files; move them away'
    : 'a directory stands there at the target, and nothing may be deleted; remove it by hand or set delete = true';
  throw new Trouble('target', 'EISDIR', why, 'failed');
}
