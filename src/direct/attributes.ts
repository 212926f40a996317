import { fchmodSync, fchownSync, fstatSync, type BigIntStats } from 'node:fs';
import type { ByteString } from '../core/bytes.js';
import { setOwnTime, type Dir } from '../sys/at.js';
import { codeOf } from './trouble.js';

/** Who we are to the system: only root may give files away. */
const isRoot = process.geteuid?.() === 0;

const permissions = 0o7777n;
const setIds = 0o6000;

/** Gives an open file or directory the owner (where allowed) and mode of another. */
function setOwnerAndMode(fd: number, want: BigIntStats): void {
  const have = fstatSync(fd, { bigint: true });
  const was = have.uid === want.uid && have.gid === want.gid;
  let owned = was;
  if (!was) {
    try {
      fchownSync(fd, isRoot ? Number(want.uid) : Number(have.uid), Number(want.gid));
      owned = isRoot || have.uid === want.uid;
    } catch (error) {
      if (!mayNotOwn(error)) throw error;
    }
  }
  // Rights of another owner than the source's would be somebody else's rights.
  const mode = Number(want.mode & permissions) & (owned ? 0o7777 : ~setIds & 0o7777);
  if (!was || Number(have.mode & permissions) !== mode) fchmodSync(fd, mode);
}

/** What `cp -p` passes over as well: not root, or a file system without owners. */
function mayNotOwn(error: unknown): boolean {
  return ['EPERM', 'EINVAL', 'ENOTSUP', 'ENOSYS'].includes(codeOf(error) ?? '');
}

/** Are owner and mode, as far as they can be, those of another? */
export function sameOwnerAndMode(have: BigIntStats, want: BigIntStats): boolean {
  const owned = have.uid === want.uid && have.gid === want.gid;
  const differ = (have.mode ^ want.mode) & permissions;
  if (isRoot) return owned && differ === 0n;
  return (differ & (owned ? permissions : permissions & ~BigInt(setIds))) === 0n;
}

/** Units in which file systems keep times: ns, NTFS' 100 ns, µs, s, and FAT's 2 s. */
const units = [1n, 100n, 1_000n, 1_000_000_000n, 2_000_000_000n];

/** Is a time the other one, as precisely as the target's file system keeps it? */
export function sameTime(have: BigIntStats, want: BigIntStats): boolean {
  return units.some(
    (unit) => have.mtimeNs % unit === 0n && want.mtimeNs - (want.mtimeNs % unit) === have.mtimeNs,
  );
}

/** Makes an open file what the source's is, its time last. */
export function dressFile(fd: number, want: BigIntStats): void {
  setOwnerAndMode(fd, want);
  setOwnTime(fd, want.mtimeNs);
}

/**
 * Makes a directory what the source's is, as far as it is ours to do so. `onlyTime`: its owner and mode are its own
 * business.
 */
export function dressDirectory(dir: Dir, want: BigIntStats, onlyTime: boolean): void {
  const have = dir.stat();
  try {
    if (!onlyTime && !sameOwnerAndMode(have, want)) setOwnerAndMode(dir.fd, want);
    if (have.mtimeNs !== want.mtimeNs) dir.setOwnTime(want.mtimeNs);
  } catch (error) {
    if (!mayNotOwn(error)) throw error;
  }
}

/** Makes a link what the source's is; links have no mode. */
export function dressLink(dir: Dir, name: ByteString, want: BigIntStats): void {
  try {
    const have = dir.look(name);
    if (have !== undefined && (have.uid !== want.uid || have.gid !== want.gid))
      dir.setOwner(name, Number(isRoot ? want.uid : have.uid), Number(want.gid));
  } catch (error) {
    if (!mayNotOwn(error)) throw error;
  }
  try {
    dir.setTime(name, want.mtimeNs);
  } catch (error) {
    // A file system whose links have no times.
    if (codeOf(error) !== 'ENOTSUP' && codeOf(error) !== 'EOPNOTSUPP') throw error;
  }
}

/** Without these rights nobody but root can work in a directory. */
export function openUp(dir: Dir): void {
  if (isRoot) return;
  const mode = Number(dir.stat().mode & permissions);
  if ((mode & 0o300) !== 0o300) dir.chmod(mode | 0o700);
}
