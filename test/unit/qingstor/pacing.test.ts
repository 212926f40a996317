import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { link, linked } from '../../../src/qingstor/linked.js';
import { createPool, drain } from '../../../src/qingstor/pool.js';
import { RateLimiter } from '../../../src/qingstor/rate.js';
import { AttemptError, systemClock, withRetry, type RetryPolicy } from '../../../src/qingstor/retry.js';
import { Semaphore } from '../../../src/qingstor/semaphore.js';
import { StoreError } from '../../../src/qingstor/store.js';
import { SleepingClock } from '../../support/scripted-transport.js';
import { until } from '../../support/wait.js';

const never = new AbortController().signal;
const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

/** A task that ends when told. */
function gate() {
  let open!: () => void;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { open, passed };
}

describe('retries', () => {
  const outage = (retryAfterMs?: number) =>
    new AttemptError(new StoreError('outage', 'down'), true, retryAfterMs);
  const policyOf = (clock: SleepingClock, rest: Partial<RetryPolicy> = {}): RetryPolicy => ({
    retries: 3,
    baseMs: 500,
    capMs: 20_000,
    clock,
    random: () => 1,
    ...rest,
  });

  it('wait twice as long each time, up to a cap', async () => {
    const clock = new SleepingClock();
    const run = withRetry(() => Promise.reject(outage()), policyOf(clock, { retries: 8 }), never);
    await expect(run).rejects.toMatchObject({ name: 'StoreError', message: 'down' });
    expect(clock.slept).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 20_000, 20_000]);
  });

  it('wait at least half of that', async () => {
    const clock = new SleepingClock();
    const policy = policyOf(clock, { retries: 2, random: () => 0 });
    await expect(withRetry(() => Promise.reject(outage()), policy, never)).rejects.toThrow();
    expect(clock.slept).toEqual([250, 500]);
  });

  it('heed the Retry-After, but not for ever', async () => {
    const clock = new SleepingClock();
    const waits = [5000, 10, 86_400_000];
    const run = withRetry((n) => Promise.reject(outage(waits[n])), policyOf(clock), never);
    await expect(run).rejects.toThrow();
    expect(clock.slept).toEqual([5000, 1000, 60_000]);
  });

  it('end with the first success, or with what is not worth another try', async () => {
    const clock = new SleepingClock();
    const healed = withRetry(
      (n) => (n < 2 ? Promise.reject(outage()) : Promise.resolve(n)),
      policyOf(clock),
      never,
    );
    expect(await healed).toBe(2);
    const hopeless = new AttemptError(new StoreError('store', 'wrong key'), false);
    await expect(withRetry(() => Promise.reject(hopeless), policyOf(clock), never)).rejects.toThrow(
      'wrong key',
    );
    await expect(
      withRetry(() => Promise.reject(new TypeError('bug')), policyOf(clock), never),
    ).rejects.toThrow(TypeError);
    expect(clock.slept).toHaveLength(2);
  });

  it("reject with the signal's reason while they wait, on the real clock too", async () => {
    const stop = new AbortController();
    const policy = {
      ...policyOf(new SleepingClock()),
      clock: systemClock,
      baseMs: 3_600_000,
      capMs: 3_600_000,
    };
    let attempts = 0;
    const run = withRetry(() => Promise.reject((attempts++, outage())), policy, stop.signal);
    await until(() => attempts === 1, 'the first attempt');
    stop.abort(new Error('enough'));
    await expect(run).rejects.toThrow('enough');
    expect(attempts).toBe(1);
  });
});

describe('the rate limit', () => {
  it('lets a burst of a quarter second go and then keeps the rate', async () => {
    const clock = new SleepingClock();
    const limit = new RateLimiter(1000, clock);
    const start = clock.now();
    await limit.take(250, never);
    expect(clock.slept).toEqual([]);
    for (let i = 0; i < 10; i++) await limit.take(100, never);
    expect(clock.now() - start).toBeCloseTo(1000);
  });

  it('is shared by all who take at once', async () => {
    const clock = new SleepingClock();
    const limit = new RateLimiter(1000, clock, 0);
    await Promise.all([1, 2, 3].map(() => limit.take(500, never)));
    expect(clock.slept).toEqual([500, 1000, 1500]);
  });

  it('asks for pieces of an eighth of a second, not below a kilobyte', () => {
    const clock = new SleepingClock();
    expect(new RateLimiter(800_000, clock).piece).toBe(100_000);
    expect(new RateLimiter(10, clock).piece).toBe(1024);
  });

  it('ends its wait when the signal aborts', async () => {
    const limit = new RateLimiter(1, systemClock, 0);
    const stop = new AbortController();
    const wait = limit.take(1_000_000, stop.signal);
    stop.abort(new Error('enough'));
    await expect(wait).rejects.toThrow('enough');
  });
});

