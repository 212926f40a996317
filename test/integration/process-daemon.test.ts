import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const program = join(dirname(fileURLToPath(import.meta.url)), 'fixtures/daemon.js');

interface Facts {
  readonly pid: number;
  readonly fds: readonly string[];
  readonly cwd: string;
  readonly env: readonly string[];
  readonly argv: readonly string[];
}

let dir: string;
beforeEach(() => (dir = realpathSync(mkdtempSync(join(tmpdir(), 'lsyncd-ts-daemon-')))));
afterEach(() => {
  const pid = existsSync(join(dir, 'pid')) ? Number(readFileSync(join(dir, 'pid'))) : undefined;
  try {
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
  rmSync(dir, { recursive: true, force: true });
});

/** What the user types; ends when the launcher has ended and nothing holds the terminal's streams any more. */
const typed = (scenario: string, path = program) =>
  spawnSync(process.execPath, [path, scenario, dir], { cwd: dir, encoding: 'latin1', timeout: 20_000 });

const facts = (): Facts => JSON.parse(readFileSync(join(dir, 'facts'), 'utf8')) as Facts;
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
};

describe('daemon', () => {
  it('is detached, with the launcher ended at 0 and the terminal released', async () => {
    const end = typed('runs');
    expect([end.status, end.stdout, end.stderr]).toEqual([0, `config loaded in ${dir}\n`, '']);
    await expect.poll(() => existsSync(join(dir, 'facts'))).toBe(true);
    const { pid, fds, cwd, env } = facts();
    expect({ fds, cwd, env }).toEqual({ fds: Array(3).fill('/dev/null'), cwd: '/', env: [] });
    const [, , group, session, tty] = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /, '')
      .split(' ');
    expect([group, session, tty]).toEqual([String(pid), String(pid), '0']);
    expect(readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0')[0]).toBe('lsyncd-ts');
    writeFileSync(join(dir, 'end'), '');
    await expect.poll(() => alive(pid)).toBe(false);
  });

  it('keeps the launcher waiting until it is ready', async () => {
    const launcher = spawn(process.execPath, [program, 'slow', dir], { cwd: dir, stdio: 'ignore' });
    const ended = new Promise<number | null>((resolve) => launcher.once('exit', resolve));
    await expect.poll(() => existsSync(join(dir, 'pid')), { timeout: 10_000 }).toBe(true);
    expect(launcher.exitCode).toBeNull();
    writeFileSync(join(dir, 'go'), '');
    expect(await ended).toBe(0);
  });

  it.each([
    ['fails', 7, 'Error: Cannot find \xff\n'],
    ['fails-late', 255, 'Error: no watches\n'],
    ['dies', 9, ''],
    ['killed', 137, ''],
  ])('that %s gives the launcher its status %i and text', (scenario, status, stderr) => {
    const end = typed(scenario);
    expect([end.status, end.stdout, end.stderr]).toEqual([status, `config loaded in ${dir}\n`, stderr]);
  });

  it('gets the signals its launcher gets while it starts', async () => {
    const launcher = spawn(process.execPath, [program, 'slow', dir], { cwd: dir, stdio: 'ignore' });
    const ended = new Promise<number | null>((resolve) => launcher.once('exit', resolve));
    await expect.poll(() => existsSync(join(dir, 'pid')), { timeout: 10_000 }).toBe(true);
    launcher.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(alive(Number(readFileSync(join(dir, 'pid'))))).toBe(false);
  });

  it('starts through a symbolic link, as npm installs commands', () => {
    const link = join(dir, 'lsyncd-ts');
    symlinkSync(program, link);
    expect(typed('runs', link).status).toBe(0);
    writeFileSync(join(dir, 'end'), '');
  });

  it('gets arguments byte by byte', async () => {
    const script = `"$0" "$1" runs "$2" "$(printf 'a\\377b')" "$(printf '\\303\\274')"`;
    const end = spawnSync('/bin/sh', ['-c', script, process.execPath, program, dir], { timeout: 20_000 });
    expect(end.status).toBe(0);
    await expect.poll(() => existsSync(join(dir, 'facts'))).toBe(true);
    expect(facts().argv).toEqual(['runs', dir, 'a\xffb', '\xc3\xbc']);
    writeFileSync(join(dir, 'end'), '');
  });
});
