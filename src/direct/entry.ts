/** Brings one thing of the source's tree to the target: what stands there now. */
import { closeSync, fstatSync, type BigIntStats } from 'node:fs';
import type { BytePath, ByteString } from '../core/bytes.js';
import type { Dir } from '../sys/at.js';
import { dressFile, dressLink, openUp, sameOwnerAndMode, sameTime } from './attributes.js';
import { copyContent, sameContent } from './content.js';
import { asDirectory, parentOf } from './paths.js';
import { makeRoom, remove } from './removal.js';
import type { Session } from './session.js';
import { forget, temporaryName } from './temporary.js';
import { isElsewise, reading, Trouble } from './trouble.js';

/** A place in both trees: one name in two open directories. */
export interface Place {
  readonly source: Dir;
  readonly target: Dir;
  readonly name: ByteString;
  /** Without trailing slash. */
  readonly path: BytePath;
}

export interface How {
  readonly mayDelete: boolean;
  /** Equal size and time prove nothing: the contents are compared. */
  readonly doubted: boolean;
  /** Only its attributes were changed, as far as is known: a file of equal size may have equal content. */
  readonly attributes?: boolean;
}

/** What stood at the source's path when it was last looked at. */
export type Brought = 'directory' | 'other' | 'gone';

/** `hasty`: it is copied as it is read now, even if it changes meanwhile, as nothing better can be had soon. */
interface HowNow extends How {
  readonly hasty: boolean;
}

/** How often a file that changes while it is read is begun anew before others get their turn. */
const tries = 3;

/**
 * Makes the target's one what the source's is. A directory is only made: its content and times are for others.
 * @throws Trouble
 */
export async function bring(session: Session, place: Place, how: How): Promise<Brought> {
  for (let left = tries; ; left--) {
    await session.breathe();
    const found = reading(() => place.source.look(place.name));
    try {
      return await bringFound(session, place, { ...how, hasty: left <= 1 }, found);
    } catch (error) {
      // It became something else, or changed while it was read.
      const moved = error instanceof Trouble && error.side === 'source' && isElsewise(error);
      if (!(error instanceof Changed) && !moved) throw error;
      if (left <= 1) throw new Changed();
    }
  }
}

class Changed extends Trouble {
  constructor() {
    super('source', 'EBUSY', 'it was changed while it was copied, several times; it is tried again', 'again');
  }
}

async function bringFound(
  session: Session,
  place: Place,
  how: HowNow,
  found: BigIntStats | undefined,
): Promise<Brought> {
  const { path } = place;
  if (found?.isDirectory() === true) {
    session.makeDirectory(place.target, path);
    return 'directory';
  }
  if (found?.isFile() === true) await bringFile(session, place, how, found);
  else if (found?.isSymbolicLink() === true) await bringLink(session, place, how, found);
  else if (found !== undefined) {
    session.skip(path, 'neither file, directory nor symbolic link');
    await clear(session, place, how);
  } else {
    await clear(session, place, how);
    return 'gone';
  }
  return 'other';
}

/** Nothing of the source's belongs there. */
async function clear(session: Session, place: Place, { mayDelete }: How): Promise<void> {
  if (mayDelete && place.target.look(place.name) !== undefined) await remove(session, place.path, 'excluded');
}

async function bringLink(session: Session, place: Place, how: How, want: BigIntStats): Promise<void> {
  const { source, target, name, path } = place;
  const text = reading(() => source.readlink(name));
  const have = target.look(name);
  if (have?.isSymbolicLink() === true && target.readlink(name) === text) {
    if (!sameTime(have, want) || have.uid !== want.uid || have.gid !== want.gid)
      dressLink(target, name, want);
    return;
  }
  if (have?.isDirectory() === true) await makeRoom(session, path, how.mayDelete);
  await placed(target, name, (temporary) => {
    target.symlink(text, temporary);
    dressLink(target, temporary, want);
    return Promise.resolve();
  });
  session.touched.add(asDirectory(parentOf(path)));
  session.stats.files++;
  session.exec('link', path);
}

async function bringFile(session: Session, place: Place, how: HowNow, want: BigIntStats): Promise<void> {
  const { source, target, name, path } = place;
  const have = target.look(name);
  const sameSize = have?.isFile() === true && have.size === want.size;
  const alike = sameSize && sameTime(have, want);
  if (alike && !how.doubted) {
    if (!sameOwnerAndMode(have, want)) redress(target, name, want);
    return;
  }
  const from = reading(() => source.openForReading(name));
  try {
    const before = reading(() => fstatSync(from, { bigint: true }));
    if (!before.isFile()) throw new Changed();
    const perhapsCopy = alike || (sameSize && how.attributes === true);
    if (perhapsCopy && (await isCopy(session, place, from, before))) return;
    if (have?.isDirectory() === true) await makeRoom(session, path, how.mayDelete);
    let bytes = 0;
    const copied = { whole: true };
    await placed(target, name, async (temporary) => {
      const to = target.create(temporary);
      try {
        bytes = await copyContent(session.state.io, from, to, before, session.signal);
        const after = unchanged(place, from, before);
        if (after === undefined && !how.hasty) throw new Changed();
        copied.whole = after !== undefined;
        // With the time it had at first: the next look sees that it is not what it should be.
        dressFile(to, after ?? before);
      } finally {
        closeSync(to);
      }
    });
    session.touched.add(asDirectory(parentOf(path)));
    session.stats.files++;
    session.stats.bytes += bytes;
    session.exec('copy', path);
    if (!copied.whole) throw new Changed();
  } finally {
    closeSync(from);
  }
}

/** Does the target have that content already? Then only owner and mode may be missing. */
async function isCopy(session: Session, place: Place, from: number, before: BigIntStats): Promise<boolean> {
  const { target, name } = place;
  const file = target.openForReading(name);
  try {
    const have = fstatSync(file, { bigint: true });
    if (!have.isFile() || have.size !== before.size) return false;
    if (!(await sameContent(session.state.io, from, file, Number(before.size), session.signal))) return false;
    const want = unchanged(place, from, before);
    if (want === undefined) throw new Changed();
    if (!sameOwnerAndMode(have, want) || !sameTime(have, want)) dressFile(file, want);
    return true;
  } finally {
    closeSync(file);
  }
}

/** The look afterwards (spec/pains.md 15): undefined when the file is not what it was. */
function unchanged({ source, name }: Place, from: number, before: BigIntStats): BigIntStats | undefined {
  const same = (now: BigIntStats | undefined): boolean =>
    now?.size === before.size &&
    now.mtimeNs === before.mtimeNs &&
    now.ino === before.ino &&
    now.dev === before.dev;
  const after = reading(() => fstatSync(from, { bigint: true }));
  return same(after) && same(reading(() => source.look(name))) ? after : undefined;
}

/** Owner and mode of a file whose content is right. */
function redress(target: Dir, name: ByteString, want: BigIntStats): void {
  const file = target.openForReading(name);
  try {
    if (fstatSync(file).isFile()) dressFile(file, want);
  } finally {
    closeSync(file);
  }
}

/** Makes something under a temporary name and renames it into place, so that nobody sees half of it. */
async function placed(
  target: Dir,
  name: ByteString,
  make: (temporary: ByteString) => Promise<void>,
): Promise<void> {
  openUp(target);
  const temporary = temporaryName();
  try {
    await make(temporary);
    target.rename(temporary, target, name);
  } catch (error) {
    try {
      target.unlink(temporary);
    } catch {
      // It was not made, or the disk has gone; a later comparison finds it.
    }
    throw error;
  } finally {
    forget(temporary);
  }
}
