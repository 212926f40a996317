import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, lstatSync } from 'node:fs';
import { mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type {
  Excluded,
  NativeAction,
  NativeFailure,
  NativeFull,
  NativeResult,
} from '../../src/action/native.js';
import { asBytes, fromText, toTextStrict, type BytePath } from '../../src/core/bytes.js';
import { createQingStorEngine, type QingStorEngineOptions } from '../../src/qingstor/engine.js';
import { toBuffer } from '../../src/sys/bytes.js';
import { MemoryStore } from './memory-store.js';

/** A path as tests write it; deletion is allowed and it is not deep unless it says so. */
export type TestPath =
  string | { readonly path: string; readonly mayDelete?: boolean; readonly deep?: boolean };

export interface TestBatch {
  readonly paths?: readonly TestPath[];
  /** `[from, to]`, or with `false` when the origin must stay. */
  readonly moves?: readonly (readonly [string, string] | readonly [string, string, boolean])[];
  readonly excluded?: (path: string) => boolean;
}

const never = new AbortController().signal;

/** An engine between a directory of its own and a bucket in memory. Texts are relative to the source: `/a/b`. */
export class EngineBench {
  readonly dir = mkdtempSync(join(tmpdir(), 'engine-'));
  readonly store = new MemoryStore();
  readonly engine: NativeAction;
  readonly log: string[] = [];
  readonly source: BytePath;

  constructor(options: Partial<QingStorEngineOptions> = {}) {
    this.source = fromText(`${this.dir}/`);
    this.engine = createQingStorEngine({
      store: this.store,
      source: this.source,
      target: 'qs://bucket/p',
      prefix: 'p',
      workers: 4,
      log: (category, message) => this.log.push(`${category}: ${message}`),
      ...options,
    });
  }

  /** What went to the log as a warning, with `DIR` for the source. */
  get warnings(): string[] {
    return this.log.filter((line) => line.startsWith('Warn')).map((line) => line.replaceAll(this.dir, 'DIR'));
  }

  at(path: string): string {
    return join(this.dir, path);
  }

  /** Writes a file with all directories above it; `mtime` in seconds since 1970. */
  async write(path: string, text = path, mtime?: number): Promise<void> {
    await mkdir(dirname(this.at(path)), { recursive: true });
    await writeFile(this.at(path), text);
    if (mtime !== undefined) await utimes(this.at(path), mtime, mtime);
  }

  async mkdir(path: string): Promise<void> {
    await mkdir(this.at(path), { recursive: true });
  }

  async link(to: string, path: string): Promise<void> {
    await symlink(to, this.at(path));
  }

  async mv(from: string, to: string): Promise<void> {
    await rename(this.at(from), this.at(to));
  }

  /** Removes something below the source. */
  async rm(path: string): Promise<void> {
    if (path.replaceAll('/', '') === '') throw new Error('not the source itself');
    await rm(this.at(path), { recursive: true });
  }

  run({ paths = [], moves = [], excluded }: TestBatch, signal = never): Promise<NativeResult> {
    return this.engine.run(
      {
        paths: paths.map((one) => {
          const { path, mayDelete = true, deep = false } = typeof one === 'string' ? { path: one } : one;
          return { path: asBytes(fromText(path)), mayDelete, deep };
        }),
        moves: moves.map(([from, to, mayDelete = true]) => ({
          from: fromText(from),
          to: fromText(to),
          mayDelete,
        })),
        excluded: matcher(excluded),
      },
      signal,
    );
  }

  full(
    how: Partial<Pick<NativeFull, 'delete' | 'allowEmpty' | 'limit'>> & {
      excluded?: (path: string) => boolean;
    } = {},
    signal = never,
  ) {
    return this.engine.full({ ...how, delete: how.delete ?? true, excluded: matcher(how.excluded) }, signal);
  }

  /** A batch that must succeed. */
  async synced(batch: TestBatch): Promise<NativeResult> {
    return clean(await this.run(batch));
  }

  /** A full comparison that must succeed; the calls so far are forgotten. */
  async start(how: { delete?: boolean } = {}): Promise<NativeResult> {
    const result = clean(await this.full(how));
    this.store.taken();
    return result;
  }

  /** What is stored, without the prefix: content, or `DIR` for a marker. */
  stored(): Record<string, string> {
    const all = [...this.store.objects].map(([key, { content, type }]) => [
      key.replace(/^p\//, ''),
      type === 'application/x-directory' ? 'DIR' : content.toString('utf8'),
    ]);
    return Object.fromEntries(all.sort(([a], [b]) => (a! < b! ? -1 : 1))) as Record<string, string>;
  }

  /** What ought to be stored for the source as it is. */
  expected(): Record<string, string> {
    const all: [string, string][] = [];
    const walk = (below: string): void => {
      for (const raw of readdirSync(this.at(below), { encoding: 'latin1' })) {
        const name = toTextStrict(asBytes(raw));
        if (name === undefined) continue;
        const path = `${below}${name}`;
        const link = lstatSync(this.at(path)).isSymbolicLink();
        const found = statSync(this.at(path), { throwIfNoEntry: false });
        if (found?.isFile() === true) all.push([path, readFileSync(this.at(path), 'utf8')]);
        if (found?.isDirectory() !== true) continue;
        all.push([`${path}/`, 'DIR']);
        if (!link) walk(`${path}/`);
      }
    };
    walk('');
    return Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** A raw byte path below the source, for names that are no text. */
  raw(name: string): Buffer {
    return toBuffer(asBytes(this.source + name));
  }

  close(): void {
    rmSync(this.dir, { recursive: true });
  }
}

/** The result, which must hold no failure. */
export function clean(result: NativeResult): NativeResult {
  if (result.failures.length > 0) throw new Error(result.failures.map(({ message }) => message).join('; '));
  return result;
}

/** Failures as text: `again /a`, `failed` for the whole. */
export function verdicts(failures: readonly NativeFailure[]): string[] {
  return failures.map(({ verdict, path }) => (path === undefined ? verdict : `${verdict} ${path}`)).sort();
}

function matcher(excluded?: (path: string) => boolean): Excluded {
  return (path) => excluded?.(path) === true;
}
