import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A Lua text of our documents. */
export interface Snippet {
  /** Where it stands, for the test's name. */
  readonly name: string;
  readonly lua: string;
  /** What the program must say when it refuses the config; undefined: the config must work. */
  readonly refusal?: string;
}

/** Every `lua` block of a Markdown text; `lua error` is followed by a `text` block with the refusal. */
export function snippetsOf(name: string, markdown: string): Snippet[] {
  const found: Snippet[] = [];
  const block = /^```lua( error)?\n([^]*?)^```\n\n*(?:```text\n([^]*?)\n```)?/gm;
  for (const match of markdown.matchAll(block)) {
    const line = markdown.slice(0, match.index).split('\n').length;
    const [, error, lua, refusal] = match;
    if (error !== undefined && refusal === undefined) throw new Error(`${name}:${line}: no refusal follows`);
    found.push({ name: `${name}:${line}`, lua: lua!, ...(error === undefined ? {} : { refusal: refusal! }) });
  }
  return found;
}

/** All snippets of README and docs/. */
export function allSnippets(root: string): Snippet[] {
  const files = ['README.md', ...readdirSync(join(root, 'docs')).map((file) => `docs/${file}`)];
  return files
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) => snippetsOf(file, readFileSync(join(root, file), 'utf8')));
}

/**
 * A config of the documents, its paths led into a directory of the test's own, which is made ready for it; not for
 * one that is to be refused: should it be accepted, its sources are not there, and nothing is done.
 */
export function transplant(lua: string, top: string, refused = false): string {
  const moved = lua.replace(/"\/(srv|backup|var\/log|tmp)\b/g, `"${top}/$1`);
  mkdirSync(join(top, 'var/log/lsyncd'), { recursive: true });
  if (refused) return moved;
  for (const [, path] of moved.matchAll(/(?:source|target|targetdir) *= *"(\/[^"]*)"/g))
    mkdirSync(path!, { recursive: true });
  return moved;
}
