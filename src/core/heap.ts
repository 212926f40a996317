/** A binary heap: the least element first. */
export class Heap<T> {
  private items: T[] = [];

  /** @param before true when `a` comes before `b` */
  constructor(private readonly before: (a: T, b: T) => boolean) {}

  get size(): number {
    return this.items.length;
  }

  peek(): T | undefined {
    return this.items[0];
  }

  push(item: T): void {
    const { items, before } = this;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!before(item, items[up]!)) break;
      items[at] = items[up]!;
      at = up;
    }
    items[at] = item;
  }

  pop(): T | undefined {
    const { items } = this;
    const least = items[0];
    const last = items.pop();
    if (items.length > 0) this.sink(0, last!);
    return least;
  }

  /** Drops every element that is not to be kept. */
  retain(keep: (item: T) => boolean): void {
    const kept = this.items.filter(keep);
    this.items = kept;
    for (let at = (kept.length >> 1) - 1; at >= 0; at--) this.sink(at, kept[at]!);
  }

  private sink(from: number, item: T): void {
    const { items, before } = this;
    let at = from;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= items.length) break;
      if (down + 1 < items.length && before(items[down + 1]!, items[down]!)) down++;
      if (!before(items[down]!, item)) break;
      items[at] = items[down]!;
      at = down;
    }
    items[at] = item;
  }
}
