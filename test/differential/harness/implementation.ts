import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** One of the two programs compared. */
export interface Implementation {
  readonly name: 'real' | 'ours';
  readonly command: readonly string[];
}

export const real: Implementation = { name: 'real', command: ['/usr/bin/lsyncd'] };

/** The built program; the run's own copy of it, so that a build going on meanwhile does no harm. */
export const ours: Implementation = {
  name: 'ours',
  command: [process.execPath, join(process.env['LSYNCD_DIFFERENTIAL_DIST'] ?? 'dist', 'cli/main.js')],
};

const jailScript = fileURLToPath(new URL('jail.pl', import.meta.url));

/** Whether programs can be kept from writing anywhere but in their own directory; proved by trying. */
export const jailHolds = existsSync('/usr/bin/perl') && probeJail();

/** A command that runs another inside the jail of a directory (or plainly, where there is no jail). */
export function jailed(dir: string, command: readonly string[]): string[] {
  return jailHolds ? ['/usr/bin/perl', jailScript, dir, ...command] : [...command];
}

/** True when lsyncd 2.2.3 is installed. */
export function realIsThere(): boolean {
  if (!existsSync('/usr/bin/lsyncd')) return false;
  return execFileSync('/usr/bin/lsyncd', ['-version'], { encoding: 'utf8' }).trim() === 'Version: 2.2.3';
}

function probeJail(): boolean {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'lsydiff-')));
  const dir = join(top, 'real');
  try {
    mkdirSync(dir);
    const attempt = `echo in > '${dir}/in' && ! (echo out > '${top}/out') 2>&-`;
    const { status } = spawnSync('/usr/bin/perl', [jailScript, dir, '/bin/sh', '-c', attempt], {
      stdio: 'ignore',
    });
    return status === 0 && existsSync(join(dir, 'in')) && !existsSync(join(top, 'out'));
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}
