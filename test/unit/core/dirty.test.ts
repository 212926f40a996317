import { describe, expect, it } from 'vitest';
import { asBytes as b } from '../../../src/core/bytes.js';
import { DirtyQueue } from '../../../src/core/dirty.js';
import { event, lines, may, mayNot, queueOf, retry, shown, states, taken } from './dirty-shorthand.js';

describe('events become marks', () => {
  it.each<[string, string]>([
    ['Create f; Modify f; Modify f; Attrib f', 'f'],
    ['Create f; Modify f; Delete f', 'f'],
    ['Delete f; Create f', 'f'],
    ['Create d/; Create d/f; Modify d/f', 'd/; d/f'],
    ['Delete d/', 'd/**'],
    ['Modify d/f; Delete d/g; Delete d/', 'd/**'],
    ['Delete d/; Create d/; Create d/f', 'd/**'],
    ['Modify f; Create f/', 'f; f/'],
    ['Modify d/f; Modify dd/f; Delete d/', 'dd/f; d/**'],
  ])('%s: %s', (events, paths) => {
    expect(taken(queueOf(...events.split('; ')))).toEqual(paths.split('; '));
  });

  it('a mark shows its latest event', () => {
    expect(lines(queueOf('Create f', 'Modify f'))).toEqual(['Modify f']);
  });

  it('what may not be deleted stays so, until something may', () => {
    const queue = queueOf();
    for (const path of ['f', 'g', 'd/']) queue.enter(event(`Delete ${path}`), 0, mayNot);
    queue.enter(event('Delete g'), 0, may);
    expect(taken(queue)).toEqual(['f!', 'g', 'd/**!']);
  });

  it('a deep mark covers what comes below it, unless that would leave something undeleted', () => {
    const queue = queueOf();
    queue.enter(event('Delete d/'), 0, mayNot);
    queue.enter(event('Modify d/f'), 0, mayNot);
    expect(lines(queue)).toEqual(['Delete d/']);
    queue.enter(event('Delete d/f'), 0, may);
    expect(taken(queue)).toEqual(['d/**!', 'd/f']);
    const other = queueOf('Delete d/f');
    other.enter(event('Delete d/'), 0, mayNot);
    expect(taken(other)).toEqual(['d/**']);
  });
});

describe('a move', () => {
  it.each<[string, string]>([
    ['Move f g', 'f>g'],
    ['Move d/ e/', 'd/>e/'],
    // Its origin is in doubt.
    ['Modify f; Move f g', 'f; g'],
    ['Delete d/; Move d/ e/', 'd/**; e/**'],
    ['Delete d/; Move d/f g', 'd/**; g'],
    // Where it goes is in doubt; a file it replaces does not matter.
    ['Modify g; Move f g', 'f>g'],
    ['Delete e/; Move d/ e/', 'e/**; d/**'],
    ['Delete e/; Move f e/f', 'e/**; f'],
    ['Create e/x; Move d/ e/', 'd/**; e/**'],
    // What is in doubt in a directory goes along.
    ['Modify d/f; Move d/ e/', 'd/>e/; e/f'],
    ['Attrib d/; Modify d/x/f; Move d/ e/d/', 'd/>e/d/; e/d/; e/d/x/f'],
    ['Modify d; Move d/ e/', 'd; d/**; e/**'],
    // Moves in a row.
    ['Move f g; Modify g', 'f>g; g'],
    ['Move f g; Delete g', 'f>g; g'],
    ['Move f g; Create f', 'f>g; f'],
    ['Move d/ e/; Move x e/x', 'd/>e/; x>e/x'],
    ['Move a t; Move b a; Move t b', 'a>t; b>a; t>b'],
    // Wrong events.
    ['Move d/ d/e/', 'd/**'],
  ])('%s: %s', (events, work) => {
    expect(taken(queueOf(...events.split('; ')))).toEqual(work.split('; '));
  });

  it.each<[string, string]>([
    ['Move f g; Move g h', 'f>h; g'],
    ['Move f g; Move g f', 'g'],
    ['Move d/ e/; Move e/ x/', 'd/>x/; e/**'],
    ['Move f g; Move x y; Move g h', 'f>h; x>y; g'],
    // Others in between build on the middle.
    ['Move d/ e/; Move x e/x; Move e/ y/', 'd/>e/; x>e/x; e/>y/'],
    ['Move f g; Move h i; Move g h', 'f>g; h>i; g>h'],
  ])('through a place in between, %s: %s', (events, work) => {
    expect(taken(queueOf(...events.split('; ')))).toEqual(work.split('; '));
  });

  it('of what is worked on, or was just now, is looked at at both ends', () => {
    for (const worked of ['Modify f', 'Modify d/x', 'Move f y', 'Move y f']) {
      const queue = queueOf(worked);
      const batch = queue.takeBatch(0)!;
      const move = event(worked.includes('d/x') ? 'Move d/ e/' : 'Move f g');
      queue.enter(move, 0, may);
      expect(lines(queue).slice(-2)).not.toContain('Move f g');
      expect(lines(queue).filter((line) => line.startsWith('Move'))).toEqual(
        worked.startsWith('Move') ? [worked] : [],
      );
      queue.finish(batch, [], 1_000, retry);
      queue.takeBatch(5_000);
    }
    const queue = queueOf('Modify f');
    queue.finish(queue.takeBatch(0)!, [], 1_000, retry);
    queue.enter(event('Move f g'), 1_099, may);
    expect(lines(queue)).toEqual(['Delete f', 'Create g']);
    const later = queueOf('Modify f');
    later.finish(later.takeBatch(0)!, [], 1_000, retry);
    later.enter(event('Move f g'), 1_100, may);
    expect(lines(later)).toEqual(['Move f g']);
  });

  it('keeps its leave to delete', () => {
    const queue = queueOf();
    queue.enter(event('Move f g'), 0, mayNot);
    expect(taken(queue)).toEqual(['f>g!']);
  });
});

