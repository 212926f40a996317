/**
 * Works off a list, several at once, in its order. On a failure nothing new starts, and the rejection comes when all
 * that ran has ended.
 */
export async function atOnce<T>(
  all: Iterable<T>,
  workers: number,
  work: (one: T) => Promise<void>,
): Promise<void> {
  const iterator = all[Symbol.iterator]();
  let broken: { readonly error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    for (;;) {
      if (broken !== undefined) return;
      const next = iterator.next();
      if (next.done === true) return;
      try {
        await work(next.value);
      } catch (error) {
        broken ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  if (broken !== undefined) throw broken.error;
}
