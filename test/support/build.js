/**
 * Compiles what is out of date: `node test/support/build.js [dist] [dist-test]`. One at a time: two test runs in one
 * checkout must not write the same files at once.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath, URL } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const cache = join(root, 'node_modules/.cache/lsyncd-ts');

/** By what they make: the project file, what it is made of, and a file of it that must be there. */
const products = {
  dist: { project: 'tsconfig.build.json', sources: ['src'], witness: 'dist/cli/main.js' },
  'dist-test': {
    project: 'test/support/tsconfig.json',
    sources: ['test/support/demo', 'test/support/qingstor', 'test/support/wait.ts'],
    witness: 'dist-test/demo/main.js',
  },
};

/** The latest change below a path; a directory's own time tells of files added and removed. */
function changed(path) {
  const stats = statSync(path);
  const inner = stats.isDirectory() ? readdirSync(path).map((name) => changed(join(path, name))) : [];
  return Math.max(stats.mtimeMs, ...inner);
}

/** Time of the last build; nothing when what it made is gone. */
function builtAt(name, witness) {
  try {
    statSync(join(root, witness));
    return Number(readFileSync(join(cache, name), 'utf8'));
  } catch {
    return -Infinity;
  }
}

function isStale(name) {
  const { project, sources, witness } = products[name];
  const inputs = [...sources, project, 'tsconfig.json'].map((path) => changed(join(root, path)));
  return Math.max(...inputs) >= builtAt(name, witness);
}

/** Builds a product when its sources are newer. @returns whether it had to */
export async function ensureBuilt(name) {
  if (!isStale(name)) return false;
  mkdirSync(cache, { recursive: true });
  const release = await lock(join(cache, 'lock'));
  try {
    if (!isStale(name)) return false;
    const start = Date.now();
    execFileSync(
      process.execPath,
      [join(root, 'node_modules/typescript/bin/tsc'), '-p', products[name].project],
      {
        cwd: root,
        stdio: ['ignore', 'inherit', 'inherit'],
      },
    );
    writeFileSync(join(cache, name), String(start));
    return true;
  } finally {
    release();
  }
}

/** Takes a lock file, which names its holder; that of a holder who died is taken over. */
async function lock(file) {
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isAbandoned(file)) rmSync(file, { force: true });
    else await pause(100);
  }
}

function isAbandoned(file) {
  try {
    const holder = Number(readFileSync(file, 'utf8'));
    // Empty: its holder is about to write its number.
    if (holder === 0) return Date.now() - statSync(file).mtimeMs > 10_000;
    process.kill(holder, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  try {
    for (const name of process.argv.slice(2))
      if (await ensureBuilt(name)) process.stdout.write(`Built ${name}.\n`);
  } catch (error) {
    // The compiler has said what is wrong.
    if (error.status === undefined) process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