describe('what is ready', () => {
  const waiting = () => {
    const queue = new DirtyQueue({ delay: 2_000 });
    queue.enter(event('Modify f'), 0, may);
    queue.enter(event('Modify g'), 500, may);
    queue.enter(event('Move x y'), 700, may);
    return queue;
  };

  it('is what has the earliest alarm, once that has come', () => {
    const queue = waiting();
    expect(queue.firstReady(1_999, 100)).toBeUndefined();
    expect(queue.nextAlarm(1_999, 100)).toBe(2_000);
    expect(queue.firstReady(2_000, 100)).toEqual({ etype: 'Modify', seq: expect.any(Number) as number });
    expect(queue.nextAlarm(2_000, 100)).toBeUndefined();
    expect(taken(queue, 2_499)).toEqual(['f']);
    expect(queue.nextAlarm(2_499, 100)).toBe(2_500);
    expect(taken(queue, 2_600)).toEqual(['g']);
    expect(queue.firstReady(2_700, 100)?.etype).toBe('Move');
  });

  it('comes before its alarm in a queue of maxDelays', () => {
    expect(waiting().firstReady(0, 4)).toBeUndefined();
    expect(waiting().firstReady(0, 3)).toBeDefined();
  });

  it('with all of them, alarms aside', () => {
    expect(shown(waiting().takeBatch(2_000, { all: true }))).toEqual(['x>y', 'f', 'g']);
  });

  it('keeps the first event’s alarm, whatever comes later', () => {
    const queue = waiting();
    queue.enter(event('Modify f'), 1_900, may);
    expect(queue.nextAlarm(1_900, 100)).toBe(2_000);
  });

  it('at most as many as wanted', () => {
    const queue = queueOf('Modify a', 'Modify b', 'Move x y', 'Modify c');
    expect(shown(queue.takeBatch(0, { limit: 2 }))).toEqual(['x>y', 'a']);
    expect(shown(queue.takeBatch(0, { limit: 2 }))).toEqual(['b', 'c']);
    expect(queue.takeBatch(0)).toBeUndefined();
  });

  it('not what touches a move left behind', () => {
    const queue = queueOf('Move d/ e/', 'Move x y', 'Modify e/f', 'Modify z', 'Modify d/');
    expect(shown(queue.takeBatch(0, { limit: 1 }))).toEqual(['d/>e/']);
    expect(shown(queue.takeBatch(0))).toEqual(['x>y', 'z']);
    const other = new DirtyQueue({ delay: 1_000 });
    other.enter(event('Move f g'), 500, may);
    other.enter(event('Modify g'), 0, may);
    expect(shown(other.takeBatch(1_000))).toEqual([]);
    expect(shown(other.takeBatch(1_500))).toEqual(['f>g', 'g']);
  });

  it('not what touches what is worked on', () => {
    const queue = queueOf('Modify d/f');
    const batch = queue.takeBatch(0)!;
    for (const each of ['Modify d/f', 'Attrib d/', 'Modify d/g', 'Move u d/v'])
      queue.enter(event(each), 0, may);
    expect(states(queue)).toEqual(['active d/f', 'wait u', 'block d/f', 'block d/', 'wait d/g']);
    expect(taken(queue)).toEqual(['u>d/v', 'd/g']);
    queue.finish(batch, [], 0, retry);
    expect(states(queue)).toContain('wait d/f');
  });
});

