import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asBytes as b } from '../../../src/core/bytes.js';
import type { Delay } from '../../../src/core/delay.js';
import type { Millis } from '../../../src/core/event.js';
import { DelayQueue } from '../../../src/core/queue.js';
import { Scheduler, type Scheduled } from '../../../src/core/scheduler.js';
import { beginAgent, collectResult, Sync, type SyncSpec } from '../../../src/core/sync.js';

interface Made {
  readonly sync: Sync<DelayQueue>;
  readonly queue: DelayQueue;
  /** What the hooks were called with. */
  readonly calls: string[];
  /** Delays whose processes run. */
  readonly at: Delay[];
}

/** A sync whose action starts a process for one event. */
function make(spec: Partial<SyncSpec> = {}, action?: (made: Made) => void): Made {
  const queue = new DelayQueue({ moves: true, delay: spec.delay });
  const calls: string[] = [];
  const at: Delay[] = [];
  const begin = (delay: Delay) => {
    at.push(delay);
    beginAgent(made.sync, [delay]);
  };
  const hook = (name: string) => (delay: Delay) => {
    calls.push(`${name} ${delay.etype} ${delay.path}`);
    if (action === undefined || name !== 'action') begin(delay);
    else action(made);
  };
  const sync = new Sync(
    queue,
    { maxDelays: 1_000, maxProcesses: 1, ...spec },
    { init: hook('init'), full: hook('full'), action: hook('action') },
  );
  const made: Made = { sync, queue, calls, at };
  return made;
}

const modify = (made: Made, count: number, now: Millis = 0) => {
  for (let i = 0; i < count; i++) made.queue.enter({ kind: 'Modify', path: b(`/f${i}`) }, now);
};
const always = () => true;

describe('a sync', () => {
  it('calls the hook of what is ready: init, full or action', () => {
    const made = make({ maxProcesses: 5 });
    made.queue.enter({ kind: 'Init' }, 0);
    made.queue.enter({ kind: 'Modify', path: b('/f') }, 0);
    made.sync.run(0, always);
    expect(made.calls).toEqual(['init Init ']);
    collectResult(made.sync, made.at.splice(0), 'done', 0);
    made.queue.enter({ kind: 'Full', path: b('/') }, 0);
    made.sync.run(0, always);
    collectResult(made.sync, made.at.splice(0), 'done', 0);
    made.sync.run(0, always);
    expect(made.calls).toEqual(['init Init ', 'action Modify /f', 'full Full /']);
  });

  it('starts no more than maxProcesses, nor than there are slots', () => {
    const made = make({ maxProcesses: 3 });
    modify(made, 10);
    made.sync.run(0, () => made.at.length < 2);
    expect(made.sync.running).toBe(2);
    made.sync.run(0, always);
    expect(made.sync.running).toBe(3);
    expect(made.sync.hasSlot(0)).toBe(false);
    expect(made.sync.nextWake(0)).toBeUndefined();
    collectResult(made.sync, made.at.splice(0, 1), 'done', 0);
    expect(made.sync.hasSlot(0)).toBe(true);
    expect(made.sync.nextWake(0)).toBe(0);
  });

  it('wakes at the alarm of what comes first', () => {
    const made = make({ delay: 2_000 });
    expect(made.sync.nextWake(0)).toBeUndefined();
    modify(made, 2, 100);
    expect(made.sync.nextWake(500)).toBe(2_100);
    made.sync.run(2_099, always);
    expect(made.calls).toEqual([]);
    expect(made.sync.nextWake(2_100)).toBe(2_100);
    made.sync.run(2_100, always);
    expect(made.calls).toHaveLength(1);
  });

  it('does not ask a hook that does nothing again and again', () => {
    const made = make({}, () => undefined);
    modify(made, 3);
    for (const now of [0, 0, 500, 999]) made.sync.run(now, always);
    expect(made.calls).toHaveLength(1);
    expect(made.sync.nextWake(500)).toBe(1_000);
    made.sync.run(1_000, always);
    expect(made.calls).toHaveLength(2);
    // A change of the queue is a reason to ask at once.
    made.queue.enter({ kind: 'Modify', path: b('/new') }, 1_100);
    expect(made.sync.nextWake(1_100)).toBe(1_100);
    made.sync.run(1_100, always);
    expect(made.calls).toHaveLength(3);
  });

  it('goes on at once when a hook has dropped what was ready', () => {
    const made = make({}, ({ queue }) => queue.discard(queue.firstReady(0, 1_000)!));
    modify(made, 50);
    made.sync.run(0, always);
    expect([made.calls.length, made.queue.length]).toEqual([50, 0]);
  });
});

