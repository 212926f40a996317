import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Tests run the built program: build it when a source is newer. */
export default function setup(): void {
  const script = fileURLToPath(new URL('support/build.js', import.meta.url));
  execFileSync(process.execPath, [script, 'dist'], { stdio: 'inherit' });
}
