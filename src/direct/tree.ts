import { asBytes, type BytePath, type ByteString } from '../core/bytes.js';
import type { Dir } from '../sys/at.js';
import { dressDirectory } from './attributes.js';
import { bring, type How } from './entry.js';
import { asDirectory, below } from './paths.js';
import { remove } from './removal.js';
import { using, type Session } from './session.js';
import { isStale, isTemporary } from './temporary.js';
import { isElsewise } from './trouble.js';

/** Is told what could not be done; the rest goes on. */
export type OnFailure = (path: BytePath, error: unknown) => void;

/** How a comparison goes on below its top. */
export type TreeHow = Pick<How, 'mayDelete' | 'doubted'>;

type Step = { readonly do: 'enter' | 'leave'; readonly path: BytePath };

/**
 * Makes a directory of the target, with everything below it, what the source's is. Equal size and time count as
 * equal content. What the rules exclude is left alone on both sides.
 * @param path the directory, which the target has
 * @throws the signal's reason; Trouble when the source has gone
 */
export async function equalise(
  session: Session,
  path: BytePath,
  how: TreeHow,
  fail: OnFailure,
): Promise<void> {
  const steps: Step[] = [{ do: 'enter', path: asDirectory(path) }];
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    await session.breathe();
    try {
      if (step.do === 'leave') dress(session, step.path);
      else {
        steps.push({ do: 'leave', path: step.path });
        await level(session, step.path, how, fail, steps);
      }
    } catch (error) {
      session.signal.throwIfAborted();
      session.assertSource();
      if (!isElsewise(error)) fail(step.path, error);
    }
  }
}

/** One directory's own names; its directories become steps. */
async function level(
  session: Session,
  path: BytePath,
  how: TreeHow,
  fail: OnFailure,
  steps: Step[],
): Promise<void> {
  await using(session.sourceDir(path), (source) =>
    using(session.targetDirMade(path), async (target) => {
      const names = source.names();
      await dropExtra(session, path, new Set(names), target, how, fail);
      for (const name of names) {
        await session.breathe();
        const child = below(path, name);
        if (isTemporary(name) || session.left(typedPath(source, name, child))) continue;
        try {
          const place = { source, target, name, path: child };
          if ((await bring(session, place, how)) === 'directory')
            steps.push({ do: 'enter', path: asDirectory(child) });
        } catch (error) {
          session.signal.throwIfAborted();
          session.assertSource();
          fail(child, error);
        }
      }
    }),
  );
}

/** What the target has and the source has not; temporary files of a crash in any case. */
async function dropExtra(
  session: Session,
  path: BytePath,
  wanted: ReadonlySet<ByteString>,
  target: Dir,
  how: TreeHow,
  fail: OnFailure,
): Promise<void> {
  for (const name of target.names()) {
    await session.breathe();
    const child = below(path, name);
    try {
      if (isTemporary(name)) {
        if (isStale(name)) target.unlink(name);
      } else if (how.mayDelete && !wanted.has(name) && !session.left(typedPath(target, name, child)))
        await remove(session, child, 'excluded');
    } catch (error) {
      session.signal.throwIfAborted();
      session.assertSource();
      fail(child, error);
    }
  }
}

/** A path as rules name it: a directory with its slash. */
function typedPath(dir: Dir, name: ByteString, path: BytePath): BytePath {
  return dir.look(name)?.isDirectory() === true ? asDirectory(path) : path;
}

/** Gives a directory of the target the source's mode, owner and time. The target itself keeps its mode and owner. */
export function dress(session: Session, path: BytePath): void {
  const source = session.sourceDir(path);
  try {
    const target = session.targetDir(path);
    try {
      dressDirectory(target, source.stat(), path === '/' && !session.state.madeTarget);
    } finally {
      target.close();
    }
  } finally {
    source.close();
  }
}

/** Removes temporary files that a crash has left in the target, wherever they are. */
export async function sweep(session: Session): Promise<void> {
  const todo: BytePath[] = [asBytes('/')];
  for (let path = todo.pop(); path !== undefined; path = todo.pop()) {
    await session.breathe();
    try {
      await using(session.targetDir(path), (dir) => {
        for (const { name, isDirectory } of dir.entries()) {
          if (isDirectory) todo.push(asDirectory(below(path, name)));
          else if (isStale(name)) dir.unlink(name);
        }
      });
    } catch {
      // It may not be read, or is gone: then nothing can be done there.
    }
  }
}
