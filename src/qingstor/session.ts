import type { Excluded, NativeResult } from '../action/native.js';
import { toText, type BytePath } from '../core/bytes.js';
import { exceeds, type DeletionLimit } from '../core/max-delete.js';
import type { EngineState } from './engine-state.js';
import { globsExclude } from './glob.js';
import { ancestorsOf, parentOf, withSlash } from './keys.js';
import {
  absolute,
  createInside,
  isDenied,
  isEmpty,
  rootIdentity,
  sameRoot,
  type Local,
  type LocalOddity,
  type RootIdentity,
} from './local.js';
import { Ledger } from './ledger.js';
import { createPool, drain, type Pool } from './pool.js';
import { StoreError } from './store.js';

/** Keys per deletion request (spec/qingstor.md, "HTTP API"). */
const deleteAtOnce = 1000;

/** Looks at the file system at once before a deletion. */
const looksAtOnce = 16;

/** What one `full` or `run` shares: its books, its transfers, and what is to be deleted at its end. */
export class Session {
  readonly ledger = new Ledger();
  readonly pool: Pool;
  readonly #deletions = new Map<string, BytePath>();

  /** Keys under which nothing may be deleted, since what stands there locally is not known. */
  readonly #shielded = new Set<string>();
  #root: RootIdentity | undefined;

  constructor(
    readonly engine: EngineState,
    readonly excluded: Excluded,
    readonly signal: AbortSignal,
    private readonly limit?: DeletionLimit,
  ) {
    this.pool = createPool(engine.workers);
  }

  /**
   * Does `work` and what it leaves to be deleted, and tells what it came to. Rejects only when the signal aborts, and
   * not before every transfer has ended.
   */
  async run(work: () => Promise<void>, mayBeEmpty: boolean): Promise<NativeResult> {
    try {
      this.signal.throwIfAborted();
      if (await this.#begin(mayBeEmpty)) {
        await work();
        await this.#finish();
      }
    } catch (error) {
      await this.pool.idle().catch(() => undefined);
      this.signal.throwIfAborted();
      this.ledger.fail(undefined, error);
    } finally {
      await this.engine.index?.flush();
    }
    return this.ledger.result();
  }

