import type { BigIntStats } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { asBytes, type BytePath } from '../core/bytes.js';
import { toBuffer } from '../sys/bytes.js';
import { ancestorsOf, isCanonical, withoutSlash } from './keys.js';

/** A regular file, `link`: reached through a symlink. */
export interface LocalFile {
  readonly kind: 'file';
  readonly size: number;
  /** Whole seconds since 1970. */
  readonly mtime: number;
  readonly mtimeNs: bigint;
  readonly ino: bigint;
  readonly link: boolean;
}

/** What is skipped: a symlink that leads nowhere, or a thing that has no content. */
export type LocalOddity = { readonly kind: 'broken' } | { readonly kind: 'special'; readonly what: string };

/** What stands at a path. `dirlink`: a symlink to a directory. */
export type Local =
  | LocalFile
  | { readonly kind: 'dir' }
  | { readonly kind: 'dirlink' }
  | LocalOddity
  | { readonly kind: 'unreadable'; readonly code: string }
  | { readonly kind: 'gone' };

/** Which directory the source is. */
export interface RootIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** errno's name of a failed file system call. */
export function errnoOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'UNKNOWN';
}

/** True for errors that say there is nothing at the path. */
export function isGone(code: string): boolean {
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG';
}

/** True for errors that only a person can mend; others (EIO, EMFILE, ESTALE …) may pass. */
export function isDenied(code: string): boolean {
  return code === 'EACCES' || code === 'EPERM';
}

/** Absolute path of a path relative to the source, without a trailing slash (which would follow a link). */
export function absolute(source: BytePath, path: BytePath): BytePath {
  return asBytes(source + withoutSlash(path).slice(1));
}

function specialName(found: BigIntStats): string {
  if (found.isFIFO()) return 'named pipe';
  if (found.isSocket()) return 'socket';
  return 'device';
}

function regular(found: BigIntStats, link: boolean): LocalFile {
  const { size, mtimeNs, ino } = found;
  return { kind: 'file', size: Number(size), mtime: Number(mtimeNs / 1000000000n), mtimeNs, ino, link };
}

async function lookThroughLink(file: Buffer): Promise<Local> {
  try {
    const found = await stat(file, { bigint: true });
    if (found.isFile()) return regular(found, true);
    if (found.isDirectory()) return { kind: 'dirlink' };
    return { kind: 'special', what: specialName(found) };
  } catch (error) {
    const code = errnoOf(error);
    return isGone(code) || code === 'ELOOP' ? { kind: 'broken' } : { kind: 'unreadable', code };
  }
}

/** Looks at one path. The directories above it are taken as they are; see `createInside`. Never rejects. */
export async function look(source: BytePath, path: BytePath): Promise<Local> {
  const file = toBuffer(absolute(source, path));
  try {
    const found = await lstat(file, { bigint: true });
    if (found.isFile()) return regular(found, false);
    if (found.isDirectory()) return { kind: 'dir' };
    if (found.isSymbolicLink()) return await lookThroughLink(file);
    return { kind: 'special', what: specialName(found) };
  } catch (error) {
    const code = errnoOf(error);
    return isGone(code) ? { kind: 'gone' } : { kind: 'unreadable', code };
  }
}

/** The source directory itself; undefined when it is missing, unreadable or no directory. A link is followed. */
export async function rootIdentity(source: BytePath): Promise<RootIdentity | undefined> {
  try {
    const found = await stat(toBuffer(source), { bigint: true });
    return found.isDirectory() ? { dev: found.dev, ino: found.ino } : undefined;
  } catch {
    return undefined;
  }
}

/** Are two looks at the root looks at the same directory? */
export function sameRoot(one: RootIdentity, other: RootIdentity): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}

/** Is a directory empty? Unreadable counts as empty: nothing is known of what it holds. */
export async function isEmpty(source: BytePath): Promise<boolean> {
  try {
    return (await readdir(toBuffer(source), { encoding: 'latin1' })).length === 0;
  } catch {
    return true;
  }
}

/**
 * Looks at paths without following links out of the tree: something below a symlinked or vanished directory is
 * `gone`, whatever the link leads to. What is learned about directories is kept as long as the function is.
 */
export function createInside(source: BytePath): (path: BytePath) => Promise<Local> {
  const known = new Map<BytePath, Promise<Local>>();
  const directory = (dir: BytePath): Promise<Local> => {
    const seen = known.get(dir);
    if (seen !== undefined) return seen;
    const looked = look(source, dir);
    known.set(dir, looked);
    return looked;
  };
  return async (path) => {
    if (!isCanonical(path)) return { kind: 'gone' };
    for (const dir of [...ancestorsOf(path)].reverse()) {
      const above = await directory(dir);
      if (above.kind === 'unreadable') return above;
      if (above.kind !== 'dir') return { kind: 'gone' };
    }
    return look(source, path);
  };
}
