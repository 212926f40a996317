import { describe, expect, it } from 'vitest';
import { asBytes } from '../../../src/core/bytes.js';
import { bits, type Kernel, type RawEvent } from '../../../src/monitor/inotify/kernel.js';
import { EventStream } from '../../../src/monitor/inotify/stream.js';

/** A kernel that gives prepared reads, one for each time somebody asks. */
class Reads {
  waits = 0;
  constructor(private readonly reads: RawEvent[][]) {}
  read(take: (event: RawEvent) => void): boolean {
    for (const event of this.reads.shift() ?? []) take(event);
    return true;
  }
  waitForEvents(): void {
    this.waits++;
  }
}

const raw = (mask: number, name: string, cookie = 0): RawEvent => ({
  wd: 1,
  mask,
  cookie,
  name: asBytes(name),
});
const streamOf = (...reads: RawEvent[][]) => {
  const kernel = new Reads(reads);
  return { kernel, stream: new EventStream(kernel as unknown as Kernel) };
};
const rest = (stream: EventStream): string[] => {
  const names: string[] = [];
  for (let event; (event = stream.next()) !== undefined;) names.push(event.name);
  return names;
};

describe('event stream', () => {
  it('gives events in order, over several reads', () => {
    const { stream } = streamOf([raw(bits.CREATE, 'a'), raw(bits.CREATE, 'b')], [raw(bits.DELETE, 'c')]);
    expect(rest(stream)).toEqual(['a', 'b', 'c']);
  });

  it('pairs moves past other events, and gives the second half only once', () => {
    const { stream } = streamOf([
      raw(bits.MOVED_FROM, 'a', 5),
      raw(bits.MODIFY, 'x'),
      raw(bits.MOVED_TO, 'b', 5),
      raw(bits.CREATE, 'y'),
    ]);
    expect(stream.partner(stream.next()!)?.name).toBe('b');
    expect(rest(stream)).toEqual(['x', 'y']);
  });

  it('waits for a second half that comes with the next read', () => {
    const { stream, kernel } = streamOf(
      [raw(bits.MOVED_FROM, 'a', 5)],
      [raw(bits.MOVED_TO, 'b', 5), raw(bits.CREATE, 'y')],
    );
    expect(stream.partner(stream.next()!)?.name).toBe('b');
    expect(kernel.waits).toBe(1);
    expect(rest(stream)).toEqual(['y']);
  });

  it('gives up on a second half when many others have come', () => {
    const others = Array.from({ length: 400 }, (_, i) => raw(bits.CREATE, `${i}`));
    const { stream, kernel } = streamOf(
      [raw(bits.MOVED_FROM, 'a', 5), ...others],
      [raw(bits.MOVED_TO, 'b', 5)],
    );
    expect(stream.partner(stream.next()!)).toBeUndefined();
    expect(kernel.waits).toBe(0);
    expect(rest(stream)).toEqual([...others.map(({ name }) => name), 'b']);
  });

  it('does not pair different moves', () => {
    const { stream } = streamOf([raw(bits.MOVED_FROM, 'a', 5), raw(bits.MOVED_TO, 'b', 6)]);
    expect(stream.partner(stream.next()!)).toBeUndefined();
    expect(rest(stream)).toEqual(['b']);
  });

  it('tells positions: what was there when it was asked lies before', () => {
    const { stream } = streamOf([raw(bits.CREATE, 'a'), raw(bits.CREATE, 'b')], [raw(bits.CREATE, 'c')]);
    expect(stream.pull()).toBe(2);
    expect(stream.next()!.position).toBe(0);
    expect(stream.pull()).toBe(3);
    stream.next();
    expect(stream.next()!.position).toBe(2);
  });
});
