import type { NativeAction } from '../action/native.js';
import type { BytePath } from '../core/bytes.js';
import { runBatch } from './batch.js';
import type { EngineChoices, EngineState } from './engine-state.js';
import { runFull } from './full.js';
import { keySpace } from './keys.js';

/** What an engine needs. */
export interface QingStorEngineOptions
  extends EngineChoices, Pick<EngineState, 'store' | 'source' | 'target' | 'workers' | 'log'> {
  /** Below the bucket; with or without its slash. */
  readonly prefix: string;
  readonly progress?: NonNullable<EngineState['progress']>;
  readonly index?: NonNullable<EngineState['index']>;
}

/** Warnings remembered, so that a tree full of sockets does not fill the memory. */
const warningsKept = 10_000;

/**
 * Keeps a bucket's prefix equal to a directory (spec/qingstor.md, "qsctl sync"). Names and credentials are the
 * store's business, timing and retrying of paths the daemon's. One call at a time.
 *
 * A failure's path is a path of the batch, or lies below a deep one or a moved directory: then it alone is still
 * dirty (deep, when it is a directory), with the permissions of the path that covers it.
 */
export function createQingStorEngine(options: QingStorEngineOptions): NativeAction {
  const warned = new Set<BytePath>();
  const engine: EngineState = {
    store: options.store,
    source: options.source,
    target: options.target,
    keys: keySpace(options.prefix),
    workers: options.workers,
    log: options.log,
    globs: options.globs ?? {},
    overwrite: options.overwrite ?? 'changed',
    create: options.create ?? true,
    markers: options.markers ?? true,
    subdirs: options.subdirs ?? true,
    rememberDeletes: options.rememberDeletes ?? false,
    progress: options.progress,
    index: options.index,
    links: new Set(),
    owed: new Set(),
    root: undefined,
    holds: undefined,
    warnOnce(path, message) {
      if (warned.has(path)) return;
      if (warned.size >= warningsKept) warned.clear();
      warned.add(path);
      options.log('Warn', message);
    },
  };
  return {
    target: options.target,
    full: (how, signal) => runFull(engine, how, signal),
    run: (batch, signal) => runBatch(engine, batch, signal),
    close: async () => {
      await options.index?.close();
      await options.store.close();
    },
  };
}
