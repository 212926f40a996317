import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/program.js';
import { QingStor } from '../support/qingstor/server.js';
import { until } from '../support/wait.js';

const part = 4 * 1024 * 1024;
const bucketName = 'example-bucket';

let box: Sandbox;
beforeEach(() => {
  box = new Sandbox();
});
afterEach(() => box.close());

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Every path below the source: directories with a slash, files with their content. */
function treeOf(top: string, below = ''): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const name of readdirSync(join(top, below))) {
    const path = below + name;
    if (statSync(join(top, path)).isDirectory()) {
      found.set(`${path}/`, Buffer.alloc(0));
      for (const [inner, content] of treeOf(top, `${path}/`)) found.set(inner, content);
    } else found.set(path, readFileSync(join(top, path)));
  }
  return found;
}

/** Random changes; no two contents have the same size, since an equal size within a second proves nothing. */
class Churn {
  private size = 0;
  private made = 0;

  constructor(
    private readonly top: string,
    private readonly random: () => number,
    private readonly large: boolean,
  ) {}

  step(): void {
    const files = [...treeOf(this.top).keys()].filter((path) => !path.endsWith('/'));
    const any = files[Math.floor(this.random() * files.length)];
    const dice = this.random();
    if (any === undefined || dice < 0.45) this.create();
    else if (dice < 0.65) writeFileSync(join(this.top, any), this.content());
    else if (dice < 0.75) appendFileSync(join(this.top, any), 'x'.repeat(++this.size));
    else if (dice < 0.9) renameSync(join(this.top, any), join(this.top, `moved${this.made++}`));
    else rmSync(join(this.top, any));
  }

  private create(): void {
    const name = this.random() < 0.5 ? `f${this.made}` : `d${this.made % 3}/f${this.made}`;
    this.made++;
    mkdirSync(dirname(join(this.top, name)), { recursive: true });
    writeFileSync(join(this.top, name), this.content());
  }

  private content(): Buffer {
    const size = (this.large && this.random() < 0.15 ? 2 * part : 0) + ++this.size;
    return Buffer.alloc(size, `${size} `);
  }
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await until(() => child.signalCode !== null, 'the killed program');
}

