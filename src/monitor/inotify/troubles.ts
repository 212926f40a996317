import { asBytes, fromText, toText, type BytePath } from '../../core/bytes.js';
import { LsyncdError } from '../../core/errors.js';
import { errnoText } from '../../sys/errno.js';
import type { Interests } from './interests.js';
import { instanceLimit, watchLimit } from './limits.js';
import type { Outbox } from './outbox.js';

/** Errors of a directory that is there no more, or is none any more. */
const vanished = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

/** What becomes of directories that can't be watched or read: an error at the start, a warning later. */
export class Troubles {
  private limitTold = false;

  constructor(
    private readonly interests: Interests,
    private readonly outbox: Outbox,
  ) {}

  /** True when the directory has gone meanwhile: a notification tells, or has told, where. */
  isVanished(error: NodeJS.ErrnoException): boolean {
    return vanished.has(error.code ?? '');
  }

  /**
   * A directory can't be watched or read.
   * @param starting the first watches are being set: limits of the kernel end it
   * @throws LsyncdError LSY_WATCH_LIMIT
   */
  refused(path: BytePath, error: NodeJS.ErrnoException, starting: boolean): void {
    if (this.isVanished(error)) return;
    if (error.code === 'ENOSPC') {
      // Counting walks all trees: once per burst.
      if (!starting && this.limitTold) return;
      this.limitTold = true;
      const limit = watchLimit(path, this.interests.all());
      if (starting) throw limit;
      this.warn(path, `${fromText(limit.shown)}: changes in it are not seen`);
      return;
    }
    this.warn(path, `cannot watch ${path}: ${errnoText(error)}: changes in it are not seen`);
  }

  /** A source that can't be watched at the start. */
  noSource(path: BytePath, cause: NodeJS.ErrnoException): LsyncdError {
    if (cause.code === 'EMFILE') return instanceLimit(cause);
    return new LsyncdError(
      'LSY_NO_SOURCE',
      `cannot watch ${toText(path)}: ${errnoText(cause)}`,
      'check the source directory',
      { cause },
    );
  }

  /** The burst is over: the next trouble is worth a warning again. */
  quiet(): void {
    this.limitTold = false;
  }

  private warn(path: BytePath, message: string): void {
    for (const { id, source } of this.interests.all()) {
      if (!path.startsWith(source)) continue;
      this.outbox.report({ kind: 'warning', id, path, message: asBytes(message) });
      return;
    }
  }
}
