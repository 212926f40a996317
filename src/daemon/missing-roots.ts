import { readdirSync } from 'node:fs';
import type { BytePath } from '../core/bytes.js';
import type { Millis } from '../core/event.js';
import { identityOf } from '../monitor/inotify/identity.js';
import { toBuffer } from '../sys/bytes.js';

/** First and longest time between two looks. */
const firstLook: Millis = 1_000;
const longestWait: Millis = 10_000;

export interface MissingRootsParts {
  readonly source: (id: number) => BytePath;
  /** Watches it again. */
  readonly watch: (id: number) => Promise<void>;
  /** It is watched again. */
  readonly back: (id: number) => void;
}

/**
 * Sources that have gone (deleted, moved away, unmounted): looks for them until they are back. An empty directory
 * does not count: where a file system was mounted, its mount point is left, and a comparison with it would delete
 * everything at the target.
 */
export class MissingRoots {
  private readonly timers = new Map<number, NodeJS.Timeout | undefined>();
  /** Which directories the sources were when they were last watched. */
  private readonly identities = new Map<number, string | undefined>();
  private stopped = false;

  constructor(private readonly parts: MissingRootsParts) {}

  has(id: number): boolean {
    return this.timers.has(id);
  }

  /** It is watched now. */
  watched(id: number): void {
    this.identities.set(id, identityOf(this.parts.source(id)));
  }

  /**
   * Is the directory that is watched still at its path? The monitor will tell, but what starts until then would be
   * told by an empty mount point, or by another file system, that everything is to be deleted.
   */
  stands(id: number): boolean {
    const known = this.identities.get(id);
    const now = known === undefined ? undefined : identityOf(this.parts.source(id));
    return now === undefined || now === known;
  }

  /** A root has gone. */
  add(id: number): void {
    if (!this.stopped && !this.timers.has(id)) this.later(id, firstLook);
  }

  stop(): void {
    this.stopped = true;
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }

  private later(id: number, wait: Millis): void {
    this.timers.set(
      id,
      setTimeout(() => void this.look(id, wait), wait),
    );
  }

  private async look(id: number, wait: Millis): Promise<void> {
    if (hasContent(this.parts.source(id))) {
      try {
        await this.parts.watch(id);
        if (this.stopped) return;
        this.timers.delete(id);
        this.watched(id);
        this.parts.back(id);
        return;
      } catch {
        // Gone again, or not to be watched yet.
      }
    }
    if (!this.stopped) this.later(id, Math.min(longestWait, wait * 2));
  }
}

/** Is there anything in a directory? No, when it cannot be read. */
export function hasContent(source: BytePath): boolean {
  try {
    return readdirSync(toBuffer(source)).length > 0;
  } catch {
    return false;
  }
}