describe('linked signals', () => {
  it('abort with the reason of the first source that does', async () => {
    const sources = [new AbortController(), new AbortController()];
    const run = linked(
      sources.map(({ signal }) => signal),
      (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
    );
    sources[1]!.abort(new Error('second'));
    sources[0]!.abort(new Error('first'));
    await expect(run).rejects.toThrow('second');
  });

  it('are aborted from the start when a source is', () => {
    const { signal, release } = link([never, AbortSignal.abort(new Error('over'))]);
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toEqual(new Error('over'));
    release();
  });

  it('leave nothing behind at their sources, whether the work succeeds or fails', async () => {
    const source = new AbortController().signal;
    expect(await linked([source], () => Promise.resolve(listeners(source)))).toBe(1);
    await expect(linked([source], () => Promise.reject(new Error('x')))).rejects.toThrow('x');
    expect(listeners(source)).toBe(0);
  });

  it('do not follow a source once released', () => {
    const source = new AbortController();
    const { signal, release } = link([source.signal]);
    release();
    source.abort();
    expect(signal.aborted).toBe(false);
  });
});

describe('the semaphore', () => {
  it('lets so many in, the others in their order', async () => {
    const semaphore = new Semaphore(2);
    const gates = [gate(), gate(), gate(), gate()];
    const begun: number[] = [];
    const all = gates.map(({ passed }, i) =>
      semaphore.hold(never, () => {
        begun.push(i);
        return passed;
      }),
    );
    await until(() => begun.length === 2, 'two inside');
    gates[1]!.open();
    await until(() => begun.length === 3, 'the third inside');
    for (const { open } of gates) open();
    await Promise.all(all);
    expect(begun).toEqual([0, 1, 2, 3]);
  });

  it('gives its place back after a failure, and to nobody who has left', async () => {
    const semaphore = new Semaphore(1);
    const first = gate();
    const held = semaphore.hold(never, async () => {
      await first.passed;
      throw new Error('failed');
    });
    const stop = new AbortController();
    const gone = semaphore.hold(stop.signal, () => Promise.resolve('never'));
    const next = semaphore.hold(never, () => Promise.resolve('next'));
    stop.abort(new Error('left'));
    await expect(gone).rejects.toThrow('left');
    first.open();
    await expect(held).rejects.toThrow('failed');
    expect(await next).toBe('next');
    await expect(semaphore.hold(stop.signal, () => Promise.resolve())).rejects.toThrow('left');
    expect(await semaphore.hold(never, () => Promise.resolve('free'))).toBe('free');
  });
});

describe('the pool', () => {
  it('starts nothing after a failure and tells it at the end', async () => {
    const pool = createPool(2);
    const slow = gate();
    await pool.add(() => slow.passed);
    await pool.add(() => Promise.reject(new Error('broken')));
    await expect(pool.add(() => Promise.resolve())).rejects.toThrow('broken');
    let idle = false;
    const end = pool.idle().finally(() => (idle = true));
    end.catch(() => undefined);
    expect(idle).toBe(false);
    slow.open();
    await expect(end).rejects.toThrow('broken');
  });

  it('drains a list that grows, newest first, several at once', async () => {
    const done: number[] = [];
    const todo = [1, 2, 3];
    let [busy, busiest] = [0, 0];
    await drain(todo, 2, async (one) => {
      busiest = Math.max(busiest, ++busy);
      if (one === 3) todo.push(30, 31);
      await Promise.resolve();
      done.push(one);
      busy--;
    });
    expect([...done].sort((a, b) => a - b)).toEqual([1, 2, 3, 30, 31]);
    expect(busiest).toBe(2);
    await drain([], 2, () => Promise.reject(new Error('never')));
  });

  it('ends a drain with its first failure when all that ran has ended', async () => {
    const slow = gate();
    const ended: number[] = [];
    const run = drain([1, 2, 3], 2, async (one) => {
      if (one === 3) throw new Error('broken');
      await slow.passed;
      ended.push(one);
    });
    run.catch(() => undefined);
    slow.open();
    await expect(run).rejects.toThrow('broken');
    expect(ended).toEqual([2]);
  });
});
