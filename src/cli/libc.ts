import koffi from 'koffi';

export const LOCK_EX = 2;
export const LOCK_NB = 4;

interface Calls {
  flock(fd: number, operation: number): number;
  dup2(from: number, to: number): number;
}

let loaded: Calls | undefined;

/** Loaded when first needed. */
export function cliLibc(): Calls {
  if (loaded !== undefined) return loaded;
  const lib = koffi.load(process.platform === 'linux' ? 'libc.so.6' : null);
  loaded = {
    flock: lib.func('int flock(int fd, int operation)'),
    dup2: lib.func('int dup2(int from, int to)'),
  };
  return loaded;
}

/** True when the last failed call found a lock taken. */
export function wouldBlock(): boolean {
  const { EWOULDBLOCK, EAGAIN } = koffi.os.errno;
  return ([EWOULDBLOCK, EAGAIN] as readonly (number | undefined)[]).includes(koffi.errno());
}
