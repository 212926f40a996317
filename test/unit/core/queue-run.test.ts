import { describe, expect, it } from 'vitest';
import { asBytes as b } from '../../../src/core/bytes.js';
import { DelayQueue, type QueueInput } from '../../../src/core/queue.js';
import { event, find, queueOf, states, texts, whole } from './delay-shorthand.js';

describe('Init, Blanket and Full', () => {
  it.each(whole)('$kind waits for everything older', (input) => {
    const queue = queueOf('Modify f', 'Modify g');
    const { delay } = queue.enter(input, 0);
    expect(delay.status).toBe('block');
    queue.finish([find(queue, 'Modify g')]);
    expect(delay.status).toBe('block');
    queue.finish([find(queue, 'Modify f')]);
    expect(delay.status).toBe('wait');
  });

  it.each(['Init', 'Blanket'] as const)('%s holds back everything later', (kind) => {
    const queue = queueOf();
    const first = queue.enter({ kind }, 0).delay;
    queue.enter(event('Modify f'), 0);
    queue.enter(event('Modify g'), 0);
    const second = queue.enter({ kind: 'Blanket' }, 0).delay;
    queue.enter(event('Modify i'), 0);
    expect([...queue].map(({ status }) => status)).toEqual(['wait', 'block', 'block', 'block', 'block']);
    queue.start([first]);
    queue.finish([first]);
    expect([...queue].map(({ status }) => status)).toEqual(['wait', 'wait', 'block', 'block']);
    queue.finish([find(queue, 'Modify f'), find(queue, 'Modify g')]);
    expect(second.status).toBe('wait');
    queue.finish([second]);
    expect(states(queue)).toEqual(['wait Modify i']);
  });

  it.each(whole)('$kind splits later moves: it will find what they have done already', (input) => {
    const queue = queueOf('Move a b');
    const { delay } = queue.enter(input, 0);
    expect(queue.enter(event('Move d/ e/'), 0).scan).toEqual(['/e/']);
    expect(texts(queue).slice(2)).toEqual(['Delete d/', 'Create e/']);
    queue.finish([...queue]);
    expect(delay.status).toBe('gone');
    queue.enter(event('Move f g'), 0);
    expect(texts(queue)).toEqual(['Move f g']);
  });

  it('Full and what comes later do not touch each other', () => {
    const queue = queueOf();
    queue.enter({ kind: 'Full', path: b('/') }, 0);
    queue.enter(event('Modify f'), 0);
    expect([...queue].map(({ status }) => status)).toEqual(['wait', 'wait']);
  });

  it('two Fulls of one path in a row are one, unless the first is active', () => {
    const queue = queueOf();
    const full: QueueInput = { kind: 'Full', path: b('/') };
    const { delay } = queue.enter(full, 0);
    expect(queue.enter(full, 0).delay).toBe(delay);
    expect(queue.enter({ kind: 'Full', path: b('/d/') }, 0).delay).not.toBe(delay);
    const last = queue.enter(full, 0).delay;
    queue.start([last]);
    queue.enter(full, 0);
    expect(queue.length).toBe(4);
  });
});

