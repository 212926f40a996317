/** Short names for the events and delays of a delay queue. */
import { asBytes as b } from '../../../src/core/bytes.js';
import type { Delay } from '../../../src/core/delay.js';
import type { FsEvent } from '../../../src/core/event.js';
import { DelayQueue, type EnterStep, type QueueInput } from '../../../src/core/queue.js';

/** `Create f`, `Delete d/`, `Move f g`: an event; names begin with the slash that is left out here. */
export function event(text: string): FsEvent {
  const [kind, path, path2] = text.split(' ') as [FsEvent['kind'], string, string?];
  if (kind === 'Move') return { kind, path: b(`/${path}`), path2: b(`/${path2!}`) };
  return { kind, path: b(`/${path}`) };
}

export const shown = ({ etype, path, path2 }: Delay): string =>
  [etype, path.slice(1), ...(path2 === undefined ? [] : [path2.slice(1)])].join(' ');

/** A queue with all events wanted, as most of the spec's observations were made with. */
export function queueOf(...events: readonly string[]): DelayQueue {
  const queue = new DelayQueue({ delay: 2_000, moves: true });
  for (const each of events) queue.enter(event(each), 0);
  return queue;
}

export const texts = (queue: Iterable<Delay>): string[] => [...queue].map(shown);
export const states = (queue: DelayQueue): string[] =>
  [...queue].map((delay) => `${delay.status} ${shown(delay)}`);
export const find = (queue: DelayQueue, text: string): Delay =>
  [...queue].find((delay) => shown(delay) === text)!;
export const whats = (steps: readonly EnterStep[]): string[] => steps.map(({ what }) => what);

/** What is about everything. */
export const whole: readonly QueueInput[] = [
  { kind: 'Init' },
  { kind: 'Blanket' },
  { kind: 'Full', path: b('/') },
];
