import { randomBytes } from 'node:crypto';
import { asBytes, type ByteString } from '../core/bytes.js';

const pattern = /^\.lsyncd-ts\.(\d{1,10})\.[0-9a-f]{12}\.part$/;

/** Names in use in this process, by whichever engine. */
const live = new Set<ByteString>();

/** A fresh name for content on its way; `forget` it when it is there or given up. */
export function temporaryName(): ByteString {
  const name = asBytes(`.lsyncd-ts.${process.pid}.${randomBytes(6).toString('hex')}.part`);
  live.add(name);
  return name;
}

export function forget(name: ByteString): void {
  live.delete(name);
}

/** A name of ours: never data, on neither side. */
export function isTemporary(name: ByteString): boolean {
  return pattern.test(name);
}

/** One of ours that nobody writes any more: a crash has left it. */
export function isStale(name: ByteString): boolean {
  const pid = Number(pattern.exec(name)?.[1] ?? 0);
  if (pid === 0) return false;
  return pid === process.pid ? !live.has(name) : !isRunning(pid);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
