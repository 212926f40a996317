import { asBytes, type BytePath, type ByteString } from '../../core/bytes.js';
import { withoutSlash } from '../../sys/fs-bytes.js';
import { lastErrno, libc } from '../../sys/libc.js';
import type { InotifyMode } from '../monitor.js';

/** Bits of `<sys/inotify.h>`. */
export const bits = {
  MODIFY: 0x2,
  ATTRIB: 0x4,
  CLOSE_WRITE: 0x8,
  MOVED_FROM: 0x40,
  MOVED_TO: 0x80,
  CREATE: 0x100,
  DELETE: 0x200,
  DELETE_SELF: 0x400,
  MOVE_SELF: 0x800,
  UNMOUNT: 0x2000,
  Q_OVERFLOW: 0x4000,
  IGNORED: 0x8000,
  ONLYDIR: 0x1000000,
  DONT_FOLLOW: 0x2000000,
  MASK_ADD: 0x20000000,
  ISDIR: 0x40000000,
} as const;

const NONBLOCK_CLOEXEC = 0x800 | 0x80000;
const POLLIN = 1;
/** `struct inotify_event` with the longest name, padded. */
const longestEvent = 16 + 256;

/** One notification as the kernel gives it; `name` is empty for the watched directory itself. */
export interface RawEvent {
  readonly wd: number;
  readonly mask: number;
  readonly cookie: number;
  readonly name: ByteString;
}

/** What is asked of the kernel for every directory (spec/events.md, "Watching"). */
function watchMask(mode: InotifyMode): number {
  const always = bits.ATTRIB | bits.CREATE | bits.DELETE | bits.MOVED_FROM | bits.MOVED_TO;
  const content = {
    CloseWrite: bits.CLOSE_WRITE,
    Modify: bits.MODIFY,
    'CloseWrite or Modify': bits.CLOSE_WRITE | bits.MODIFY,
  }[mode];
  // MASK_ADD: a directory met again in another role keeps what was asked for it before.
  return always | content | bits.ONLYDIR | bits.DONT_FOLLOW | bits.MASK_ADD;
}

/** An inotify instance. Synchronous throughout: it lives in a thread of its own. */
export class Kernel {
  private readonly fd: number;
  private readonly mask: number;
  private readonly pollfds = Buffer.alloc(16);
  private readonly wakeCount = Buffer.alloc(8);
  private readonly buffer = Buffer.allocUnsafe(512 * 1024);

  /**
   * @param wakeFd an eventfd: `wait` returns when somebody writes to it
   * @throws Error with errno as `code` (EMFILE: out of inotify instances)
   */
  constructor(
    mode: InotifyMode,
    private readonly wakeFd: number,
  ) {
    this.mask = watchMask(mode);
    this.fd = libc().inotify_init1(NONBLOCK_CLOEXEC);
    if (this.fd < 0) throw errnoError('inotify_init1');
    this.pollfds.writeInt32LE(this.fd, 0);
    this.pollfds.writeInt16LE(POLLIN, 4);
    this.pollfds.writeInt32LE(wakeFd, 8);
    this.pollfds.writeInt16LE(POLLIN, 12);
  }

  /**
   * Watches a directory, not what a link leads to; gives its watch descriptor, the known one if it is watched
   * already. Descriptors are not reused (the kernel counts up to 2³¹).
   * @param isRoot also tell when the directory itself goes away
   * @throws Error with errno as `code`
   */
  watch(directory: BytePath, isRoot: boolean): number {
    const mask = isRoot ? this.mask | bits.DELETE_SELF | bits.MOVE_SELF : this.mask;
    // With a trailing slash the kernel would follow a link in spite of DONT_FOLLOW.
    const path = Buffer.from(`${withoutSlash(directory)}\0`, 'latin1');
    const wd = libc().inotify_add_watch(this.fd, path, mask);
    if (wd < 0) throw errnoError('inotify_add_watch');
    return wd;
  }

  /** Ends a watch; one that has ended already is fine. */
  unwatch(wd: number): void {
    libc().inotify_rm_watch(this.fd, wd);
  }

  /** Waits for events or a wake-up. @param timeoutMs -1: for ever */
  wait(timeoutMs: number): void {
    libc().poll(this.pollfds, 2, timeoutMs);
    if ((this.pollfds.readInt16LE(14) & POLLIN) !== 0) libc().read(this.wakeFd, this.wakeCount, 8);
  }

  /** Waits for events only. */
  waitForEvents(timeoutMs: number): void {
    libc().poll(this.pollfds, 1, timeoutMs);
  }

  /**
   * Takes what the kernel has, without waiting. Gives true when nothing was left: then everything that had
   * happened when this was called has been taken.
   */
  read(take: (event: RawEvent) => void): boolean {
    const { buffer } = this;
    const length = libc().read(this.fd, buffer, buffer.length);
    for (let at = 0; at < length;) {
      const nameLength = buffer.readUInt32LE(at + 12);
      take({
        wd: buffer.readInt32LE(at),
        mask: buffer.readUInt32LE(at + 4),
        cookie: buffer.readUInt32LE(at + 8),
        name: this.nameAt(at + 16, nameLength),
      });
      at += 16 + nameLength;
    }
    return length < buffer.length - longestEvent;
  }

  close(): void {
    libc().close(this.fd);
  }

  /** Names are padded with zero bytes to a multiple of 16. */
  private nameAt(start: number, length: number): ByteString {
    let end = start + length;
    while (end > start && this.buffer[end - 1] === 0) end--;
    return asBytes(this.buffer.toString('latin1', start, end));
  }
}

function errnoError(call: string): NodeJS.ErrnoException {
  const code = lastErrno();
  return Object.assign(new Error(`${call}: ${code}`), { code });
}
