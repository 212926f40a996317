/** A delay's line in a status file. */
interface Line {
  readonly status: string;
  readonly kind: string;
  readonly paths: readonly string[];
}

const delayLine = /^(wait {3}|active |block {2})(Attrib|Create|Modify|Delete|Move) (\/.*)$/;

function parsed(text: string): Line | undefined {
  const [, status, kind, rest] = delayLine.exec(text) ?? [];
  if (status === undefined || kind === undefined || rest === undefined) return undefined;
  const paths = kind === 'Move' ? rest.split(' -> ') : [rest];
  return { status, kind, paths };
}

/** Without the slash that marks a directory. */
const bare = (path: string): string => path.replace(/\/$/, '');

/** True when one path is the other, or above or below it. */
const touch = (a: string, b: string): boolean =>
  bare(a) === bare(b) || bare(a).startsWith(`${bare(b)}/`) || bare(b).startsWith(`${bare(a)}/`);

const meet = (a: Line, b: Line, same: (x: string, y: string) => boolean): boolean =>
  a.paths.some((path) => b.paths.some((other) => same(path, other)));

/**
 * The queue in a status file as ours keeps it.
 * @param block a delay is blocked behind an earlier one on the same path
 * @param merge a delay like the last one that touches its path, which still waits, is no delay of its own
 */
export function improveQueue(
  status: readonly string[],
  { block = false, merge = false }: { readonly block?: boolean; readonly merge?: boolean },
): string[] {
  const earlier: Line[] = [];
  let dropped = 0;
  const kept = status.flatMap((text) => {
    if (/^There are /.test(text)) {
      earlier.length = 0;
      return [text];
    }
    const line = parsed(text);
    if (line === undefined) return [text];
    const last = earlier.findLast((other) => meet(other, line, touch));
    const alike = last?.kind === line.kind && last.paths.join() === line.paths.join();
    if (merge && alike && last.status !== 'active ') {
      dropped++;
      return [];
    }
    const behind = earlier.some((other) => meet(other, line, (a, b) => bare(a) === bare(b)));
    earlier.push(line);
    return block && line.status === 'wait   ' && behind ? [text.replace(/^wait {3}/, 'block  ')] : [text];
  });
  return dropped === 0
    ? kept
    : kept.map((text) => text.replace(/^There are (\d+)/, (_, n) => `There are ${Number(n) - dropped}`));
}

/** `mv d e; rm -r e` with `d/f`: the move and the deletion below it, where lsyncd has only that of `e`. */
export function keepMove(status: readonly string[]): string[] {
  return status.flatMap((line) => {
    const [, count] = /^There are (\d+) delays$/.exec(line) ?? [];
    if (count !== undefined) return [`There are ${Number(count) + 1} delays`];
    if (line === 'wait   Delete /d/') return ['wait   Move /d/ -> /e/'];
    return line === 'block  Delete /e/' ? ['block  Delete /e/f', line] : [line];
  });
}
