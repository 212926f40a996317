import type { DirtyPath } from '../core/dirty-batch.js';
import { asBytes, type BytePath } from '../core/bytes.js';
import { ancestorsOf } from './keys.js';

/** A dirty path of a batch, or one that a move has left. */
export interface NewMark extends DirtyPath {
  /** Only to be deleted when nothing is there; what stands there is not this mark's business. */
  readonly onlyDelete?: boolean;
  /** To be called when its work is done. */
  readonly then?: readonly (() => void)[];
}

/** All that is known of a path. */
export type Mark = Required<NewMark>;

const root = asBytes('/');

/** The dirty paths of a batch, each once. */
export class Marks {
  readonly #marks = new Map<BytePath, Mark>();

  /** Adds a path; what is known of it already is kept, the wider permission wins. */
  add(mark: NewMark): void {
    const old = this.#marks.get(mark.path);
    this.#marks.set(mark.path, {
      path: mark.path,
      mayDelete: mark.mayDelete || old?.mayDelete === true,
      deep: mark.deep || old?.deep === true,
      onlyDelete: mark.onlyDelete === true && (old === undefined || old.onlyDelete),
      then: [...(old?.then ?? []), ...(mark.then ?? [])],
    });
  }

  has(path: BytePath): boolean {
    return this.#marks.has(path);
  }

  values(): Mark[] {
    return [...this.#marks.values()];
  }
}

/** Leaves out the directories that lie below another one of the list. */
export function topmost<T extends { readonly path: BytePath }>(dirs: readonly T[]): T[] {
  const all = new Set(dirs.map(({ path }) => path));
  return dirs.filter(({ path }) => {
    if (path !== '/' && all.has(root)) return false;
    for (const above of ancestorsOf(path)) if (all.has(above)) return false;
    return true;
  });
}
