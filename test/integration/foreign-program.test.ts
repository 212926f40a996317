import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { findClient, installPatience, Qsctl, Rclone } from '../foreign-clients/clients.js';
import { Sandbox } from '../support/program.js';
import { QingStor } from '../support/qingstor/server.js';
import { until } from '../support/wait.js';

const churn = join(dirname(dirname(fileURLToPath(import.meta.url))), 'support', 'churn.py');
const bucket = 'example-bucket';

let box: Sandbox;
let server: QingStor;
let clients: { readonly qsctl: Found; readonly rclone: Found };
type Found = Awaited<ReturnType<typeof findClient>>;

beforeAll(async () => {
  clients = { qsctl: await findClient('qsctl'), rclone: await findClient('rclone') };
}, 2 * installPatience);
beforeEach(async () => {
  box = new Sandbox();
  server = new QingStor({ buckets: [bucket] });
  await server.listen();
  writeFileSync(join(box.home, '.qingstor', 'config.yaml'), server.config);
});
afterEach(async () => {
  await box.close();
  await server.close();
});

/** A client's own home, empty. */
function home(name: string): string {
  const path = join(box.top, name);
  mkdirSync(path, { recursive: true });
  return path;
}

function qsctlOf(context: TestContext): Qsctl {
  if ('reason' in clients.qsctl) return context.skip(clients.qsctl.reason);
  return new Qsctl(clients.qsctl.path, server, home('qsctl'));
}

function rcloneOf(context: TestContext): Rclone {
  if ('reason' in clients.rclone) return context.skip(clients.rclone.reason);
  return new Rclone(clients.rclone.path, server, home('rclone'));
}

/** Random operations with names every client understands. */
function operate(seed: number, count: number): Promise<void> {
  const child = spawn('python3', [churn, String(seed), String(count), box.source, 'plain'], {
    stdio: 'ignore',
  });
  return until(() => child.exitCode !== null, 'the operations', 120_000);
}

async function started(): Promise<ChildProcess> {
  const child = box.start(
    `settings { logfile = "$TOP/log", statusFile = "$TOP/status", statusInterval = 1 }
     sync { default.qingstor, source = "$TOP/source", target = "qs://${bucket}", delay = 1 }`,
  );
  await box.logs(/Startup of .* finished/, 60_000);
  return child;
}

/** Every file below the source as a key. */
function files(): string[] {
  const found = execFileSync('find', ['.', '-type', 'f', '-printf', '%P\\n'], {
    cwd: box.source,
    encoding: 'utf8',
  });
  return found
    .split('\n')
    .filter((name) => name !== '')
    .toSorted();
}

const keys = (): string[] =>
  server
    .bucket(bucket)
    .objects.keys.filter((key) => !key.endsWith('/'))
    .toSorted();

/** The bucket holds just the files; our program has nothing left to do. */
async function settled(): Promise<void> {
  await until(() => keys().join('\n') === files().join('\n'), 'the same names', 60_000);
  const batches = (): [number, number] => [
    box.logged.split('Syncing').length,
    box.logged.split(/Finished \d/).length,
  ];
  let quiet = 0;
  let last = '';
  await until(
    () => {
      const [begun, ended] = batches();
      const now = `${begun} ${ended}`;
      if (now !== last || begun !== ended) quiet = Date.now();
      last = now;
      return Date.now() - quiet > 2_500;
    },
    'quiet',
    60_000,
  );
}

const changes = (): number =>
  server.requests
    .of('PutObject', 'MoveObject', 'DeleteObject', 'DeleteMultipleObjects', 'InitiateMultipartUpload')
    .filter(({ key, operation }) => operation !== 'PutObject' || key?.endsWith('/') !== true)
    // qsctl also asks to delete an empty list, which is refused.
    .filter(({ status, operation }) => operation !== 'DeleteMultipleObjects' || status === 200).length;

describe('the bucket our program keeps', { timeout: 300_000 }, () => {
  it('equals the directory after the startup and after 1,000 changes, read through rclone', async (context) => {
    const rclone = rcloneOf(context);
    await operate(1, 300);
    const child = await started();
    for (const round of ['startup', 'changes']) {
      if (round === 'changes') await operate(2, 1_000);
      await settled();
      await rclone.must('check', '--checksum', box.source, `qs:${bucket}`);
    }
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
  });

  it('leaves a real qsctl nothing to upload or delete, and is listed by it whole', async (context) => {
    const qsctl = qsctlOf(context);
    const child = await started();
    await operate(3, 1_000);
    await settled();
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
    server.requests.clear();
    await qsctl.must('sync', box.source, `qs://${bucket}`, '--delete');
    console.log('a real qsctl sync afterwards:', server.requests.counts(), `changes: ${changes()}`);
    expect(changes()).toBe(0);
    const listed = await qsctl.must('ls', `qs://${bucket}`, '-r');
    for (const name of files()) expect(listed).toContain(name);
  });

  it('needs no upload and no deletion at start after a real qsctl sync', async (context) => {
    const qsctl = qsctlOf(context);
    await operate(4, 300);
    await qsctl.must('sync', box.source, `qs://${bucket}`, '--delete');
    server.requests.clear();
    const child = await started();
    console.log('our startup after a real qsctl sync:', server.requests.counts());
    expect(changes()).toBe(0);
    expect(keys()).toEqual(files());
    child.kill('SIGTERM');
    await box.ended(child);
    rmSync(box.source, { recursive: true });
  });
});