  /**
   * Looks for the source. False: it is missing, which is booked; nothing may be done then. Another directory than
   * before, and empty: most likely the file system is not mounted any more.
   */
  async #begin(mayBeEmpty: boolean): Promise<boolean> {
    const { engine } = this;
    const found = await rootIdentity(engine.source);
    const replaced = engine.root !== undefined && found !== undefined && !sameRoot(found, engine.root);
    if (found === undefined || (replaced && !mayBeEmpty && (await isEmpty(engine.source)))) {
      this.sourceMissing();
      return false;
    }
    engine.root = found;
    this.#root = found;
    return true;
  }

  /** Is the source still the directory it was? If not, that is booked. */
  async #rootStands(): Promise<boolean> {
    const now = await rootIdentity(this.engine.source);
    if (now !== undefined && this.#root !== undefined && sameRoot(now, this.#root)) return true;
    this.sourceMissing();
    return false;
  }

  sourceMissing(): void {
    const shown = toText(this.engine.source);
    this.ledger.add({
      verdict: 'again',
      message: `source missing: ${shown} is no readable directory now; nothing is deleted at the target`,
    });
  }

  /** Is a path none of the sync's business, by lsyncd's rules (itself or a directory above it)? */
  left(path: BytePath): boolean {
    if (path === '/') return false;
    if (this.excluded(path)) return true;
    for (const dir of ancestorsOf(path)) if (this.excluded(dir)) return true;
    return !this.engine.subdirs && parentOf(path) !== '/';
  }

  /** As `left`, for a key, and by qsctl's globs. */
  keyLeft(key: string, path: BytePath): boolean {
    return this.globbed(key) || this.left(path);
  }

  /** Is a key left alone by qsctl's globs? */
  globbed(key: string): boolean {
    return globsExclude(this.engine.globs, key.slice(this.engine.keys.prefix.length));
  }

  /** A path's key; undefined when it can have none, which is booked, or when it is left alone by the globs. */
  keyFor(path: BytePath): string | undefined {
    const named = this.engine.keys.keyOf(path);
    if ('key' in named) return this.globbed(named.key) ? undefined : named.key;
    this.shield(path);
    this.ledger.add({ path, verdict: 'failed', message: `${toText(path)}: not uploaded: ${named.problem}` });
    return undefined;
  }

  /** Keeps a path's key, and all below it, from deletion. */
  shield(path: BytePath): void {
    this.#shielded.add(this.engine.keys.lookalike(path).replace(/\/$/, ''));
  }

  /** Books something that is there but cannot be read. */
  unreadable(path: BytePath, code: string): void {
    this.shield(path);
    this.ledger.add({
      path,
      verdict: isDenied(code) ? 'failed' : 'again',
      message: `${toText(path)}: cannot be read (${code})${isDenied(code) ? '; give this user the right to read it' : ''}`,
    });
  }

  /** Says once that something is skipped. */
  skip(path: BytePath, local: LocalOddity): void {
    const what =
      local.kind === 'broken' ? 'a broken symbolic link' : `a ${local.what}, neither file nor directory`;
    this.engine.warnOnce(path, `skipped ${toText(absolute(this.engine.source, path))}: ${what}`);
  }

  /** Carries out one request in the pool; `done` follows its success. */
  async request(path: BytePath, what: string, call: () => Promise<void>): Promise<void> {
    await this.pool.add(async () => {
      if (this.ledger.halted) return;
      try {
        await call();
        this.ledger.succeeded();
        this.engine.log('Exec', what);
      } catch (error) {
        this.signal.throwIfAborted();
        this.ledger.fail(path, error);
      }
    });
  }

  /** Uploads a file. It may vanish meanwhile: then it is as if it never was. `then` follows a success. */
  async upload(path: BytePath, key: string, mayDelete: boolean, then?: () => void): Promise<void> {
    await this.request(path, `upload ${toText(path)}`, async () => {
      try {
        const sent = await this.engine.store.upload(
          { path: absolute(this.engine.source, path), key },
          this.signal,
        );
        this.ledger.files++;
        this.ledger.bytes += sent.bytes;
        this.engine.index?.put(key, sent);
        then?.();
      } catch (error) {
        if (!(error instanceof StoreError && error.scope === 'vanished')) throw error;
        if (mayDelete) this.remove(path, key);
        then?.();
      }
    });
  }

  /** Writes a directory's marker (path with its slash, or a link's without). */
  async mark(dir: BytePath, key: string, then?: () => void): Promise<void> {
    await this.request(dir, `mark ${toText(withSlash(dir))}`, async () => {
      await this.engine.store.putMarker(key, this.signal);
      then?.();
    });
  }

  /** Notes a key for deletion at the end, if nothing stands at its path then. */
  remove(path: BytePath, key: string): void {
    if (key !== this.engine.keys.prefix) this.#deletions.set(key, path);
  }

  /** Forgets all deletions noted so far. */
  keepAll(): void {
    this.#deletions.clear();
  }

  /** Waits for the transfers, then deletes. */
  async #finish(): Promise<void> {
    await this.pool.idle();
    const all = [...this.#deletions];
    if (await this.#tooMany(all)) return;
    for (let i = 0; i < all.length && !this.ledger.halted; i += deleteAtOnce) {
      this.signal.throwIfAborted();
      if (!(await this.#rootStands())) return;
      await this.#deleteThose(all.slice(i, i + deleteAtOnce));
    }
  }

  /** Are these more deletions than the run may make? That is booked, and none is made. */
  async #tooMany(wanted: readonly (readonly [string, BytePath])[]): Promise<boolean> {
    const { limit, engine } = this;
    if (limit === undefined || wanted.length === 0 || this.ledger.halted) return false;
    if (limit.most.kind === 'percent') engine.holds ??= await this.#countObjects();
    const of = engine.holds;
    const distinct = (paths: readonly BytePath[]): BytePath[] => [...new Set(paths.map(withSlash))];
    if (!exceeds(limit, distinct(wanted.map(([, path]) => path)).length, of ?? 0)) return false;
    // A file may have come back, or its directory may not be readable: what is deleted in the end counts.
    const absent = [...(await this.#absent(wanted)).values()];
    const count = distinct(absent).length;
    if (!exceeds(limit, count, of ?? 0)) return false;
    this.ledger.held = { reason: 'maxDelete', count, paths: absent, ...(of === undefined ? {} : { of }) };
    return true;
  }

  async #countObjects(): Promise<number> {
    let count = 0;
    for await (const page of this.engine.store.list(this.engine.keys.prefix, this.signal))
      count += page.length;
    return count;
  }

  /** Those of them at whose paths nothing stands. */
  async #absent(wanted: readonly (readonly [string, BytePath])[]): Promise<Map<string, BytePath>> {
    const look = createInside(this.engine.source);
    const absent = new Map<string, BytePath>();
    await drain([...wanted].reverse(), looksAtOnce, async ([key, path]) => {
      if (!this.#isShielded(key) && !stands(path, await look(path))) absent.set(key, path);
    });
    return absent;
  }

  async #deleteThose(wanted: readonly (readonly [string, BytePath])[]): Promise<void> {
    const absent = await this.#absent(wanted);
    // The source may have gone while we looked: then everything would look absent.
    if (absent.size === 0 || !(await this.#rootStands())) return;
    try {
      const refused = await this.engine.store.remove([...absent.keys()], this.signal);
      this.ledger.succeeded();
      for (const { key, message } of refused) {
        const path = absent.get(key);
        if (path === undefined) continue;
        absent.delete(key);
        this.ledger.add({ path, verdict: 'failed', message: `${toText(path)}: not deleted: ${message}` });
      }
      for (const [key, path] of absent) {
        this.engine.index?.drop(key);
        this.engine.log('Exec', `delete ${toText(path)}`);
      }
      const deleted = new Set([...absent.values()].map(withSlash)).size;
      this.ledger.deletions += deleted;
      if (this.engine.holds !== undefined) this.engine.holds = Math.max(0, this.engine.holds - deleted);
    } catch (error) {
      this.signal.throwIfAborted();
      this.#deletionFailed(absent, error);
    }
  }

  #deletionFailed(absent: ReadonlyMap<string, BytePath>, error: unknown): void {
    const single = error instanceof StoreError && error.scope === 'object';
    if (single) for (const path of absent.values()) this.ledger.fail(path, error);
    else this.ledger.fail(undefined, error);
  }

  #isShielded(key: string): boolean {
    if (this.#shielded.size === 0) return false;
    for (let at = key.length; at > 0; at = key.lastIndexOf('/', at - 1))
      if (this.#shielded.has(key.slice(0, at))) return true;
    return false;
  }
}

/** Does what is at a path hold the key of that path? */
function stands(path: BytePath, local: Local): boolean {
  switch (local.kind) {
    case 'dir':
    case 'dirlink':
      return path.endsWith('/');
    case 'file':
      return !path.endsWith('/');
    case 'unreadable':
      return true;
    case 'broken':
    case 'special':
    case 'gone':
      return false;
  }
}