describe('what is ready', () => {
  it('is the oldest that waits, once its alarm has come', () => {
    const queue = queueOf('Modify f', 'Modify f2', 'Attrib f');
    expect(queue.firstReady(1_999, 1_000)).toBeUndefined();
    expect(queue.nextAlarm(1_999, 1_000)).toBe(2_000);
    expect(queue.firstReady(2_000, 1_000)).toBe(find(queue, 'Modify f'));
    expect(queue.nextAlarm(2_000, 1_000)).toBeUndefined();
    queue.start([find(queue, 'Modify f')]);
    expect(queue.firstReady(2_000, 1_000)).toBe(find(queue, 'Modify f2'));
    queue.start([find(queue, 'Modify f2')]);
    expect(queue.firstReady(2_000, 1_000)).toBeUndefined();
    expect(queue.nextAlarm(2_000, 1_000)).toBeUndefined();
  });

  it('comes before its alarm in a queue of maxDelays', () => {
    const queue = queueOf('Modify f', 'Modify g');
    expect(queue.firstReady(0, 3)).toBeUndefined();
    expect(queue.firstReady(0, 2)).toBe(find(queue, 'Modify f'));
  });

  it('is not what waits for a retry, however long the queue; others go on', () => {
    const queue = queueOf('Modify f', 'Modify g', 'Attrib f');
    const first = find(queue, 'Modify f');
    queue.start([first]);
    queue.again([first], 9_000);
    expect(first).toMatchObject({ status: 'wait', alarm: 9_000, tries: 1 });
    for (const maxDelays of [1, 1_000]) {
      expect(queue.firstReady(2_000, maxDelays)).toBe(find(queue, 'Modify g'));
      expect(texts(queue.getEvents(undefined, 2_000))).toEqual(['Modify g']);
    }
    queue.finish([find(queue, 'Modify g')]);
    expect(queue.firstReady(8_999, 1)).toBeUndefined();
    expect(queue.nextAlarm(8_999, 1)).toBe(9_000);
    expect(queue.firstReady(9_000, 1_000)).toBe(first);
    expect(texts(queue.getEvents(undefined, 9_000))).toEqual(['Modify f', 'Attrib f']);
  });

  it('is of what is due what has been due for longer: neither retries nor new events starve', () => {
    const queue = queueOf('Modify f', 'Modify g');
    const failing = find(queue, 'Modify f');
    queue.start([failing]);
    queue.again([failing], 3_000);
    expect(queue.firstReady(5_000, 1_000)).toBe(find(queue, 'Modify g'));
    queue.finish([find(queue, 'Modify g')]);
    queue.enter(event('Modify h'), 2_000);
    expect(queue.firstReady(5_000, 1_000)).toBe(failing);
  });

  it('can be every retry at once', () => {
    const queue = queueOf('Modify f', 'Modify g');
    const both = [find(queue, 'Modify f'), find(queue, 'Modify g')];
    queue.start(both);
    queue.again(both, (tries) => 10_000 * tries);
    queue.retryNow(3_000);
    expect(queue.firstReady(3_000, 1_000)).toBe(both[0]);
    expect(both.map(({ alarm }) => alarm)).toEqual([3_000, 3_000]);
    queue.start(both);
    queue.again(both, (tries) => 10_000 * tries);
    expect([queue.firstReady(19_999, 1_000), queue.nextAlarm(19_999, 1_000)]).toEqual([undefined, 20_000]);
  });

  it('is a Full behind what waits for a retry, but not behind a move that does', () => {
    for (const [text, status] of [
      ['Modify f', 'wait'],
      ['Move f g', 'block'],
    ] as const) {
      const queue = queueOf(text);
      const failing = find(queue, text);
      queue.start([failing]);
      const full = queue.enter({ kind: 'Full', path: b('/') }, 0).delay;
      expect(full.status).toBe('block');
      queue.again([failing], 9_000);
      expect(full.status).toBe(status);
    }
  });

  it('a storm of one failing path among many: it is tried at its alarms, the others once', () => {
    const queue = new DelayQueue({ delay: 0, moves: true });
    for (let i = 0; i < 3_000; i++) queue.enter(event(`Modify f${i}`), 0);
    const runs = new Map<string, number>();
    const before = queue.visits;
    let now = 0;
    while (now < 60_000) {
      const ready = queue.firstReady(now, 1_000);
      if (ready === undefined) {
        now = queue.nextAlarm(now, 1_000) ?? Infinity;
        continue;
      }
      runs.set(ready.path, (runs.get(ready.path) ?? 0) + 1);
      queue.start([ready]);
      now += 10;
      if (ready.path === '/f0') queue.again([ready], (tries) => now + 1_000 * 2 ** (tries - 1));
      else queue.finish([ready]);
    }
    expect(runs.get('/f0')).toBe(5);
    expect(runs.size).toBe(3_000);
    expect([...runs.values()].filter((count) => count !== 1)).toHaveLength(1);
    expect(queue.visits - before).toBeLessThan(3_100 * 5);
  });
});

describe('a list', () => {
  it('holds all that waits, with what is only behind others of the list', () => {
    const queue = queueOf('Create d/', 'Create d/f', 'Modify d/f', 'Modify g');
    expect(texts(queue.getEvents())).toEqual(['Create d/', 'Create d/f', 'Modify d/f', 'Modify g']);
  });

  it('leaves out what is behind an active or refused delay', () => {
    const queue = queueOf('Create d/', 'Create d/f', 'Modify g', 'Attrib g', 'Move h i', 'Modify i');
    queue.start([find(queue, 'Create d/')]);
    const noMoves = queue.getEvents(({ etype }) => etype !== 'Move');
    expect(texts(noMoves)).toEqual(['Modify g', 'Attrib g']);
  });

  it('ends before what the test breaks at', () => {
    const queue = queueOf('Modify f', 'Modify g', 'Modify h');
    expect(texts(queue.getEvents(({ path }) => (path === '/g' ? 'break' : true)))).toEqual(['Modify f']);
  });

  it('goes past a Full, not past an active Init', () => {
    const queue = queueOf();
    const init = queue.enter({ kind: 'Init' }, 0).delay;
    queue.enter(event('Modify f'), 0);
    queue.start([init]);
    expect(queue.getEvents()).toEqual([]);
    queue.finish([init]);
    expect(texts(queue.getEvents())).toEqual(['Modify f']);
  });

  it('that is done again comes back in its order, blocked as before', () => {
    const queue = queueOf('Create d/', 'Create d/f');
    const list = queue.getEvents();
    queue.start(list);
    queue.again(list, 5_000);
    expect(states(queue)).toEqual(['wait Create d/', 'block Create d/f']);
    queue.start(list);
    queue.finish(list);
    expect([queue.length, list.map(({ status }) => status)]).toEqual([0, ['gone', 'gone']]);
  });
});

