import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asBytes, type BytePath } from '../../../src/core/bytes.js';
import type { DirtyBatch, DirtyFailure, DirtyInput, Retry } from '../../../src/core/dirty-batch.js';
import { DirtyQueue } from '../../../src/core/dirty.js';
import type { Millis } from '../../../src/core/event.js';
import { bare, operations, Source, touching, Tree, type Operation } from './model.js';

const settle: Millis = 20;

/** What fails of an action's work, by position; `whole`: it breaks off there. */
interface Outcome {
  readonly failing: readonly number[];
  readonly whole: boolean;
  /** Failing positions below a deep path. */
  readonly below: number;
}

/** An action at work: on a batch, or on everything. */
interface Agent {
  readonly batch: DirtyBatch | undefined;
  /** The source as it looks at it: as it was at the beginning, or as it is. */
  readonly look: Tree;
}

/** A native sync: source, monitor that lags, queue, actions under way and target. */
class World {
  readonly source = new Source();
  readonly target = this.source.tree.clone();
  readonly queue: DirtyQueue;
  private readonly agents: Agent[] = [];
  private readonly underWay: { readonly since: Millis; readonly event: DirtyInput }[] = [];
  private now: Millis = 0;

  constructor(
    delay: Millis,
    private readonly maxDelays: number,
    private readonly mayDelete: boolean,
  ) {
    this.queue = new DirtyQueue({ delay, settle });
  }

  operate(operation: Operation): void {
    for (const event of this.source.apply(operation)) this.underWay.push({ since: this.now, event });
  }

  enter(event: DirtyInput): void {
    this.queue.enter(event, this.now, { mayDelete: this.mayDelete });
  }

  /** Some of the events under way arrive. */
  deliver(count = Infinity): void {
    for (const { event } of this.underWay.splice(0, count)) this.enter(event);
  }

  /** Time passes; no event is under way for as long as `settle`. */
  pass(time: Millis): void {
    const end = this.now + time;
    for (let next = this.underWay[0]; next !== undefined; next = this.underWay[0]) {
      if (next.since + settle - 1 > end) break;
      this.now = Math.max(this.now, next.since + settle - 1);
      this.deliver(1);
    }
    this.now = end;
  }

  begin(early: boolean, limit: number, all: boolean): void {
    const ready = this.queue.firstReady(this.now, this.maxDelays);
    const look = early ? this.source.tree.clone() : this.source.tree;
    if (ready?.etype === 'Init' || ready?.etype === 'Full') {
      this.queue.startFull();
      this.agents.push({ batch: undefined, look });
      return;
    }
    const batch = this.queue.takeBatch(this.now, { limit, all });
    if (batch === undefined) return;
    expect(batch.moves.length + batch.paths.length).toBeGreaterThan(0);
    expect(batch.moves.length + batch.paths.length).toBeLessThanOrEqual(limit);
    this.agents.push({ batch, look });
  }

  end(which: number, outcome: Outcome): void {
    if (this.agents.length === 0) return;
    const [agent] = this.agents.splice(which % this.agents.length, 1) as [Agent];
    if (agent.batch === undefined) this.queue.finishFull(this.workAll(agent, outcome), this.now, this.retry);
    else this.queue.finish(agent.batch, this.work(agent.batch, agent.look, outcome), this.now, this.retry);
  }

  private readonly retry: Retry = (tries, verdict) => this.now + (verdict === 'failed' ? 300 : 10 * tries);

  private workAll({ look }: Agent, outcome: Outcome): DirtyFailure[] {
    const verdict = 'again';
    if (outcome.whole && outcome.below % 2 === 0) return [{ verdict }];
    const failures = outcome.failing.length > 0 ? this.bringTree('', look, outcome.below) : [];
    if (outcome.failing.length === 0) this.target.equalise('', look, this.mayDelete);
    return outcome.whole ? [{ verdict }, ...failures] : failures;
  }

  private work(batch: DirtyBatch, look: Tree, { failing, whole, below }: Outcome): DirtyFailure[] {
    const failures: DirtyFailure[] = [];
    for (const [i, { from, to, mayDelete }] of batch.moves.entries()) {
      if (failing.includes(i)) {
        failures.push({ path: below % 2 === 0 ? from : to, verdict: 'again' });
        if (whole) return [{ verdict: 'again' }, ...failures];
      } else if (!mayDelete || this.target.get(bare(from)) === undefined) this.bring(to, true, look);
      else this.target.move(bare(from), bare(to));
    }
    for (const [i, { path, deep }] of batch.paths.entries()) {
      const fails = failing.includes(batch.moves.length + i);
      if (!fails) this.bring(path, deep, look);
      else if (whole) return [...failures, { verdict: 'failed' }];
      else if (deep && below > 0 && look.get(bare(path))?.dir === true && path.endsWith('/'))
        failures.push(...this.bringTree(bare(path), look, below));
      else failures.push({ path, verdict: below % 2 === 0 ? 'failed' : 'again' });
    }
    return failures;
  }

  /** Brings a path's state to the target. */
  private bring(path: BytePath, deep: boolean, look: Tree): void {
    const name = bare(path);
    const node = look.get(name);
    if (node !== undefined) {
      this.target.put(name, node);
      if (deep && node.dir) this.target.equalise(name, look, this.mayDelete);
    } else if (this.mayDelete) this.target.remove(name);
  }

