import koffi from 'koffi';

/** The C library functions Node does not have; loaded when first needed. */
export interface Libc {
  inotify_init1(flags: number): number;
  /** @param path zero-terminated bytes */
  inotify_add_watch(fd: number, path: Buffer, mask: number): number;
  inotify_rm_watch(fd: number, wd: number): number;
  eventfd(initial: number, flags: number): number;
  /** @param fds an array of `struct pollfd` as bytes */
  poll(fds: Buffer, count: number, timeoutMs: number): number;
  read(fd: number, into: Buffer, length: number): number;
  close(fd: number): number;
  flock(fd: number, operation: number): number;
}

let loaded: Libc | undefined;

export function libc(): Libc {
  if (loaded !== undefined) return loaded;
  const lib = koffi.load(process.platform === 'linux' ? 'libc.so.6' : 'libc.so');
  loaded = {
    inotify_init1: lib.func('int inotify_init1(int flags)'),
    inotify_add_watch: lib.func('int inotify_add_watch(int fd, const void *path, uint32_t mask)'),
    inotify_rm_watch: lib.func('int inotify_rm_watch(int fd, int wd)'),
    eventfd: lib.func('int eventfd(unsigned int initial, int flags)'),
    poll: lib.func('int poll(void *fds, unsigned long count, int timeout)'),
    read: lib.func('long read(int fd, void *into, unsigned long length)'),
    close: lib.func('int close(int fd)'),
    flock: lib.func('int flock(int fd, int operation)'),
  };
  return loaded;
}

const names = new Map(Object.entries(koffi.os.errno).map(([name, number]) => [number, name]));

/** Name of the last failed call's errno in this thread, e.g. `ENOSPC`. */
export function lastErrno(): string {
  const number = koffi.errno();
  return names.get(number) ?? `errno ${number}`;
}