describe('leaving', () => {
  it('frees what was blocked, only then', () => {
    const queue = queueOf('Modify d/f', 'Modify d/g', 'Delete d/', 'Create d/');
    queue.finish([find(queue, 'Modify d/f')]);
    expect(find(queue, 'Delete d/').status).toBe('block');
    queue.discard(find(queue, 'Modify d/g'));
    expect(states(queue)).toEqual(['wait Delete d/', 'block Create d/']);
    queue.finish([find(queue, 'Delete d/')]);
    expect(states(queue)).toEqual(['wait Create d/']);
  });

  it('a turned move goes on blocking at its destination', () => {
    const queue = queueOf('Move f g', 'Create g');
    expect(states(queue)).toEqual(['wait Delete f', 'block Create g']);
    queue.finish([find(queue, 'Delete f')]);
    expect(states(queue)).toEqual(['wait Create g']);
  });

  it('twice does nothing, and neither does work on what has gone', () => {
    const queue = queueOf('Modify f', 'Modify g');
    const gone = find(queue, 'Modify f');
    queue.finish([gone]);
    const before = queue.version;
    queue.finish([gone]);
    queue.discard(gone);
    expect(queue.version).toBe(before);
    queue.start([gone]);
    queue.again([gone], 0);
    expect([queue.length, gone.status]).toEqual([1, 'gone']);
  });

  it('is impossible for a delay of nobody', () => {
    const stranger = { ...find(queueOf('Modify f'), 'Modify f') };
    expect(() => queueOf().discard(stranger)).toThrow('not a delay');
  });

  it('while fading leaves only what actions work on', () => {
    const queue = queueOf('Modify f', 'Modify g', 'Attrib g');
    queue.start([find(queue, 'Modify g')]);
    queue.cancelWaiting();
    expect(states(queue)).toEqual(['active Modify g']);
  });
});

describe('the version', () => {
  it('grows with every change and stays otherwise', () => {
    const queue = queueOf();
    const versions = [queue.version];
    const note = () => versions.push(queue.version);
    const { delay } = queue.enter(event('Modify f'), 0);
    note();
    queue.start([delay]);
    note();
    queue.again([delay], 5);
    note();
    queue.finish([delay]);
    note();
    expect(new Set(versions).size).toBe(versions.length);
    queue.firstReady(0, 1);
    queue.getEvents();
    queue.nextAlarm(0, 1);
    expect(queue.version).toBe(versions.at(-1));
  });
});

describe('the cost', () => {
  const name = (i: number) => `d${i % 100}/f${i}`;
  const filled = (count: number) => queueOf(...Array.from({ length: count }, (_, i) => `Modify ${name(i)}`));

  it('of entering depends on the depth, not on the length', () => {
    const cost = (queue: DelayQueue, text: string) => {
      const before = queue.visits;
      queue.enter(event(text), 0);
      return queue.visits - before;
    };
    const [small, big] = [filled(100), filled(20_000)];
    for (const text of ['Modify d1/x', 'Modify d7/f7', 'Delete d3/', 'Move d4/f4 d5/x', 'Move y z'])
      expect([text, cost(big, text)]).toEqual([text, cost(small, text)]);
  });

  it('of leaving is small for many behind one directory, in any order', () => {
    for (const last of [false, true]) {
      const queue = queueOf(
        'Create d/',
        ...Array.from({ length: 5_000 }, (_, i) => `Create d/f${i}`),
        'Delete d/',
      );
      const before = queue.visits;
      for (let done = 0; queue.length > 0; done++) {
        const ready = queue.getEvents(({ status }) => status === 'wait');
        queue.finish(last ? ready.reverse() : ready);
        expect(done).toBeLessThan(5);
      }
      expect(queue.visits - before).toBeLessThan(5_002 * 20);
    }
  });
});
