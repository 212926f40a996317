import { describe, expect, it } from 'vitest';
import { asBytes as b } from '../../../src/core/bytes.js';
import { event, lines, may, mayNot, queueOf, retry, states, taken } from './dirty-shorthand.js';

describe('a batch’s end', () => {
  it('with success leaves nothing', () => {
    const queue = queueOf('Modify f', 'Move x y');
    const batch = queue.takeBatch(0)!;
    expect([queue.length, states(queue)]).toEqual([2, ['active x', 'active f']]);
    queue.finish(batch, [], 0, retry);
    expect([queue.length, states(queue)]).toEqual([0, []]);
    queue.finish(batch, [{ verdict: 'again' }], 0, retry);
    expect(queue.length).toBe(0);
  });

  it('brings back what failed, with back-off', () => {
    const queue = queueOf('Modify f', 'Modify g', 'Delete d/');
    for (const tries of [1, 2, 3]) {
      const batch = queue.takeBatch(100_000 * tries)!;
      queue.finish(batch, [{ path: b('/f'), verdict: 'again' }], 0, retry);
      expect([...queue]).toMatchObject([{ status: 'wait', path: '/f', tries, alarm: 1_000 * tries }]);
    }
    const batch = queue.takeBatch(900_000)!;
    queue.finish(batch, [{ path: b('/f'), verdict: 'failed' }], 0, retry);
    expect([...queue]).toMatchObject([{ tries: 4, alarm: 54_000 }]);
  });

  it('keeps what failed waiting, however long the queue is', () => {
    const queue = queueOf('Modify f');
    queue.finish(queue.takeBatch(0)!, [{ path: b('/f'), verdict: 'again' }], 0, retry);
    expect(queue.firstReady(999, 1)).toBeUndefined();
    expect(queue.takeBatch(999, { all: true })).toBeUndefined();
    expect(queue.nextAlarm(999, 1)).toBe(1_000);
    expect(taken(queue, 1_000)).toEqual(['f']);
  });

  it('a new event is a reason to try sooner', () => {
    const queue = queueOf('Modify f');
    queue.finish(queue.takeBatch(0)!, [{ path: b('/f'), verdict: 'failed' }], 0, retry);
    queue.enter(event('Modify f'), 10, may);
    expect([...queue]).toMatchObject([{ tries: 1, alarm: 10 }]);
    expect(taken(queue, 10)).toEqual(['f']);
  });

  it('new permissions are a reason to try what failed sooner, and nothing else', () => {
    const queue = queueOf('Modify f', 'Modify g');
    const failure = [{ path: b('/f'), verdict: 'failed' as const }];
    queue.finish(queue.takeBatch(0)!, failure, 0, retry);
    const { version } = queue;
    queue.hurry(b('/g'), 10);
    queue.hurry(b('/other'), 10);
    expect([queue.version, ...queue]).toMatchObject([version, { path: '/f', tries: 1, alarm: 51_000 }]);
    queue.hurry(b('/f'), 10);
    expect(taken(queue, 10)).toEqual(['f']);
    expect(queue.version).toBeGreaterThan(version);
  });

  it('an event meanwhile and a failure are one mark again', () => {
    const queue = queueOf('Modify f');
    const batch = queue.takeBatch(0)!;
    queue.enter(event('Attrib f'), 0, may);
    queue.finish(batch, [{ path: b('/f'), verdict: 'again' }], 0, retry);
    expect([...queue]).toMatchObject([{ path: '/f', tries: 1, alarm: 1_000 }]);
  });

  it('a failure below a deep path comes back alone, deep when it is a directory', () => {
    const queue = queueOf('Delete d/', 'Delete e/', 'Modify f');
    const failures = ['/d/x/f', '/e/y/'].map((path) => ({ path: b(path), verdict: 'again' as const }));
    queue.finish(queue.takeBatch(0)!, failures, 0, retry);
    expect(taken(queue, 1_000)).toEqual(['d/x/f', 'e/y/**']);
    const careful = queueOf();
    careful.enter(event('Delete d/'), 0, mayNot);
    careful.finish(careful.takeBatch(0)!, [{ path: b('/d/x'), verdict: 'again' }], 0, retry);
    expect(taken(careful, 1_000)).toEqual(['d/x!']);
  });

  it('a failed move comes back as its ends, with moves that built on it', () => {
    const queue = queueOf('Move a t', 'Move b a', 'Move t b', 'Move d/ e/', 'Move u v');
    const failures = [
      { path: b('/a'), verdict: 'again' as const },
      { path: b('/e/sub/f'), verdict: 'failed' as const },
    ];
    queue.finish(queue.takeBatch(0)!, failures, 0, retry);
    expect(taken(queue, 60_000)).toEqual(['a', 't', 'b', 'd/**', 'e/**']);
  });

  it('a failed move takes later ones along that build on it, also when they are not of its batch', () => {
    const queue = queueOf('Move f c/f', 'Move c/ d/', 'Move u v');
    const batch = queue.takeBatch(0, { limit: 1 })!;
    queue.finish(batch, [{ path: b('/f'), verdict: 'again' }], 0, retry);
    expect(taken(queue, 1_000)).toEqual(['u>v', 'f', 'c/**', 'd/**']);
  });

  it('a failure of the whole brings everything back', () => {
    const queue = queueOf('Move x y', 'Modify f', 'Delete d/');
    queue.finish(queue.takeBatch(0)!, [{ verdict: 'again' }], 0, retry);
    expect(queue.nextAlarm(0, 100)).toBe(1_000);
    expect(taken(queue, 1_000)).toEqual(['x', 'y', 'f', 'd/**']);
  });
});

