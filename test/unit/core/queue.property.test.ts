import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asBytes } from '../../../src/core/bytes.js';
import type { Delay } from '../../../src/core/delay.js';
import type { FsEvent, Millis } from '../../../src/core/event.js';
import { DelayQueue, type QueueInput } from '../../../src/core/queue.js';
import { bare, operations, Source, touching, type ModelNode, type Operation } from './model.js';

/** What a delay was about, and the state of its path in the source when the action looked at it. */
interface Agent {
  readonly delays: readonly Delay[];
  readonly seen: ReadonlyMap<Delay, ModelNode | undefined>;
}

/** A sync with scripts: source, queue, actions under way and target. */
class World {
  readonly source = new Source();
  readonly target = this.source.tree.clone();
  readonly queue: DelayQueue;
  readonly agents: Agent[] = [];
  now: Millis = 0;

  /** By `seq`: moves turned into a `Delete`, and what replaced that, go on blocking at what was the destination. */
  private readonly hiddenEnds = new Map<number, string>();
  private readonly movedTo = new Map<number, string>();

  constructor(
    moves: boolean,
    delay: Millis,
    readonly maxDelays: number,
  ) {
    this.queue = new DelayQueue({ delay, moves });
  }

  operate(operation: Operation): void {
    for (const event of this.source.apply(operation)) this.enter(event);
  }

  enter(event: QueueInput): void {
    const { steps, delay, scan } = this.queue.enter(event, this.now);
    for (const step of steps) {
      if (step.what !== 'turn') continue;
      const { seq } = step.delay!;
      this.hiddenEnds.set(seq, this.movedTo.get(seq)!);
    }
    if (delay.path2 !== undefined) this.movedTo.set(delay.seq, delay.path2);
    for (const directory of scan) for (const found of this.source.scan(directory)) this.enter(found);
  }

  /** Starts an action for what is ready: one event, or a list. */
  begin(list: boolean): void {
    const ready = this.queue.firstReady(this.now, this.maxDelays);
    if (ready === undefined) return;
    const whole = ready.etype === 'Init' || ready.etype === 'Blanket' || ready.etype === 'Full';
    const delays =
      list && !whole ? this.queue.getEvents(({ path }) => path !== '' && path !== '/', this.now) : [ready];
    this.start(delays);
  }

  private start(delays: readonly Delay[]): void {
    expect(delays.length).toBeGreaterThan(0);
    this.queue.start(delays);
    const look = (delay: Delay) => this.source.tree.get(bare(delay.path2 ?? delay.path));
    this.agents.push({ delays, seen: new Map(delays.map((delay) => [delay, look(delay)])) });
  }

  /** An action ends; one that is to be done again has done a part of its work (with moves: nothing, or all). */
  end(which: number, outcome: 'done' | 'again' | number): void {
    if (this.agents.length === 0) return;
    const [agent] = this.agents.splice(which % this.agents.length, 1) as [Agent];
    const all = agent.delays.length;
    const renames = agent.delays.some(({ etype }) => etype === 'Move');
    const done = outcome === 'done' ? all : outcome === 'again' || renames ? 0 : outcome % all;
    for (const delay of agent.delays.slice(0, done)) this.carryOut(delay, agent.seen.get(delay));
    if (outcome === 'done') this.queue.finish(agent.delays);
    else this.queue.again(agent.delays, this.now + 10);
  }

  /** What a careful script does at the target, with the source as it was when the action began. */
  private carryOut({ etype, path, path2 }: Delay, seen: ModelNode | undefined): void {
    switch (etype) {
      case 'Init':
      case 'Blanket':
      case 'Full':
        this.target.equalise('', this.source.tree);
        return;
      case 'Delete':
        this.target.remove(bare(path));
        return;
      case 'Move':
        if (this.target.get(bare(path)) !== undefined) this.target.move(bare(path), bare(path2!));
        return;
      case 'Create':
      case 'Modify':
      case 'Attrib':
        if (seen?.dir === path.endsWith('/')) this.target.put(bare(path), seen);
    }
  }

