import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../support/wait.js';

const script = fileURLToPath(new URL('../support/demo/run.sh', import.meta.url));
const patience = 120_000;

let temporary: string;
let running: ChildProcess | undefined;
beforeEach(() => {
  temporary = realpathSync(mkdtempSync(join(tmpdir(), 'demo-test-')));
});
afterEach(async () => {
  if (running !== undefined && running.exitCode === null && running.signalCode === null) {
    running.kill('SIGTERM');
    await until(() => running?.exitCode !== null || running.signalCode !== null, 'the demo to end');
  }
  rmSync(temporary, { recursive: true, force: true });
});

/** Runs the demo with temporary files in a directory of this test's own. */
function start(...args: string[]): { readonly child: ChildProcess; readonly output: () => string } {
  const child = spawn('bash', [script, ...args], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running = child;
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString('utf8')));
  child.stderr.on('data', (data: Buffer) => (output += data.toString('utf8')));
  return { child, output: () => output };
}

async function shows(output: () => string, child: ChildProcess, text: string): Promise<void> {
  await until(() => output().includes(text) || child.exitCode !== null, text, patience).catch(
    (error: unknown) => {
      throw new Error(`${(error as Error).message}\n${output()}`);
    },
  );
  expect(output()).toContain(text);
}

it(
  'shows files created, changed, moved and deleted on their way to the bucket, and leaves nothing',
  async () => {
    const { child, output } = start('--once');
    await until(() => child.exitCode !== null, 'the end of the demo', patience).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}\n${output()}`);
    });
    const text = output();
    expect(child.exitCode, text).toBe(0);
    const lines = [
      /^ +\+ README\.txt +\(10 bytes\)$/m,
      /^\w{3} \w{3} [ \d]\d [\d:]{8} \d{4} Normal: --- Startup ---$/m,
      /^ +\+ photos\/cat\.jpg /m,
      /^ +~ notes\.txt +\(13 bytes\)$/m,
      /^ +\+ photos\/2024\/5\.jpg +\(moved on the server, nothing sent\)$/m,
      /^Lsyncd status report at \w{3} /m,
      /^wait +Delete \/README\.txt$/m,
      /^ +- README\.txt$/m,
    ];
    let at = 0;
    for (const line of lines) {
      const found = line.exec(text.slice(at));
      expect(found, `${String(line)} after ${text.slice(0, at)}`).not.toBeNull();
      at += found!.index;
    }
    expect(text).toMatch(/^ +- notes\.txt/m);
    expect(text).toContain('The bucket equals the directory: 4 objects.');
    // Neither key is shown.
    expect(text).not.toMatch(/QYACCESSKEY|secret/i);
    expect(readdirSync(temporary)).toEqual([]);
  },
  patience,
);

it(
  'goes on until it is interrupted, and then leaves nothing',
  async () => {
    const { child, output } = start();
    await shows(output, child, '+ photos/cat.jpg');
    const scratch = /SCRATCH=(.*)/.exec(output())?.[1] ?? '';
    expect(existsSync(scratch)).toBe(true);
    child.kill('SIGINT');
    await until(() => child.exitCode !== null || child.signalCode !== null, 'the end of the demo', 30_000);
    expect(child.exitCode, output()).toBe(0);
    expect(output()).toMatch(/lsyncd-ts ended: exit status 143/);
    expect(output()).toContain('everything of the demo is removed');
    expect(readdirSync(temporary)).toEqual([]);
  },
  patience,
);