describe('a full run', () => {
  it.each(['Init', 'Full'])(
    '%s goes before what is pending, which stays, and what comes meanwhile waits',
    (kind) => {
      const queue = queueOf('Modify f', 'Move x y', kind, kind);
      expect([queue.length, queue.firstReady(0, 100)?.etype]).toEqual([3, kind]);
      expect(queue.takeBatch(0)).toBeUndefined();
      queue.startFull();
      expect(states(queue)).toEqual(['active ', 'block x', 'block f']);
      queue.enter(event('Modify g'), 0, may);
      queue.enter(event('Move h i'), 0, may);
      expect([queue.firstReady(0, 1), queue.nextAlarm(0, 1), queue.takeBatch(0)]).toEqual(
        Array(3).fill(undefined),
      );
      expect(queue.length).toBe(6);
      queue.finishFull([], 0, retry);
      // What was pending is looked at once more: size and time, which a comparison goes by, may not tell it.
      expect(taken(queue).sort()).toEqual(['f', 'g', 'h', 'i', 'x', 'y']);
    },
  );

  it('Init lets nothing begin before it, Full only when it is due', () => {
    const init = queueOf('Init', 'Modify f');
    expect(states(init)).toEqual(['wait ', 'block f']);
    const full = queueOf('Full', 'Modify f');
    full.startFull();
    full.finishFull([{ verdict: 'again' }], 0, retry);
    full.enter(event('Modify g'), 0, may);
    expect(full.firstReady(0, 100)?.etype).toBe('Modify');
    expect(taken(full)).toEqual(['f', 'g']);
  });

  it('waits for batches at work', () => {
    const queue = queueOf('Modify f');
    const batch = queue.takeBatch(0)!;
    queue.enter(event('Full'), 0, may);
    queue.enter(event('Modify g'), 0, may);
    expect([queue.firstReady(0, 1), queue.takeBatch(0), states(queue)[1]]).toEqual([
      undefined,
      undefined,
      'block ',
    ]);
    queue.startFull();
    expect(states(queue)).toEqual(['active f', 'block ', 'wait g']);
    queue.finish(batch, [], 0, retry);
    expect(queue.firstReady(0, 1)?.etype).toBe('Full');
  });

  it('that fails as a whole comes back with back-off, and what it covered stays', () => {
    const queue = queueOf('Modify f', 'Move x y', 'Init');
    for (const tries of [1, 2]) {
      queue.startFull();
      queue.finishFull([{ verdict: 'again' }, { path: b('/z'), verdict: 'again' }], 0, retry);
      expect([...queue][0]).toMatchObject({ etype: 'Init', status: 'wait', tries, alarm: 1_000 * tries });
      expect(queue.nextAlarm(0, 1)).toBe(1_000 * tries);
      expect(lines(queue).slice(1).sort()).toEqual(['Create y', 'Delete x', 'Modify f']);
    }
    queue.startFull();
    queue.finishFull([], 0, retry);
    expect(lines(queue).sort()).toEqual(['Create y', 'Delete x', 'Modify f']);
  });

  it('brings back single paths that failed, with its leave to delete', () => {
    const queue = queueOf();
    queue.enter(event('Full'), 0, mayNot);
    queue.startFull();
    const failures = ['/f', '/d/'].map((path) => ({ path: b(path), verdict: 'failed' as const }));
    queue.finishFull(failures, 0, retry);
    expect([...queue].map(({ alarm, tries }) => [alarm, tries])).toEqual([
      [51_000, 1],
      [51_000, 1],
    ]);
    expect(taken(queue, 51_000)).toEqual(['f!', 'd/**!']);
  });

  it('leaves every path in doubt for a while', () => {
    for (const [now, line] of [
      [1_099, 'Delete f'],
      [1_100, 'Move f g'],
    ] as const) {
      const queue = queueOf('Full');
      queue.startFull();
      queue.finishFull([], 1_000, retry);
      queue.enter(event('Move f g'), now, may);
      expect(lines(queue)[0]).toBe(line);
    }
  });

  it('does nothing where there is none', () => {
    const queue = queueOf('Modify f');
    queue.startFull();
    queue.finishFull([{ verdict: 'again' }], 0, retry);
    expect(states(queue)).toEqual(['wait f']);
  });
});