  /** Brings a directory's tree, all but one thing in it. */
  private bringTree(name: string, look: Tree, which: number): DirtyFailure[] {
    const all = [...new Set([...look.below(name), ...this.target.below(name)])].filter((each) =>
      look.hasPlaceFor(each),
    );
    const left = all[which % Math.max(1, all.length)];
    const before = this.target.clone();
    if (name !== '') this.target.put(name, look.get(name)!);
    this.target.equalise(name, look, this.mayDelete);
    if (left === undefined) return [];
    // What is there now, and what is still there from before.
    const paths = new Set(
      [look, before].filter((tree) => tree.get(left) !== undefined).map((tree) => tree.pathOf(left)),
    );
    this.target.remove(left);
    for (const each of [left, ...before.below(left)]) {
      const node = before.get(each);
      if (node !== undefined) this.target.put(each, node);
    }
    return [...paths].map((path) => ({ path, verdict: 'again' }));
  }

  /** Everything the queue promises at any moment. */
  check(): void {
    const lines = [...this.queue];
    expect(this.queue.length).toBe(lines.length);
    const ends = this.agents.map(({ batch }) =>
      batch === undefined
        ? [asBytes('/')]
        : [...batch.moves.flatMap(({ from, to }) => [from, to]), ...batch.paths.map(({ path }) => path)],
    );
    for (const [i, some] of ends.entries())
      for (const others of ends.slice(i + 1))
        expect(some.some((path) => others.some((other) => touching(path, other)))).toBe(false);
    const quiet = this.agents.length === 0 && this.underWay.length === 0;
    if (!quiet || !this.mayDelete) return;
    if (lines.some(({ etype }) => etype === 'Init' || etype === 'Full')) return;
    const moved = this.target.clone();
    for (const { etype, path, path2 } of lines)
      if (etype === 'Move' && moved.get(bare(path)) !== undefined) moved.move(bare(path), bare(path2!));
    const marked = lines.filter(({ etype }) => etype !== 'Move').map(({ path }) => `${bare(path)}/`);
    const doubtless = (shown: string) =>
      !marked.some((mark) => `${shown.split(/[/]? |=/)[0]!}/`.startsWith(mark));
    expect(moved.shown.filter(doubtless)).toEqual(this.source.tree.shown.filter(doubtless));
  }

  /** Lets everything come to its end. */
  drain(limit: number): void {
    this.deliver();
    for (let rounds = 0; this.queue.length > 0; rounds++) {
      expect(rounds).toBeLessThan(10_000);
      while (this.agents.length > 0) this.end(0, { failing: [], whole: false, below: 0 });
      const wake = this.queue.nextAlarm(this.now, this.maxDelays);
      if (wake !== undefined) this.now = wake;
      this.begin(true, limit, rounds % 2 === 0);
    }
  }
}

type Step =
  | { readonly do: 'operate'; readonly operation: Operation }
  | { readonly do: 'deliver'; readonly count: number }
  | { readonly do: 'pass'; readonly time: Millis }
  | { readonly do: 'begin'; readonly early: boolean; readonly limit: number; readonly all: boolean }
  | { readonly do: 'end'; readonly which: number; readonly outcome: Outcome }
  | { readonly do: 'enter'; readonly event: DirtyInput };

const outcome: fc.Arbitrary<Outcome> = fc.record({
  failing: fc.oneof(fc.constant([]), fc.uniqueArray(fc.nat(4), { maxLength: 3 })),
  whole: fc.boolean(),
  below: fc.nat(6),
});

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('operate' as const), operation: operations }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('deliver' as const), count: fc.nat(4) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('pass' as const), time: fc.integer({ min: 1, max: 40 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('begin' as const),
      early: fc.boolean(),
      limit: fc.integer({ min: 1, max: 5 }),
      all: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('end' as const), which: fc.nat(3), outcome }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('enter' as const),
      event: fc.constantFrom<DirtyInput>({ kind: 'Init' }, { kind: 'Full' }),
    }),
  },
);

function take(world: World, step: Step): void {
  switch (step.do) {
    case 'operate':
      world.operate(step.operation);
      return;
    case 'deliver':
      world.deliver(step.count);
      return;
    case 'pass':
      world.pass(step.time);
      return;
    case 'begin':
      world.begin(step.early, step.limit, step.all);
      return;
    case 'end':
      world.end(step.which, step.outcome);
      return;
    case 'enter':
      world.enter(step.event);
  }
}

describe('a dirty queue', () => {
  const run = (mayDelete: boolean, compare: (world: World) => void, numRuns: number) =>
    fc.assert(
      fc.property(
        fc.array(steps, { maxLength: 70, size: 'max' }),
        fc.constantFrom(0, 10),
        fc.constantFrom(3, 1000),
        fc.constantFrom(1, 3, Infinity),
        (all, delay, maxDelays, limit) => {
          const world = new World(delay, maxDelays, mayDelete);
          for (const step of all) {
            take(world, step);
            world.check();
          }
          world.drain(limit);
          compare(world);
          expect(world.queue.length).toBe(0);
        },
      ),
      { numRuns },
    );

  it('brings every change to the target, whatever fails meanwhile', () => {
    run(true, ({ target, source }) => expect(target.shown).toEqual(source.tree.shown), 3_000);
  });

  it('brings everything there is to the target when nothing may be deleted', () => {
    run(
      false,
      ({ target, source }) => expect(target.shown).toEqual(expect.arrayContaining(source.tree.shown)),
      1_000,
    );
  });
});
