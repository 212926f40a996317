import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import build from '../../global-setup.js';

/** Builds the program and keeps a copy for this run: a build in the same checkout meanwhile does no harm. */
export default function setup(): () => void {
  build();
  const cache = 'node_modules/.cache/lsyncd-ts';
  mkdirSync(cache, { recursive: true });
  const copy = mkdtempSync(join(process.cwd(), cache, 'differential-'));
  cpSync('dist', join(copy, 'dist'), { recursive: true });
  cpSync('package.json', join(copy, 'package.json'));
  process.env['LSYNCD_DIFFERENTIAL_DIST'] = join(copy, 'dist');
  return () => rmSync(copy, { recursive: true, force: true });
}
