import { asBytes, type BytePath, type ByteString } from '../../core/bytes.js';
import type { Delay } from '../../core/delay.js';

/** A pattern is matched literally by rsync unless it holds one of these. */
const wild = /[*?[]/;

/** Everything rsync reads as more than itself in a pattern that is wild. */
const special = /[*?[\]\\]/g;

/**
 * A path as an rsync include rule that matches it and nothing else. rsync takes backslashes for escapes only
 * in a pattern with wildcards, so a plain name stays as it is. A deleted directory takes all below it along.
 */
function rule(path: BytePath, deletedDirectory: boolean): string {
  if (!deletedDirectory) return wild.test(path) ? path.replace(special, '\\$&') : path;
  return `${path.replace(special, '\\$&')}***`;
}

/** Every directory above a path, from the nearest to `/`. */
function* parents(path: string): Generator<BytePath> {
  let at = path.replace(/\/$/, '').lastIndexOf('/');
  for (; at > 0; at = path.lastIndexOf('/', at - 1)) yield asBytes(path.slice(0, at + 1));
  if (at === 0) yield asBytes('/');
}

/**
 * The include rules for one rsync of all that changed (spec/defaults.md, "Running"): each path and every
 * directory above it, each once, in order of first mention.
 */
export function includeRules(delays: readonly Delay[]): ByteString[] {
  const rules = new Set<string>();
  for (const { etype, path, path2 } of delays) {
    for (const [changed, gone] of [
      [path, etype === 'Delete' || etype === 'Move'],
      [path2, false],
    ] as const) {
      if (changed === undefined) continue;
      const whole = gone && changed.endsWith('/');
      rules.add(rule(changed, whole));
      for (const parent of parents(whole ? `${changed}***` : changed)) rules.add(rule(parent, false));
    }
  }
  return [...rules].map(asBytes);
}
