import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Paths } from './sandbox.js';

/** Names under which a recording binary is found in every sandbox. */
const names = ['act', 'two', 'rsync', 'ssh'];

/**
 * A binary that records its arguments and its standard input. Files in the `ctl` directory steer it: while
 * `NAME.hold` is there it does not end; `NAME.signal` names a signal to end by; `NAME.exit` holds exit codes, one
 * a call, the last for all further calls.
 */
const script = (paths: Paths, name: string): string => `#!/bin/sh
ctl='${paths.ctl}'
cat > "$ctl/stdin.$$"
printf '%s\\0' $$ ${name} $# "$@" >> "$ctl/calls"
while [ -e "$ctl/${name}.hold" ]; do sleep 0.03; done
if [ -s "$ctl/${name}.say" ]; then cat "$ctl/${name}.say"; cat "$ctl/${name}.say" >&2; fi
if [ -s "$ctl/${name}.signal" ]; then read -r signal < "$ctl/${name}.signal"; kill -"$signal" $$; fi
if [ -s "$ctl/${name}.exit" ]; then
  read -r code rest < "$ctl/${name}.exit"
  [ -z "$rest" ] || echo "$rest" > "$ctl/${name}.exit"
  exit "$code"
fi
exit 0
`;

export function writeShims(paths: Paths): void {
  for (const name of names) writeFileSync(join(paths.bin, name), script(paths, name), { mode: 0o755 });
}

export interface Call {
  readonly text: string;
  readonly stdin: string;
}

/** The calls recorded so far, in order. */
export function recordedCalls(paths: Paths): Call[] {
  const fields = read(join(paths.ctl, 'calls')).split('\0');
  const calls: Call[] = [];
  for (let at = 0; at + 2 < fields.length;) {
    const [pid, name, count] = fields.slice(at, at + 3) as [string, string, string];
    const words = fields.slice(at + 3, at + 3 + Number(count));
    at += 3 + Number(count);
    if (at >= fields.length) break;
    const text = [name, ...words.map((word) => JSON.stringify(word))].join(' ');
    calls.push({ text, stdin: read(join(paths.ctl, `stdin.${pid}`)) });
  }
  return calls;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
