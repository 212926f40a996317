import { asBytes, type BytePath, type ByteString } from './bytes.js';

/** A directory's names; `undefined` stands for anything but a directory. */
export type KnownDir = Map<ByteString, KnownDir | undefined>;

/**
 * Which names a source has, as its events told: what a comparison with the tree itself needs to find deletions
 * nobody told. Paths begin with a slash; a directory's ends with one. A rename costs its paths' depth.
 */
export class KnownTree {
  readonly root: KnownDir = new Map();

  /** Something is there; what stood there under the same name is not any more, if it was of another kind. */
  add(path: BytePath): void {
    const { parent, name, isDir } = this.place(path, true)!;
    if (name === '') return;
    const known = parent.get(name);
    if (parent.has(name) && (known !== undefined) === isDir) return;
    parent.set(name, isDir ? new Map() : undefined);
  }

  /** Nothing of that kind is there any more. */
  remove(path: BytePath): void {
    const found = this.place(path, false);
    if (found === undefined || found.name === '') return;
    if ((found.parent.get(found.name) !== undefined) === found.isDir) found.parent.delete(found.name);
  }

  /** A rename, with all that is below. */
  move(from: BytePath, to: BytePath): void {
    const origin = this.place(from, false);
    const moved = origin?.parent.get(origin.name);
    this.remove(from);
    const { parent, name, isDir } = this.place(to, true)!;
    parent.set(name, isDir ? (moved ?? new Map()) : undefined);
  }

  /** @returns the directory a path lies in; undefined when it is not known and not to be made */
  private place(path: BytePath, make: boolean) {
    const isDir = path.endsWith('/');
    const parts = path.slice(1, isDir ? -1 : undefined).split('/');
    const name = asBytes(parts.pop() ?? '');
    let parent = this.root;
    for (const part of parts.map(asBytes)) {
      let next = parent.get(part);
      if (next === undefined) {
        if (!make) return undefined;
        next = new Map();
        parent.set(part, next);
      }
      parent = next;
    }
    return { parent, name, isDir };
  }
}
