/** Relative paths as events name them: a leading slash, a directory with or without a trailing one. */
import { asBytes, type BytePath, type ByteString } from '../core/bytes.js';

export const root = asBytes('/');

/** `/a/b/` → `/a/b`; `/` stays. */
export function plain(path: BytePath): BytePath {
  return path.length > 1 && path.endsWith('/') ? asBytes(path.slice(0, -1)) : path;
}

/** `/a/b` → `/a/b/`; `/` stays. */
export function asDirectory(path: BytePath): BytePath {
  return path.endsWith('/') ? path : asBytes(`${path}/`);
}

/** A name in a directory. */
export function below(dir: BytePath, name: ByteString): BytePath {
  return asBytes(asDirectory(dir) + name);
}

/** `/a/b/` → `/a`, `/a` → `/`. */
export function parentOf(path: BytePath): BytePath {
  const bare = plain(path);
  return asBytes(bare.slice(0, Math.max(1, bare.lastIndexOf('/'))));
}

/** `/a/b/` → `b`. */
export function nameOf(path: BytePath): ByteString {
  const bare = plain(path);
  return asBytes(bare.slice(bare.lastIndexOf('/') + 1));
}

/** `/a/b` → `a`, `b`. */
export function partsOf(path: BytePath): ByteString[] {
  return path
    .split('/')
    .filter((part) => part !== '')
    .map(asBytes);
}

/** Every directory above a path, the nearest first, with trailing slashes, without the root. */
export function* above(path: BytePath): Generator<BytePath> {
  for (let dir = parentOf(path); dir !== '/'; dir = parentOf(dir)) yield asDirectory(dir);
}