describe('the queue', () => {
  it('while fading drops everything no action works on', () => {
    const queue = queueOf('Modify f', 'Move x y');
    const batch = queue.takeBatch(0)!;
    for (const each of ['Modify g', 'Move u v', 'Full']) queue.enter(event(each), 0, may);
    queue.cancelWaiting();
    expect(states(queue)).toEqual(['active x', 'active f']);
    queue.finish(batch, [], 0, retry);
    const running = queueOf('Modify f', 'Init');
    running.startFull();
    running.enter(event('Modify g'), 0, may);
    running.cancelWaiting();
    expect(states(running)).toEqual(['active ']);
    running.finishFull([{ verdict: 'again' }], 0, retry);
    expect(lines(running)).toEqual(['Init']);
  });

  it('has a version that grows with every change', () => {
    const queue = queueOf();
    const seen = [queue.version];
    const note = () => seen.push(queue.version);
    queue.enter(event('Modify f'), 0, may);
    note();
    const batch = queue.takeBatch(0)!;
    note();
    queue.finish(batch, [], 0, retry);
    note();
    queue.enter(event('Full'), 0, may);
    note();
    queue.startFull();
    note();
    queue.finishFull([], 0, retry);
    note();
    queue.cancelWaiting();
    note();
    expect(new Set(seen).size).toBe(seen.length);
    queue.firstReady(0, 1);
    queue.nextAlarm(0, 1);
    expect(queue.takeBatch(0)).toBeUndefined();
    expect(queue.version).toBe(seen.at(-1));
  });

  it('takes an event at a cost of its depth, whatever its length', () => {
    const filled = (count: number) =>
      queueOf(...Array.from({ length: count }, (_, i) => `Modify d${i % 100}/f${i}`));
    const cost = (queue: DirtyQueue, text: string) => {
      const before = queue.visits;
      queue.enter(event(text), 0, may);
      return queue.visits - before;
    };
    const [small, big] = [filled(100), filled(20_000)];
    for (const text of ['Modify d1/f1', 'Modify d2/x', 'Move d4/ e4/', 'Move q d5/x', 'Delete q'])
      expect([text, cost(big, text)]).toEqual([text, cost(small, text)]);
  });

  it('finds the earliest alarm among many that changed', () => {
    const queue = new DirtyQueue({ delay: 1_000 });
    const name = (i: number) => b(`/f${i}`);
    for (let i = 0; i < 300; i++) queue.enter({ kind: 'Modify', path: name(i) }, i, may);
    for (let round = 0; round < 3; round++) {
      const now = 10_000 * (round + 1);
      const failures = Array.from({ length: 300 }, (_, i) => ({ path: name(i), verdict: 'again' as const }));
      queue.finish(queue.takeBatch(now)!, failures, now, () => now + 5_000);
      for (let i = 0; i < 300; i++) queue.enter({ kind: 'Modify', path: name(i) }, now + 300 - i, may);
      expect(queue.nextAlarm(now, 10_000)).toBe(now + 1_001);
    }
    expect(queue.length).toBe(300);
  });
});
