/** How an ended child's exit code is to be taken. */
export type Verdict = 'ok' | 'again' | 'die';
