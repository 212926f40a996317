import { fromText, toText, toTextStrict, asBytes, type BytePath } from '../core/bytes.js';

/** The server's limit on a key, bytes of UTF-8 (spec/qingstor.md, "HTTP API"). */
export const maxKeyBytes = 1023;

/**
 * `p` and `p/` mean the same: contents go under `p/` (spec/qingstor.md, "qsctl sync").
 */
export function normalisePrefix(prefix: string): string {
  return prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
}

/** A path's key, or why it can have none. */
export type NamedKey = { readonly key: string } | { readonly problem: string };

/** Names for the paths of one source at one target. */
export interface KeySpace {
  /** Empty, or ends with a slash. */
  readonly prefix: string;
  /** A directory's path (with its slash) gives its marker's key. */
  readonly keyOf: (path: BytePath) => NamedKey;
  /** Undefined for keys outside the prefix. */
  readonly pathOf: (key: string) => BytePath | undefined;
  /** What a tool that does not mind invalid UTF-8 may have made of a path. */
  readonly lookalike: (path: BytePath) => string;
}

/** Builds the naming for one target. `prefix` may lack its slash. */
export function keySpace(prefix: string): KeySpace {
  const root = normalisePrefix(prefix);
  const rootBytes = fromText(root).length;
  return {
    prefix: root,
    keyOf(path) {
      const bytes = rootBytes + path.length - 1;
      if (bytes > maxKeyBytes)
        return { problem: `its key would have ${bytes} bytes, QingStor allows ${maxKeyBytes}` };
      const text = toTextStrict(path);
      if (text === undefined)
        return { problem: 'its name is not valid UTF-8, which object keys must be: rename it' };
      return { key: root + text.slice(1) };
    },
    pathOf: (key) => (key.startsWith(root) ? asBytes(`/${fromText(key.slice(root.length))}`) : undefined),
    lookalike: (path) => root + toText(path).slice(1),
  };
}

/** False for paths no directory walk can give: `//`, `.`, `..` inside, a NUL, or nothing. */
export function isCanonical(path: BytePath): boolean {
  return path.length > 1 && !/\/\/|\/\.\.?(?:\/|$)|\0/.test(path);
}

/** `/a/b/f` and `/a/b/f/` → `/a/b/`; `/f` → `/`. */
export function parentOf(path: BytePath): BytePath {
  const end = path.endsWith('/') ? path.length - 2 : path.length - 1;
  return asBytes(path.slice(0, path.lastIndexOf('/', end) + 1));
}

/** Directories above a path, nearest first, the root `/` left out. */
export function* ancestorsOf(path: BytePath): Generator<BytePath, void, undefined> {
  for (let up = parentOf(path); up !== '/'; up = parentOf(up)) yield up;
}

/** A directory's path without its trailing slash; other paths as they are. */
export function withoutSlash(path: BytePath): BytePath {
  return path.length > 1 && path.endsWith('/') ? asBytes(path.slice(0, -1)) : path;
}

/** A path with a trailing slash. */
export function withSlash(path: BytePath): BytePath {
  return path.endsWith('/') ? path : asBytes(`${path}/`);
}
