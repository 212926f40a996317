import { asBytes, type BytePath } from '../../../src/core/bytes.js';
import type { FsEvent } from '../../../src/core/event.js';
import { admitEvent, compileRules, type Filter, type FilterRules } from '../../../src/core/filter.js';
import { describe } from './files.js';

/**
 * What a target would look like that is told of a source by events only: an event makes it look at the path it
 * names, and at nothing else. When all events have been told it must equal the source.
 */
export class Mirror {
  readonly tree: Map<string, string>;
  /** Creates in directories the target was not told of before. */
  readonly orphans: string[] = [];
  private readonly filter: Filter;

  constructor(
    private readonly source: BytePath,
    start: ReadonlyMap<string, string> = new Map(),
    rules: FilterRules = { filters: [], excludes: [] },
  ) {
    this.tree = new Map(start);
    this.filter = compileRules(rules);
  }

  /** Takes in an event, as far as the sync's rules let it. */
  apply(told: FsEvent): void {
    const event = admitEvent(this.filter, told);
    if (event === undefined) return;
    switch (event.kind) {
      case 'Create':
      case 'Modify':
      case 'Attrib':
        this.look(event.path);
        return;
      case 'Delete':
        this.take(event.path);
        return;
      case 'Move':
        this.move(event.path, event.path2);
    }
  }

  private look(path: string): void {
    const parent = path.replace(/[^/]+\/?$/, '');
    if (parent !== '/' && !this.tree.has(parent)) this.orphans.push(path);
    this.tree.set(path, describe(asBytes(this.source + path.slice(1))));
  }

  /** Removes a path, and with a directory all below; gives the paths. */
  private take(path: string): string[] {
    const taken = path.endsWith('/')
      ? [...this.tree.keys()].filter((known) => known.startsWith(path))
      : this.tree.has(path)
        ? [path]
        : [];
    for (const known of taken) this.tree.delete(known);
    return taken;
  }

  private move(from: string, to: string): void {
    const taken = this.take(from);
    this.take(to);
    // What was read for an event may have been of a later file of that name: moved things are looked at again.
    for (const path of taken) this.look(to + path.slice(from.length));
    // A file that the target does not have under the old name is taken from the source.
    if (taken.length === 0 && !from.endsWith('/')) this.look(to);
  }
}
