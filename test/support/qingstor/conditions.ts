import { invalidArgument, preconditionFailed } from './errors.js';
import type { StoredObject } from './objects.js';

/** The four conditions on an object, each as sent. */
export interface Conditions {
  readonly match: string | undefined;
  readonly noneMatch: string | undefined;
  readonly modifiedSince: string | undefined;
  readonly unmodifiedSince: string | undefined;
}

/**
 * Whether a reader has it already (304), from the conditions of a read.
 * @throws QsError 412 when a condition does not hold
 */
export function unchanged(object: StoredObject, conditions: Conditions): boolean {
  const { match, noneMatch, modifiedSince, unmodifiedSince } = conditions;
  if (match !== undefined && !names(match, object.etag)) throw preconditionFailed();
  if (match === undefined && unmodifiedSince !== undefined && seconds(object) > time(unmodifiedSince))
    throw preconditionFailed();
  if (noneMatch !== undefined) return names(noneMatch, object.etag);
  return modifiedSince !== undefined && seconds(object) <= time(modifiedSince);
}

/** The same for a copy's source, where having it already is a failure too. @throws QsError 412 */
export function mustBeWanted(object: StoredObject, conditions: Conditions): void {
  if (unchanged(object, conditions)) throw preconditionFailed();
}

/** HTTP dates have whole seconds. */
function seconds({ modified }: StoredObject): number {
  return Math.floor(modified / 1000) * 1000;
}

function time(date: string): number {
  const ms = Date.parse(date);
  if (Number.isNaN(ms)) throw invalidArgument('A condition has no date.');
  return ms;
}

function names(list: string, etag: string): boolean {
  return list.split(',').some((one) => {
    const bare = one.trim().replace(/^W\//, '').replaceAll('"', '');
    return bare === '*' || bare === etag;
  });
}
