import { LsyncdError } from '../core/errors.js';

/** Level of a line. */
export type Level = 'Error' | 'Warn' | 'Normal' | 'Debug';

/** Winston's levels: what decides where a line goes and with which priority. */
export const levels: Readonly<Record<Level, number>> = { Error: 0, Warn: 1, Normal: 2, Debug: 3 };

/** lsyncd's own debug categories; syslog gets them as debug (seen with lsyncd 2.2.3). */
const debugCategories = new Set([
  'Exec',
  'Delay',
  'Filter',
  'Exclude',
  'Inotify',
  'Alarm',
  'FWrite',
  'Function',
  'Call',
  'Statusfile',
  'Tunnel',
]);

/** Level of a category; one that a script has invented counts as Normal. */
export function levelOf(category: string): Level {
  if (category === 'Error' || category === 'Warn') return category;
  return debugCategories.has(category) ? 'Debug' : 'Normal';
}

/**
 * Checks the argument of `-log` (spec/cli.md): `all`, `scarce`, or a category, which begins with a capital.
 * @throws LsyncdError with lsyncd's text.
 */
export function checkCategory(name: string): void {
  if (name === 'all' || name === 'scarce' || /^[A-Z]/.test(name)) return;
  throw new LsyncdError('LSY_LOG_CATEGORY', `'${name}' is not a valid logging category`);
}

/**
 * Which categories are shown. `Normal`, `Warn` and `Error` always, others when turned on; after `scarce` only
 * `Warn` and `Error` (lsyncd 2.2.3 shows warnings then, too, whatever its usage says).
 */
export class CategoryFilter {
  private everything = false;
  private readonly shown = new Set(['Normal', 'Warn', 'Error']);

  /** @param name an argument of `-log`. @throws LsyncdError for an invalid one. */
  turnOn(name: string): void {
    checkCategory(name);
    if (name === 'all') this.everything = true;
    else if (name === 'scarce') {
      this.everything = false;
      this.shown.clear();
      this.shown.add('Warn').add('Error');
    } else this.shown.add(name);
  }

  shows(category: string): boolean {
    return this.everything || this.shown.has(category);
  }
}
