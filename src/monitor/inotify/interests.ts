import { asBytes, type BytePath, type ByteString } from '../../core/bytes.js';
import { compileRules, type Filter, type FilterRules } from '../../core/filter.js';
import type { WatchRoot } from '../monitor.js';
import type { WatchedDir } from './watch-tree.js';

/** A sync's root as the worker knows it. */
export interface Root extends WatchRoot {
  filter: Filter;
  /** Some rule may judge what is inside a directory otherwise once that has another path. */
  placeBound: boolean;
  /** Its directory's place; undefined while it is gone. */
  dir: WatchedDir | undefined;
  /** Which directory that is (`identityOf`). */
  identity: string | undefined;
}

/** Which roots care for which paths. */
export class Interests {
  private readonly roots = new Map<number, Root>();

  /** A new root, or the same one anew. */
  add(root: WatchRoot): Root {
    const known: Root = { ...root, ...compiled(root.rules), dir: undefined, identity: undefined };
    this.roots.set(root.id, known);
    return known;
  }

  setRules(id: number, rules: FilterRules): void {
    const root = this.roots.get(id);
    if (root !== undefined) Object.assign(root, compiled(rules));
  }

  all(): Iterable<Root> {
    return this.roots.values();
  }

  get(id: number): Root {
    return this.roots.get(id)!;
  }

  /** Path of something in a directory (absolute path) as the root's sync names it. */
  relative(id: number, directory: BytePath, name: string): BytePath {
    return asBytes(directory.slice(this.get(id).source.length - 1) + name);
  }

  /** Roots of a directory that want a subdirectory of it watched, too. */
  wanting(parent: WatchedDir, name: ByteString, directory: BytePath = parent.path): Set<number> {
    const wanting = new Set<number>();
    for (const id of parent.roots) {
      const { subdirs, filter } = this.get(id);
      if (subdirs && (filter.empty || !filter.excludes(this.relative(id, directory, `${name}/`))))
        wanting.add(id);
    }
    return wanting;
  }
}

function compiled(rules: FilterRules): Pick<Root, 'filter' | 'placeBound'> {
  // A pattern for one name matches wherever that name is; one with a slash inside looks at what is above, too.
  const patterns = [...rules.excludes, ...rules.filters.map((rule) => rule.slice(2))];
  const placeBound = patterns.some((pattern) => /\/.|\*\*/.test(pattern));
  return { filter: compileRules(rules), placeBound };
}
