/** How an ended child's exit code is to be taken; `suspend`: nobody foresaw it. */
export type Verdict = 'ok' | 'again' | 'die' | 'suspend';

/**
 * What an exit code means that the config says nothing about: a child (or a shell's child) ended by a signal has
 * failed for now; any other leaves the sync alone for a while.
 */
export function unforeseen(code: number): 'again' | 'suspend' {
  return code > 128 && code <= 192 ? 'again' : 'suspend';
}
