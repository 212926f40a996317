import { lstatSync } from 'node:fs';
import { allowsEmptySource, commandMaxDelete } from '../config/guards.js';
import type { ConfiguredSync } from '../config/sync.js';
import type { Settings } from '../config/settings.js';
import { asBytes, type BytePath, type ByteString } from '../core/bytes.js';
import type { Delay } from '../core/delay.js';
import { exceeds } from '../core/max-delete.js';
import type { DelayQueue } from '../core/queue.js';
import { isFunction } from '../lua/vm.js';
import type { DeletionLeave } from '../lua/objects/host.js';
import { toBuffer } from '../sys/bytes.js';
import { withoutSlash } from '../sys/fs-bytes.js';
import { DeletionGuard, type Released } from './deletion-guard.js';
import { hasContent } from './missing-roots.js';

/**
 * Deletions of a sync whose actions are commands (docs/reliability.md). Delete events are counted when an action is
 * about to start: more of them than `maxDelete`, and they leave the queue until somebody gives leave. What a single
 * event or a transfer of everything may delete is rsync's to count (`--max-delete`).
 */
export class CommandDeletions {
  readonly guard: DeletionGuard;
  /** Deletions are none of this sync's business. */
  private readonly never: boolean;
  /** The queue when its Delete events were last counted. */
  private counted = -1;

  constructor(
    private readonly sync: ConfiguredSync,
    settings: Settings,
    private readonly queue: DelayQueue,
    log: (category: string, text: string) => void,
  ) {
    const { name, source, config, targetText: target } = sync;
    this.guard = new DeletionGuard({
      ...{ name, source, target, log },
      most: commandMaxDelete(name, config, settings),
      allowEmptySource: allowsEmptySource(config, settings, true),
    });
    const action = config.get('action');
    const remove = config.get('delete');
    const layered = remove === undefined && isFunction(action) && action.isNative();
    this.never =
      remove === false || remove === asBytes('startup') || (layered && !isFunction(config.get('onDelete')));
  }

  /** What a transfer by rsync may delete now. */
  get leave(): DeletionLeave {
    const { guard } = this;
    if (guard.reason !== undefined) return { delete: false };
    const { limit } = guard;
    return limit === undefined ? { delete: true } : { delete: true, most: limit.most.most + limit.allowed };
  }

  /** Before an action: takes Delete events out of the queue when they are too many, or others wait already. */
  sift(): void {
    const { queue, guard } = this;
    const { limit } = guard;
    if (limit === undefined || this.never || this.counted === queue.version) return;
    if (!exceeds(limit, queue.length, 0)) return;
    const deletes = [...queue].filter(({ etype, status }) => etype === 'Delete' && status !== 'active');
    if (exceeds(limit, deletes.length, 0)) {
      guard.hold(
        { reason: 'maxDelete', count: deletes.length, paths: deletes.map(({ path }) => path) },
        false,
      );
      for (const delay of deletes) queue.discard(delay);
    }
    this.counted = queue.version;
  }

  /** rsync has stopped deleting, and left so many. @param delays what it was started for */
  stopped(delays: readonly Delay[], isList: boolean, left: number): void {
    const paths = isList
      ? delays.filter(({ etype, path }) => etype === 'Delete' || !this.isThere(path)).map(({ path }) => path)
      : [];
    this.guard.hold({ reason: 'maxDelete', count: left, paths }, paths.length === 0);
  }

  /** An action has succeeded. */
  done(delays: readonly Delay[]): void {
    const deletions = delays.filter(({ etype }) => etype === 'Delete').length;
    this.guard.spent(deletions, this.queue.length === 0);
  }

  /** True when the source is empty and must not empty its target: nothing is to be started for everything then. */
  waitsForContent(): boolean {
    const { guard, sync } = this;
    if (guard.allowsEmpty || hasContent(sync.source)) return false;
    if (guard.reason === undefined) guard.hold({ reason: 'empty source', count: 0, paths: [] }, true);
    return true;
  }

  /** Leave is given; what was to be deleted, as far as it has not come back. */
  permit(): Released | undefined {
    const released = this.guard.permit();
    return released && { ...released, paths: released.paths.filter((path) => !this.isThere(path)) };
  }

  /** What waits, for a successor after a reload. */
  waiting(): readonly BytePath[] {
    return this.guard.waiting().filter((path) => !this.isThere(path));
  }

  private isThere(path: BytePath): boolean {
    const file: ByteString = withoutSlash(asBytes(this.sync.source + path.slice(1)));
    return lstatSync(toBuffer(file), { throwIfNoEntry: false }) !== undefined;
  }
}