describe('what collect says', () => {
  it('done: the delays leave', () => {
    const made = make();
    modify(made, 1);
    made.sync.run(0, always);
    collectResult(made.sync, made.at, 'done', 0);
    expect([made.queue.length, made.sync.running]).toEqual([0, 0]);
  });

  it.each([
    [undefined, 1_000],
    [0, 1_000],
    [500, 1_000],
    [15_000, 15_000],
  ])('again, with a delay of %s: in %i ms, a second at least', (delay, wait) => {
    const made = make({ delay });
    modify(made, 1);
    made.sync.run(delay ?? 0, always);
    collectResult(made.sync, made.at, 'again', 100_000);
    expect(made.at[0]).toMatchObject({ status: 'wait', alarm: 100_000 + wait });
    expect(made.sync.nextWake(100_000)).toBe(100_000 + wait);
    expect(made.sync.retryAt(5)).toBe(5 + wait);
  });

  it('again at a time of its own', () => {
    const made = make();
    modify(made, 1);
    made.sync.run(0, always);
    collectResult(made.sync, made.at, 'again', 10, { alarm: () => 77_000 });
    expect(made.sync.nextWake(10)).toBe(77_000);
  });

  it('die: nothing is lost, and nothing more is started', () => {
    const made = make({ maxProcesses: 2 });
    modify(made, 2);
    made.sync.run(0, always);
    collectResult(made.sync, made.at.splice(0, 1), 'die', 0);
    expect([made.sync.hasSlot(1e9), made.queue.length]).toEqual([false, 2]);
    made.sync.run(100_000, always);
    expect(made.calls).toHaveLength(2);
    expect(made.sync.nextWake(100_000)).toBeUndefined();
  });

  it('suspend: what failed comes again, once the sync is resumed; the others go first', () => {
    const made = make();
    modify(made, 2);
    made.sync.run(0, always);
    collectResult(made.sync, made.at.splice(0), 'suspend', 0);
    expect([made.sync.hasSlot(999), made.sync.nextWake(0), made.queue.length]).toEqual([false, 1_000, 2]);
    made.sync.run(999, always);
    expect(made.calls).toHaveLength(1);
    made.sync.run(1_000, always);
    expect(made.calls).toEqual(['action Modify /f0', 'action Modify /f1']);
  });

  it('suspend again and again: longer each time, up to five minutes, until something succeeds', () => {
    const made = make();
    modify(made, 2);
    const waits: number[] = [];
    let now = 0;
    const fail = () => {
      made.sync.run(now, always);
      collectResult(made.sync, made.at.splice(0), 'suspend', now);
      waits.push(made.sync.resumeAt - now);
      now = Math.max(made.sync.resumeAt, made.queue.nextAlarm(made.sync.resumeAt, 1_000) ?? 0);
    };
    for (let i = 0; i < 11; i++) fail();
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((s) => s * 1_000));
    made.sync.run(now, always);
    collectResult(made.sync, made.at.splice(0), 'done', now);
    now += 300_000;
    fail();
    expect(waits.at(-1)).toBe(1_000);
  });

  it('starts nothing while it is held', () => {
    const made = make();
    modify(made, 1);
    made.sync.held = true;
    made.sync.run(0, always);
    expect([made.calls, made.sync.nextWake(0)]).toEqual([[], undefined]);
    made.sync.held = false;
    expect(made.sync.nextWake(0)).toBe(0);
  });
});

describe('the scheduler', () => {
  it('begins every cycle one sync further', () => {
    const order: string[] = [];
    const scheduled = (name: string): Scheduled => ({
      running: 0,
      run: () => void order.push(name),
      nextWake: () => undefined,
    });
    const scheduler = new Scheduler(['a', 'b', 'c'].map(scheduled), undefined);
    for (let i = 0; i < 4; i++) scheduler.cycle(0);
    expect(order.join('')).toBe('abcbcacababc');
  });

  it('shares a limit over all fairly', () => {
    const made = [make(), make(), make()];
    for (const each of made) modify(each, 30);
    const scheduler = new Scheduler(
      made.map(({ sync }) => sync),
      1,
    );
    for (let i = 0; i < 30; i++) {
      scheduler.cycle(i);
      expect(scheduler.running).toBe(1);
      expect(scheduler.nextWake(i)).toBeUndefined();
      for (const { sync, at } of made) if (at.length > 0) collectResult(sync, at.splice(0), 'done', i);
    }
    expect(made.map(({ calls }) => calls.length)).toEqual([10, 10, 10]);
  });

  it('never exceeds a limit, and starves nobody', () => {
    const step = fc.record({ sync: fc.nat(3), verdict: fc.constantFrom('done' as const, 'again' as const) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 1, max: 5 }), (steps, limit) => {
        const made = [1, 2, 3, 4].map((maxProcesses) => make({ maxProcesses }));
        for (const each of made) modify(each, 5);
        const scheduler = new Scheduler(
          made.map(({ sync }) => sync),
          limit,
        );
        let now = 0;
        const cycle = () => {
          scheduler.cycle(now);
          expect(scheduler.running).toBeLessThanOrEqual(limit);
          expect(scheduler.running).toBe(made.reduce((sum, { at }) => sum + at.length, 0));
          for (const { sync, at } of made) expect(at.length).toBe(sync.running);
        };
        for (const { sync, verdict } of steps) {
          cycle();
          const { sync: its, at } = made[sync]!;
          if (at.length > 0) collectResult(its, at.splice(0, 1), verdict, now);
          now += 100;
        }
        for (let rounds = 0; made.some(({ queue }) => queue.length > 0); rounds++) {
          expect(rounds).toBeLessThan(200);
          for (const { sync, at } of made)
            for (const delay of at.splice(0)) collectResult(sync, [delay], 'done', now);
          now = scheduler.nextWake(now) ?? now;
          cycle();
        }
      }),
    );
  });

  it('wakes when the first of its syncs would', () => {
    const made = [make({ delay: 5_000 }), make({ delay: 3_000 }), make()];
    const scheduler = new Scheduler(
      made.map(({ sync }) => sync),
      undefined,
    );
    expect(scheduler.nextWake(0)).toBeUndefined();
    modify(made[0]!, 1);
    modify(made[1]!, 1);
    expect(scheduler.nextWake(0)).toBe(3_000);
  });

  it('may have nothing to do', () => {
    const scheduler = new Scheduler([], 1);
    scheduler.cycle(0);
    expect([scheduler.running, scheduler.nextWake(0)]).toEqual([0, undefined]);
  });
});
