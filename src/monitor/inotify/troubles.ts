import { asBytes, fromText, toText, type BytePath } from '../../core/bytes.js';
import { LsyncdError } from '../../core/errors.js';
import { errnoText } from '../../sys/errno.js';
import type { Interests } from './interests.js';
import { instanceLimit, watchLimit } from './limits.js';
import type { Outbox } from './outbox.js';

/** Errors of a directory that is there no more, or is none any more. */
const vanished = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

/** Errors of a system that has no more of something: watches, descriptors, memory. */
const exhausted = new Set(['ENOSPC', 'EMFILE', 'ENFILE', 'ENOMEM']);

const deniedRemedy = 'give its user read and search permission (chmod u+rx), or exclude it';

/** What becomes of directories that can't be watched or read: an error at the start, a warning later. */
export class Troubles {
  private limitTold = false;
  /** Roots of which it has been told that not everything is watched. */
  private readonly unwatched = new Set<number>();
  /** Directories that have been warned of and could not be watched since. */
  private readonly denied = new Set<BytePath>();

  constructor(
    private readonly interests: Interests,
    private readonly outbox: Outbox,
  ) {}

  /**
   * It may be there, or be open to us, later: gone meanwhile (a notification tells, or has told, where), or its rights
   * or those of a directory above do not let us in.
   */
  mayCome(error: NodeJS.ErrnoException): boolean {
    return vanished.has(error.code ?? '') || error.code === 'EACCES';
  }

  /**
   * A directory below a root can't be watched or read: a warning. For want of watches or the like its root is reported
   * as not watched whole.
   */
  refused(path: BytePath, error: NodeJS.ErrnoException): void {
    if (vanished.has(error.code ?? '')) return;
    if (exhausted.has(error.code ?? '')) this.lacking(path);
    if (error.code === 'ENOSPC') {
      // Counting walks all trees.
      if (this.limitTold) return;
      this.limitTold = true;
      this.warn(path, fromText(watchLimit(path, this.interests.all()).shown));
      return;
    }
    if (this.denied.has(path)) return;
    this.denied.add(path);
    const polled = exhausted.has(error.code ?? '');
    const line = `cannot watch ${path}: ${errnoText(error)}: changes in it are ${polled ? 'found by comparing only' : 'not seen'}`;
    this.warn(path, error.code === 'EACCES' ? `${line}; ${deniedRemedy}` : line);
  }

  /** It can be watched or read. */
  allowed(path: BytePath): void {
    this.denied.delete(path);
  }

  /** A source that can't be watched at the start. */
  noSource(path: BytePath, cause: NodeJS.ErrnoException): LsyncdError {
    if (cause.code === 'ENOSPC') return watchLimit(path, this.interests.all());
    if (cause.code === 'EMFILE') return instanceLimit(cause);
    return new LsyncdError(
      'LSY_NO_SOURCE',
      `cannot watch ${toText(path)}: ${errnoText(cause)}`,
      'check the source directory',
      { cause },
    );
  }

  private lacking(path: BytePath): void {
    for (const { id, source, subdirs } of this.interests.all()) {
      if (!path.startsWith(source) || (!subdirs && path !== source) || this.unwatched.has(id)) continue;
      this.unwatched.add(id);
      this.outbox.report({ kind: 'unwatched', id });
    }
  }

  private warn(path: BytePath, message: string): void {
    for (const { id, source } of this.interests.all()) {
      if (!path.startsWith(source)) continue;
      this.outbox.report({ kind: 'warning', id, path, message: asBytes(message) });
      return;
    }
  }
}
