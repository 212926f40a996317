import { mkdtempSync, realpathSync, rmSync, mkdirSync, writeFileSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asBytes, fromText, type BytePath } from '../../../src/core/bytes.js';
import type { FsEvent } from '../../../src/core/event.js';
import type {
  InotifyMode,
  Monitor,
  MonitorListener,
  MonitorReport,
  WatchRoot,
} from '../../../src/monitor/monitor.js';
import { Mirror } from './mirror.js';
import { readTree } from './files.js';

export type MonitorFactory = (
  options: { readonly mode: InotifyMode; readonly debug?: boolean },
  listener: MonitorListener,
) => Monitor;

type RootOptions = Partial<Omit<WatchRoot, 'id' | 'source'>> & { readonly below?: string };

const cookiePrefix = '.told-';

/** Waits until a condition holds, looking whenever the event loop turns. */
export async function until(condition: () => boolean, what: string, limitMs = 20_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A monitor on directories of its own, with everything it reports. */
export class Observed {
  readonly base: string = realpathSync(mkdtempSync(join(tmpdir(), 'lts-monitor-')));
  readonly monitor: Monitor;
  readonly reports: MonitorReport[] = [];
  readonly mirrors: Mirror[] = [];
  readonly roots: WatchRoot[] = [];
  private readonly seen: FsEvent[][] = [];
  private readonly cookies: Set<string>[] = [];
  private cookie = 0;

  constructor(factory: MonitorFactory, mode: InotifyMode = 'CloseWrite', debug = false) {
    this.monitor = factory({ mode, debug }, (report) => this.heard(report));
  }

  /** Makes a source directory (unless it is there); sync `id` is its place in the order of calls. */
  root(name: string, { subdirs = true, rules = { filters: [], excludes: [] } }: RootOptions = {}): string {
    const path = join(this.base, name);
    mkdirSync(path, { recursive: true });
    const source = asBytes(`${fromText(path)}/`);
    this.roots.push({ id: this.roots.length, source, subdirs, rules });
    this.seen.push([]);
    this.cookies.push(new Set());
    return path;
  }

  async watch(): Promise<void> {
    for (const { source, id, rules } of this.roots)
      this.mirrors[id] = new Mirror(source, readTree(source, rules), rules);
    await this.monitor.watch(this.roots);
  }

  path(...names: string[]): string {
    return join(this.base, ...names);
  }

  /** Resolves when everything done so far has been told: files made now in each root come back as events. */
  async told(ids = this.roots.map(({ id }) => id)): Promise<void> {
    const name = `${cookiePrefix}${++this.cookie}`;
    for (const id of ids) {
      const path = `${this.roots[id]!.source}${name}`;
      writeFileSync(path, '');
      await until(() => this.cookies[id]!.has(`/${name}`), `sync ${id} hears of ${name}`);
      unlinkSync(path);
      await until(() => !this.cookies[id]!.has(`/${name}`), `sync ${id} hears of the end of ${name}`);
    }
  }

  /** All events of a sync so far. */
  events(id = 0): readonly FsEvent[] {
    return this.seen[id]!;
  }

  /** All events of a sync so far, as text; taken away. */
  take(id = 0): string[] {
    return this.seen[id]!.splice(0).map(show);
  }

  /** What a target would look like now, and the source. */
  compare(id = 0): { readonly target: object; readonly source: object } {
    const { source, rules } = this.roots[id]!;
    const sorted = (tree: ReadonlyMap<string, string>): object =>
      Object.fromEntries([...tree].filter(([path]) => !path.includes(cookiePrefix)).sort());
    return { target: sorted(this.mirrors[id]!.tree), source: sorted(readTree(source, rules)) };
  }

  count(kind: MonitorReport['kind']): number {
    return this.reports.filter((report) => report.kind === kind).length;
  }

  async watched(): Promise<BytePath[]> {
    return (await this.monitor.watches()).map(({ path }) => path);
  }

  async close(): Promise<void> {
    await this.monitor.close();
    rmSync(this.base, { recursive: true, force: true });
  }

  private heard(report: MonitorReport): void {
    if (report.kind !== 'events') {
      this.reports.push(report);
      return;
    }
    for (const event of report.events) {
      if (this.isCookie(report.id, event)) continue;
      this.seen[report.id]!.push(event);
      this.mirrors[report.id]?.apply(event);
    }
  }

  private isCookie(id: number, { kind, path }: FsEvent): boolean {
    if (!path.includes(cookiePrefix)) return false;
    if (kind === 'Create') this.cookies[id]!.add(path);
    else if (kind === 'Delete') this.cookies[id]!.delete(path);
    return true;
  }
}

/** `Create /f`, `Move /a -> /b`, `Delete /a (Move)`. */
export function show(event: FsEvent): string {
  if (event.kind === 'Move') return `Move ${event.path} -> ${event.path2}`;
  return `${event.kind} ${event.path}${event.transformed === undefined ? '' : ` (${event.transformed})`}`;
}
