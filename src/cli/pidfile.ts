import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { toText, type ByteString } from '../core/bytes.js';
import { LsyncdError } from '../core/errors.js';
import { toBuffer } from '../sys/bytes.js';
import { openOwn } from '../sys/secure-file.js';
import { LOCK_EX, LOCK_NB, cliLibc, wouldBlock } from './libc.js';

/** A written and locked pidfile. */
export interface Pidfile {
  /** Removes the file, then gives the lock up. Idempotent. */
  release(): void;
}

/** How often the file may be removed by its former owner between our opening and locking it. */
const attempts = 10;

/**
 * Writes our process id and holds a lock on the file for the process's life, so that a second instance with
 * the same pidfile refuses; a file left over by a crash holds no lock and is taken over. The lock belongs to
 * this process alone: children do not inherit it, and it goes with a detached process only when taken there.
 * @throws LsyncdError `LSY_PIDFILE_LOCKED` or `LSY_PIDFILE` (exit status 255).
 */
export function lockPidfile(path: ByteString): Pidfile {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const fd = open(path);
    if (lock(fd, path)) {
      ftruncateSync(fd);
      writeSync(fd, `${process.pid}\n`, 0);
      return pidfile(fd, path);
    }
    closeSync(fd);
  }
  throw new LsyncdError('LSY_PIDFILE', `Cannot lock pidfile '${toText(path)}': it keeps being replaced`);
}

function open(path: ByteString): number {
  try {
    return openOwn(path, constants.O_RDWR, 0o644);
  } catch (error) {
    if (error instanceof LsyncdError) throw error;
    const text = `Cannot write pidfile '${toText(path)}': ${(error as Error).message}`;
    throw new LsyncdError('LSY_PIDFILE', text, undefined, { cause: error });
  }
}

/** False when the name led elsewhere meanwhile. @throws LsyncdError when another instance runs. */
function lock(fd: number, path: ByteString): boolean {
  const free = cliLibc().flock(fd, LOCK_EX | LOCK_NB) === 0;
  const held = !free && wouldBlock();
  // A file system without locks (ENOLCK, some NFS) is asked for a living owner instead.
  const taken = free ? undefined : held ? owner(path) : livingOwner(path);
  if (held || taken !== undefined) {
    closeSync(fd);
    throw new LsyncdError(
      'LSY_PIDFILE_LOCKED',
      `another instance is running with pidfile '${toText(path)}'${taken === undefined ? '' : `, pid ${taken}`}`,
      'end it first, or choose another pidfile',
    );
  }
  return isSame(fd, path);
}

function owner(path: ByteString): number | undefined {
  const pid = Number.parseInt(readFileSync(toBuffer(path), 'latin1'), 10);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

function livingOwner(path: ByteString): number | undefined {
  const pid = owner(path);
  if (pid === undefined || pid === process.pid) return undefined;
  try {
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? pid : undefined;
  }
}

function isSame(fd: number, path: ByteString): boolean {
  const there = statSync(toBuffer(path), { bigint: true, throwIfNoEntry: false });
  const ours = fstatSync(fd, { bigint: true });
  return there?.ino === ours.ino && there.dev === ours.dev;
}

function pidfile(fd: number, path: ByteString): Pidfile {
  let open = true;
  return {
    release: () => {
      if (!open) return;
      open = false;
      try {
        // Before the lock goes: who waits for it sees the name gone and makes a new file.
        if (isSame(fd, path)) unlinkSync(toBuffer(path));
      } catch {
        // A directory that may no longer be written to: the file stays, without its lock.
      }
      closeSync(fd);
    },
  };
}
