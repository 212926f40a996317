import { readFileSync } from 'node:fs';
import { toText, type BytePath } from '../../core/bytes.js';
import { LsyncdError } from '../../core/errors.js';
import { childPath, readDirectory } from '../../sys/fs-bytes.js';
import type { Root } from './interests.js';

/** A kernel setting that bounds what a user may have of something. */
interface Limit {
  readonly name: string;
  readonly value: number;
}

/** The smaller of the system's limit and the user namespace's (containers have their own). */
function tightest(...names: readonly string[]): Limit {
  const limits = names.map((name) => ({ name, value: setting(name) }));
  return limits.reduce((least, limit) => (limit.value < least.value ? limit : least));
}

function setting(name: string): number {
  try {
    return Number(readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8'));
  } catch {
    return Infinity;
  }
}

/** Collects the directories a root wants watched, the root included. */
function collectDirectories(root: Root, directory: BytePath, into: Set<BytePath>): void {
  into.add(directory);
  if (!root.subdirs) return;
  try {
    for (const entry of readDirectory(directory)) {
      if (!entry.isDirectory) continue;
      const path = childPath(directory, entry);
      if (!root.filter.excludes(path.slice(root.source.length - 1) as BytePath))
        collectDirectories(root, path, into);
    }
  } catch {
    // What can't be read needs no watches below it.
  }
}

/** Out of watches: how many are needed, how many there are, and the line that helps (spec/pains.md 7). */
export function watchLimit(path: BytePath, roots: Iterable<Root>): LsyncdError {
  const directories = new Set<BytePath>();
  for (const root of roots) collectDirectories(root, root.source, directories);
  const needed = directories.size;
  const { name, value } = tightest('fs.inotify.max_user_watches', 'user.max_inotify_watches');
  return new LsyncdError(
    'LSY_WATCH_LIMIT',
    `cannot watch ${toText(path)}: out of inotify watches; ${needed} directories are to be watched, ${name} is ${value}`,
    `raise it: sysctl ${name}=${Math.max(524288, needed * 2, Number.isFinite(value) ? value * 2 : 0)}`,
  );
}

/** Out of inotify instances. */
export function instanceLimit(cause: unknown): LsyncdError {
  const { name, value } = tightest('fs.inotify.max_user_instances', 'user.max_inotify_instances');
  return new LsyncdError(
    'LSY_INSTANCE_LIMIT',
    `cannot watch: out of inotify instances or open files; ${name} is ${value}`,
    `raise it: sysctl ${name}=${Math.max(1024, Number.isFinite(value) ? value * 2 : 0)}`,
    { cause },
  );
}
