import type { Observation } from './case.js';

const days = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const months = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const ctime = new RegExp(`${days} ${months} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d \\d{4}`, 'g');

/** Makes text of two programs comparable: sandbox paths, times, addresses, numbers that mean nothing. */
export function normalised(text: string, top: string): string {
  return (
    text
      .replaceAll(top, '/S')
      .replace(ctime, '<ctime>')
      .replace(/^\d\d:\d\d:\d\d (?=[A-Z])/gm, '<time> ')
      .replace(/0x[0-9a-f]+/g, '0x…')
      // Frames of either program's own: lsyncd's in its Lua text, ours in JavaScript.
      .replace(/^.*Error: Backtrace \d+ :(?:\[C\]|\/build\/).*\n/gm, '')
      .replace(/Backtrace \d+/g, 'Backtrace N')
      .replace(/^Version: .*$/gm, 'Version: N')
      .replace(/\(Timestamp: [\d.]+\)/g, '(Timestamp: N)')
  );
}

/** Lines of a text; a line break at its end makes no line. */
export function lines(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** A status file's lines: watch numbers go, watches are sorted. */
export function statusLines(text: string): string[] {
  const all = lines(text).map((line) => line.replace(/^ {2}\d+: /, '  N: '));
  const watches = all.filter((line) => line.startsWith('  N: ')).sort();
  return [...all.filter((line) => !line.startsWith('  N: ')), ...watches];
}

/** Applies a change to each line of the log and of the console. */
export function eachLine(seen: Observation, change: (line: string) => string | undefined): Observation {
  const through = (list: readonly string[]): string[] =>
    list.map(change).filter((line): line is string => line !== undefined);
  return {
    ...seen,
    log: through(seen.log),
    stdout: through(seen.stdout),
    stderr: through(seen.stderr),
  };
}