  /** Everything the queue promises at any moment. */
  check(): void {
    const delays = [...this.queue];
    expect(this.queue.length).toBe(delays.length);
    const active = new Map(this.agents.flatMap((agent) => agent.delays.map((delay) => [delay, agent])));
    expect(delays.filter(({ status }) => status === 'active')).toEqual(
      delays.filter((delay) => active.has(delay)),
    );
    for (const [i, delay] of delays.entries()) {
      if (i > 0) expect(delay.seq).toBeGreaterThan(delays[i - 1]!.seq);
      const held = delays.slice(0, i).filter((older) => this.holds(older, delay));
      // What is about everything goes past what waits for a retry, or behind one.
      if (isWhole(delay) && delay.status !== 'block')
        expect(held.every(({ etype }) => !['Init', 'Blanket', 'Move'].includes(etype))).toBe(true);
      else if (delay.status === 'active')
        expect(held.every((older) => active.get(older) === active.get(delay))).toBe(true);
      else expect([delay, delay.status]).toEqual([delay, held.length === 0 ? 'wait' : 'block']);
    }
    this.checkReady(delays.filter(({ status }) => status === 'wait'));
  }

  /** What is ready is due; retries are due at their alarm only, the oldest of the others even before. */
  private checkReady(waiting: readonly Delay[]): void {
    const ready = this.queue.firstReady(this.now, this.maxDelays);
    const oldest = waiting.find(({ tries }) => tries === 0);
    const due = waiting.filter(({ tries, alarm }) => tries > 0 && alarm <= this.now);
    const hurry = [...this.queue].filter(({ tries }) => tries === 0).length >= this.maxDelays;
    if (oldest !== undefined && (hurry || oldest.alarm <= this.now)) due.push(oldest);
    if (due.length === 0) expect(ready).toBeUndefined();
    else expect(ready!.alarm).toBe(Math.min(...due.map(({ alarm }) => alarm)));
    if (ready !== undefined) expect(due).toContain(ready);
  }

  /** Must the newer one wait for the older one? */
  private holds(older: Delay, newer: Delay): boolean {
    if (newer.etype === 'Init' || newer.etype === 'Blanket' || newer.etype === 'Full') return true;
    if (older.etype === 'Init' || older.etype === 'Blanket') return true;
    if (older.etype === 'Full') return false;
    return this.ends(older).some((a) => this.ends(newer).some((b) => touching(a, b)));
  }

  private ends(delay: Delay): string[] {
    return [delay.path, delay.path2, this.hiddenEnds.get(delay.seq)].filter((path) => path !== undefined);
  }

  /** Lets everything come to its end. */
  drain(list: boolean): void {
    for (let rounds = 0; this.queue.length > 0; rounds++) {
      expect(rounds).toBeLessThan(10_000);
      while (this.agents.length > 0) this.end(0, 'done');
      const wake = this.queue.nextAlarm(this.now, this.maxDelays);
      if (wake !== undefined) this.now = wake;
      this.begin(list);
    }
  }
}

const isWhole = ({ etype }: Delay): boolean => ['Init', 'Blanket', 'Full'].includes(etype);

type Step =
  | { readonly do: 'operate'; readonly operation: Operation }
  | { readonly do: 'pass'; readonly time: Millis }
  | { readonly do: 'begin'; readonly list: boolean }
  | { readonly do: 'end'; readonly which: number; readonly outcome: 'done' | 'again' | number }
  | { readonly do: 'enter'; readonly event: QueueInput };

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('operate' as const), operation: operations }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('pass' as const), time: fc.integer({ min: 1, max: 30 }) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('begin' as const), list: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      which: fc.nat(5),
      outcome: fc.oneof(
        { weight: 3, arbitrary: fc.constant('done' as const) },
        { weight: 1, arbitrary: fc.constant('again' as const) },
        { weight: 1, arbitrary: fc.nat(5) },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('enter' as const),
      event: fc.constantFrom<QueueInput>(
        { kind: 'Init' },
        { kind: 'Blanket' },
        { kind: 'Full', path: asBytes('/') },
      ),
    }),
  },
);

