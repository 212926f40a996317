import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { asBytes, toTextStrict, type ByteString } from '../../core/bytes.js';
import { fromBuffer, toBuffer } from '../../sys/bytes.js';
import type { LuaValue } from '../values.js';

/** What a command reads and where its output goes; by default both are the program's own. */
export interface ShellStdio {
  readonly input?: ByteString;
  /** Keep the output. */
  readonly capture?: boolean;
}

/** How a command ended. */
export interface ShellEnd {
  /** What was captured. */
  readonly output: ByteString;
  /** Lua's results: true or nil, `exit` or `signal`, the number. */
  readonly result: readonly LuaValue[];
}

/**
 * Runs `sh -c command` and waits for its end; everything else stands still meanwhile, as in lsyncd.
 * @param command bytes; cut at the first NUL, as C does.
 */
export function runShell(command: ByteString, stdio: ShellStdio): ShellEnd {
  const pipes: ('inherit' | 'pipe')[] = [
    stdio.input === undefined ? 'inherit' : 'pipe',
    stdio.capture === true ? 'pipe' : 'inherit',
    'inherit',
  ];
  const end = spawnSync('/bin/sh', ['-c', argument(command.split('\0', 1)[0] ?? '')], {
    stdio: pipes,
    maxBuffer: Infinity,
    ...(stdio.input === undefined ? {} : { input: toBuffer(stdio.input) }),
  });
  // The exit code counts, also when the command ended before it had read all its input (EPIPE).
  const signal = end.signal === null ? undefined : constants.signals[end.signal];
  const output = Buffer.isBuffer(end.stdout) ? fromBuffer(end.stdout) : asBytes('');
  if (signal !== undefined) return { output, result: [undefined, asBytes('signal'), signal] };
  const status = end.status ?? 127;
  return { output, result: [status === 0 ? true : undefined, asBytes('exit'), status] };
}

/** Node passes arguments as UTF-8; other bytes are rebuilt by the shell itself. */
function argument(command: string): string {
  const text = toTextStrict(asBytes(command));
  if (text !== undefined) return text;
  const octal = Array.from(command, (c) => '\\' + c.charCodeAt(0).toString(8).padStart(3, '0')).join('');
  // The x keeps line ends that command substitution would cut.
  return `c=$(printf '${octal}x'); eval "\${c%x}"`;
}