describe('native QingStor, killed', { timeout: 300_000 }, () => {
  let server: QingStor;
  beforeEach(async () => {
    server = new QingStor({ buckets: [bucketName] });
    await server.listen();
    writeFileSync(join(box.home, '.qingstor', 'config.yaml'), server.config);
  });
  afterEach(() => server.close());

  const config = () => `settings { logfile = "$TOP/log", statusFile = "$TOP/status", statusInterval = 0 }
    sync { default.qingstor, source = "$TOP/source", target = "qs://${bucketName}", delay = 0,
      qingstor = { partSize = ${part}, workers = 4, retries = 1 } }`;

  const uploads = () => server.bucket(bucketName).uploads.all;

  /** Paths at which bucket and source differ. */
  async function differences(): Promise<string[]> {
    const wanted = treeOf(box.source);
    const { objects } = server.bucket(bucketName);
    const odd: string[] = objects.keys.filter((key) => !wanted.has(key));
    for (const [path, content] of wanted)
      if ((await objects.get(path)?.content.bytes())?.equals(content) !== true) odd.push(path);
    return odd;
  }

  async function converges(): Promise<void> {
    await expect.poll(differences, { timeout: 60_000, interval: 200 }).toEqual([]);
  }

  it('in the middle of an upload of three parts: the next start leaves no upload behind', async () => {
    const content = Buffer.alloc(2 * part + 7, 'three parts ');
    server.faults.add({ kind: 'hang', operation: 'UploadMultipart', part: 2 });
    writeFileSync(join(box.source, 'big'), content);
    const first = box.start(config());
    await until(
      () => uploads().length === 1 && uploads()[0]!.parts.size === 2 && server.requests.underWay > 0,
      'two of three parts',
    );
    await kill(first);
    expect([server.bucket(bucketName).objects.keys, uploads().length]).toEqual([[], 1]);
    server.requests.clear();
    box.start(config());
    await box.logs(/Startup of .* finished/, 60_000);
    await converges();
    await until(() => uploads().length === 0, 'no upload');
    expect(server.requests.count('AbortMultipartUpload')).toBe(1);
    expect(readdirSync(join(box.top, 'state', 'lsyncd-ts', 'uploads'))).toEqual([]);
  });

  it.each([1, 2])('at 12 random moments while files change, ends equal (seed %i)', async (seed) => {
    const random = randomOf(seed);
    const churn = new Churn(box.source, random, true);
    server.latencyMs = 3;
    for (let round = 0; round < 12; round++) {
      const child = box.start(config());
      const before = server.requests.count();
      const enough = Math.floor(random() * 40);
      // The moment is so many requests away; some fall into the start, some into the work that follows.
      const moment = (): boolean => server.requests.count() - before >= enough;
      for (let n = 0; n < 12 && !moment(); n++) {
        churn.step();
        await new Promise((resolve) => setTimeout(resolve, random() * 20));
      }
      const quiet = (): boolean =>
        server.requests.underWay === 0 && /Startup of .* finished/.test(box.logged);
      await until(() => moment() || quiet(), 'a moment to strike', 60_000);
      await kill(child);
      rmSync(box.log, { force: true });
      // Some changes come while nobody looks.
      for (let n = random() * 4; n > 1; n--) churn.step();
    }
    const last = box.start(config());
    await box.logs(/Startup of .* finished/, 60_000);
    await converges();
    // One killed before the service had named its id stays until it is an hour old: it has no part.
    await until(() => uploads().every(({ parts }) => parts.size === 0), 'no upload that holds anything');
    await until(() => existsSync(box.status), 'the status file');
    expect(readdirSync(box.top).filter((name) => name.startsWith('status.'))).toEqual([]);
    last.kill('SIGTERM');
    expect(await box.ended(last)).toBe(143);
  });

  it('removes a status file that was being written, and only that', async () => {
    const dead = spawnSync('true').pid;
    const living = spawn('sleep', ['60']);
    const name = (pid: number, text = '0123456789ab') => join(box.top, `status.${pid}.${text}.tmp`);
    const mine = [name(living.pid!), name(dead, 'short'), join(box.top, 'statuses'), `${name(dead)}.bak`];
    for (const file of [name(dead), ...mine]) writeFileSync(file, 'half');
    box.start(config());
    await until(() => existsSync(box.status), 'the status file');
    await until(() => !existsSync(name(dead)), 'the stale one to go');
    expect(mine.map((file) => existsSync(file))).toEqual([true, true, true, true]);
    living.kill('SIGKILL');
  });
});

describe('default.rsync, killed', { timeout: 300_000 }, () => {
  const config = () => `settings { logfile = "$TOP/log" }
    sync { default.rsync, source = "$TOP/source", target = "$TOP/target", delay = 0,
      rsync = { archive = true, bwlimit = 8000 } }`;

  it('ends equal, and what rsync had not finished is gone after the next start', async () => {
    const target = join(box.top, 'target');
    mkdirSync(target);
    const random = randomOf(3);
    const churn = new Churn(box.source, random, false);
    const unfinished = (): string[] => readdirSync(target).filter((name) => /^\.big\./.test(name));
    let seen = 0;
    for (let round = 0; round < 10; round++) {
      for (let n = 0; n < 5; n++) churn.step();
      writeFileSync(join(box.source, 'big'), Buffer.alloc(6_000_000 + round, `${round}`));
      const child = box.start(config());
      await until(() => unfinished().length > 0 || /Startup of .* finished/.test(box.logged), 'a transfer');
      // rsync's own processes go with the transfer they hold: theirs is the temporary file that stays.
      const rsyncs = childrenOf(child.pid!);
      await kill(child);
      for (const pid of rsyncs) killHard(pid);
      seen += unfinished().length;
      rmSync(box.log, { force: true });
    }
    expect(seen).toBeGreaterThan(0);
    const last = box.start(config());
    await box.logs(/Startup of .* finished/, 60_000);
    const differing = (): string => {
      const args = ['-n', '-a', '-c', '-i', '--delete', '--omit-dir-times', `${box.source}/`, `${target}/`];
      return spawnSync('rsync', args, { encoding: 'latin1' }).stdout;
    };
    await expect.poll(differing, { timeout: 60_000, interval: 500 }).toBe('');
    expect(unfinished()).toEqual([]);
    last.kill('SIGTERM');
    await box.ended(last);
  });
});

/** All processes below one, as the kernel lists them. */
function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text
      .split(' ')
      .filter((word) => word.trim() !== '')
      .map(Number)
      .flatMap((child) => [child, ...childrenOf(child)]);
  } catch {
    return [];
  }
}

function killHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