function take(world: World, step: Step): void {
  switch (step.do) {
    case 'operate':
      world.operate(step.operation);
      return;
    case 'pass':
      world.now += step.time;
      return;
    case 'begin':
      world.begin(step.list);
      return;
    case 'end':
      world.end(step.which, step.outcome);
      return;
    case 'enter':
      world.enter(step.event);
  }
}

describe('a delay queue', () => {
  it.each([
    ['with moves', true],
    ['without moves', false],
  ])('brings every change to the target, %s', (_, moves) => {
    fc.assert(
      fc.property(
        fc.array(steps, { maxLength: 60, size: 'max' }),
        fc.constantFrom(0, 10),
        fc.constantFrom(3, 1000),
        fc.boolean(),
        (all, delay, maxDelays, list) => {
          const world = new World(moves, delay, maxDelays);
          for (const step of all) {
            take(world, step);
            world.check();
          }
          world.drain(list);
          expect(world.target.shown).toEqual(world.source.tree.shown);
          expect(world.queue.length).toBe(0);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is left in order by delays that are discarded at any moment', () => {
    const change = fc.oneof(
      fc.record({ operation: operations }),
      fc.record({ discard: fc.nat(20) }),
      fc.record({ start: fc.nat(20) }),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60, size: 'max' }), (changes) => {
        const world = new World(true, 0, 1000);
        for (const each of changes) {
          const delays = [...world.queue];
          if ('operation' in each) world.operate(each.operation);
          else if ('discard' in each && delays.length > 0) {
            const delay = delays[each.discard % delays.length]!;
            if (delay.status === 'active') world.end(0, 'done');
            else {
              world.queue.discard(delay);
              expect(delay.status).toBe('gone');
            }
          } else world.begin(false);
          world.check();
        }
        world.queue.cancelWaiting();
        world.check();
        expect([...world.queue].every(({ status }) => status === 'active')).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it('gives in a list what neither an active nor a refused delay hinders, in order', () => {
    fc.assert(
      fc.property(
        fc.array(operations, { maxLength: 40, size: 'max' }),
        fc.nat(30),
        fc.nat(30),
        (all, activeAt, refusedAt) => {
          // A turned move goes on blocking at an end that is not shown: not looked at here.
          if (hasTurned(all)) return;
          const world = new World(true, 0, 1000);
          for (const operation of all) world.operate(operation);
          const delays = [...world.queue];
          const active = delays.slice(activeAt).find(({ status }) => status === 'wait');
          if (active !== undefined) world.queue.start([active]);
          const refused = delays[refusedAt];
          const expected: Delay[] = [];
          const stops: Delay[] = [];
          const touch = (a: Delay, b: Delay) =>
            [a.path, a.path2].some((x) =>
              [b.path, b.path2].some((y) => x !== undefined && y !== undefined && touching(x, y)),
            );
          for (const delay of delays) {
            if (delay === active || delay === refused || stops.some((stop) => touch(stop, delay)))
              stops.push(delay);
            else expected.push(delay);
          }
          expect(world.queue.getEvents((delay) => delay !== refused)).toEqual(expected);
        },
      ),
      { numRuns: 400 },
    );
  });
});

/** Does entering what these operations cause turn a queued move? */
function hasTurned(all: readonly Operation[]): boolean {
  const source = new Source();
  const queue = new DelayQueue({ moves: true });
  const enter = (event: FsEvent): boolean => {
    const { steps: done, scan } = queue.enter(event, 0);
    const below = scan.flatMap((directory) => source.scan(directory)).map(enter);
    return done.some(({ what }) => what === 'turn') || below.includes(true);
  };
  return all.flatMap((operation) => source.apply(operation).map(enter)).includes(true);
}
