import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

/**
 * Builds the program into a directory of this run's own: a build going on in the same checkout does no harm.
 * Type errors do not matter here (`npm run typecheck` finds them), as long as there is a program.
 */
export default function setup(): () => void {
  const cache = join(process.cwd(), 'node_modules/.cache/lsyncd-ts');
  mkdirSync(cache, { recursive: true });
  const copy = mkdtempSync(join(cache, 'differential-'));
  const dist = join(cache, 'differential-dist');
  spawnSync(
    process.execPath,
    [
      ...['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', dist, '--incremental'],
      ...['--tsBuildInfoFile', join(cache, 'differential.tsbuildinfo')],
    ],
    { stdio: 'inherit' },
  );
  if (!existsSync(join(dist, 'cli/main.js'))) throw new Error('the program could not be built');
  cpSync(dist, join(copy, 'dist'), { recursive: true });
  cpSync('package.json', join(copy, 'package.json'));
  process.env['LSYNCD_DIFFERENTIAL_DIST'] = join(copy, 'dist');
  return () => rmSync(copy, { recursive: true, force: true });
}
