import { existsSync, lstatSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Change } from '../qingstor/journal.js';
import type { Stage } from './stage.js';

/** A change of the bucket as lines: `+` new, `~` changed, `-` gone. */
export function linesOf({ kind, key, from, size, replaced }: Change): string[] {
  const what = key.endsWith('/') ? 'directory' : `${size} bytes`;
  switch (kind) {
    case 'delete':
      return [`- ${key}`];
    case 'move':
      return [
        `- ${from ?? ''}  (moved)`,
        `${replaced ? '~' : '+'} ${key}  (moved on the server, nothing sent)`,
      ];
    case 'put':
    case 'copy':
      return [`${replaced ? '~' : '+'} ${key}  (${what})`];
  }
}

/** The demo's own path put as `$SCRATCH`. */
export function shortened(text: string, { top }: Stage): string {
  return text.replaceAll(top, '$SCRATCH');
}

/** Lines of the log from one place on, and where the next ones begin. */
export function logSince(stage: Stage, offset: number): { lines: string[]; offset: number } {
  if (!existsSync(stage.log)) return { lines: [], offset };
  const bytes = readFileSync(stage.log);
  const end = bytes.lastIndexOf(10) + 1;
  if (end <= offset) return { lines: [], offset };
  return { lines: shortened(bytes.toString('utf8', offset, end - 1), stage).split('\n'), offset: end };
}

/** The status file; empty while there is none. */
export function statusOf(stage: Stage): string {
  return existsSync(stage.status) ? readFileSync(stage.status, 'utf8') : '';
}

/** What differs between the directory and the bucket: one line each, none when they are equal. */
export async function differences(stage: Stage): Promise<string[]> {
  const { objects } = stage.server.bucket(stage.bucket);
  const local = new Map<string, Buffer>();
  for (const entry of readdirSync(stage.source, { recursive: true, encoding: 'utf8' })) {
    const path = join(stage.source, entry);
    const key = relative(stage.source, path);
    if (lstatSync(path).isDirectory()) local.set(`${key}/`, Buffer.alloc(0));
    else local.set(key, readFileSync(path));
  }
  const found: string[] = [];
  for (const [key, bytes] of local) {
    const content = objects.get(key)?.content;
    if (content === undefined) found.push(`${key} is not in the bucket`);
    else if (!(await content.bytes()).equals(bytes)) found.push(`${key} has other bytes in the bucket`);
  }
  for (const key of objects.keys) if (!local.has(key)) found.push(`${key} is in the bucket only`);
  return found;
}
