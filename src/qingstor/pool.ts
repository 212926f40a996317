/** Runs tasks, several at once. */
export interface Pool {
  /** Resolves when the task has started; rejects, without starting it, once another one has failed. */
  add(task: () => Promise<void>): Promise<void>;
  /** Resolves when none runs; rejects with the first failure. */
  idle(): Promise<void>;
}

/** A pool of at most `slots` tasks at once. A task that rejects keeps later ones from starting. */
export function createPool(slots: number): Pool {
  const limit = Math.max(1, Math.floor(slots));
  const running = new Set<Promise<void>>();
  let broken: { readonly error: unknown } | undefined;
  return {
    async add(task) {
      while (running.size >= limit && broken === undefined) await Promise.race(running);
      if (broken !== undefined) throw broken.error;
      const started: Promise<void> = task()
        .catch((error: unknown) => {
          broken ??= { error };
        })
        .finally(() => running.delete(started));
      running.add(started);
    },
    async idle() {
      while (running.size > 0) await Promise.all(running);
      if (broken !== undefined) throw broken.error;
    },
  };
}

/**
 * Works off a list that may grow meanwhile (`work` may push to `todo`), newest first, `workers` at once.
 * On a failure nothing new starts, and the rejection comes when all that ran has ended.
 */
export function drain<T>(todo: T[], workers: number, work: (one: T) => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    let active = 0;
    let broken: { readonly error: Error } | undefined;
    const ended = (): void => {
      active--;
      next();
    };
    const next = (): void => {
      while (broken === undefined && active < workers && todo.length > 0) {
        active++;
        work(todo.pop()!).then(ended, (error: unknown) => {
          broken ??= { error: error instanceof Error ? error : new Error(String(error)) };
          ended();
        });
      }
      if (active > 0) return;
      if (broken === undefined) resolve();
      else reject(broken.error);
    };
    next();
  });
}
