/** Short names for the events, batches and lines of a dirty queue. */
import { asBytes as b } from '../../../src/core/bytes.js';
import type { DirtyBatch, DirtyInput, Retry } from '../../../src/core/dirty-batch.js';
import { DirtyQueue } from '../../../src/core/dirty.js';
import type { FsEvent, Millis } from '../../../src/core/event.js';

/** `Create f`, `Delete d/`, `Move f g`, `Full`: what a queue takes in; the slash paths begin with is left out. */
export function event(text: string): DirtyInput {
  const [kind, path, path2] = text.split(' ') as [FsEvent['kind'] | 'Init' | 'Full', string?, string?];
  if (kind === 'Init' || kind === 'Full') return { kind };
  if (kind === 'Move') return { kind, path: b(`/${path!}`), path2: b(`/${path2!}`) };
  return { kind, path: b(`/${path!}`) };
}

/** Whether something may be deleted. */
export const may = { mayDelete: true };
export const mayNot = { mayDelete: false };

/** A queue without delay, with events in which everything may be deleted. */
export function queueOf(...events: readonly string[]): DirtyQueue {
  const queue = new DirtyQueue();
  for (const each of events) queue.enter(event(each), 0, may);
  return queue;
}

/** What waits: `Modify f`, `Move f g`. */
export const lines = (queue: DirtyQueue): string[] =>
  [...queue].map(({ etype, path, path2 }) =>
    [etype, path.slice(1), ...(path2 === undefined ? [] : [path2.slice(1)])].join(' ').trim(),
  );
export const states = (queue: DirtyQueue): string[] =>
  [...queue].map(({ status, path }) => `${status} ${path.slice(1)}`);

/** A batch: moves as `f>g`, deep paths as `d/**`; what may not be deleted with a `!`. */
export const shown = (batch: DirtyBatch | undefined): string[] => [
  ...(batch?.moves ?? []).map(
    ({ from, to, mayDelete }) => `${from.slice(1)}>${to.slice(1)}${mayDelete ? '' : '!'}`,
  ),
  ...(batch?.paths ?? []).map(
    ({ path, deep, mayDelete }) => `${path.slice(1)}${deep ? '**' : ''}${mayDelete ? '' : '!'}`,
  ),
];
export const taken = (queue: DirtyQueue, now: Millis = 0): string[] => shown(queue.takeBatch(now));
export const retry: Retry = (tries, verdict) => 1_000 * tries + (verdict === 'failed' ? 50_000 : 0);
