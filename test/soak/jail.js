import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
export const repository = here('../../');

/** A directory of the soak's own with a copy of the built program: a rebuild meanwhile changes nothing. */
function sandbox(dist) {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'lsyncd-soak-')));
  for (const name of ['source', 'outside', 'logs', 'home', 'program']) mkdirSync(join(top, name));
  cpSync(dist, join(top, 'program/dist'), { recursive: true });
  symlinkSync(join(repository, 'node_modules'), join(top, 'program/node_modules'));
  writeFileSync(join(top, 'program/package.json'), '{"type":"module"}');
  return top;
}

/** Whether this process is inside a soak's namespace already. */
export const jailed = () => process.env['LSYNCD_SOAK_JAIL'] === '1';

/**
 * Runs a script of this directory again in a namespace where only a new sandbox can be written; the sandbox's path
 * is added to its arguments as `--sandbox PATH`. What ran there is gone when it ends.
 * @param {string} script absolute path
 * @param {{ dist: string, disk: number, keep: boolean }} options disk: MiB of the target's own disk
 * @returns {Promise<number>} its exit status; unless that is 0 the sandbox is kept and named
 */
export async function inJail(script, options) {
  const top = sandbox(options.dist);
  const inner = [process.execPath, script, ...process.argv.slice(2), '--sandbox', top];
  const space = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'];
  const run = spawn('unshare', [...space, 'bash', here('jail.sh'), top, String(options.disk), ...inner], {
    stdio: 'inherit',
    env: {
      ...process.env,
      LSYNCD_SOAK_JAIL: '1',
      HOME: join(top, 'home'),
      XDG_STATE_HOME: join(top, 'state'),
      TMPDIR: top,
    },
  });
  // The namespace ends with unshare, and all its processes with the namespace.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => run.kill('SIGKILL'));
  const code = await new Promise((resolve, reject) => {
    run.on('error', reject);
    run.on('exit', (status) => resolve(status ?? 1));
  });
  if (code === 0 && !options.keep) rmSync(top, { recursive: true, force: true });
  else process.stdout.write(`logs: ${top}/logs\n`);
  return code;
}
