import { spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/program.js';
import { QingStor } from '../support/qingstor/server.js';
import { until } from '../support/wait.js';

const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const bucket = 'example-bucket';

let box: Sandbox;
let server: QingStor;
let child: ChildProcess | undefined;

beforeEach(async () => {
  box = new Sandbox();
  server = new QingStor({ buckets: [bucket] });
  await server.listen();
  writeFileSync(join(box.home, '.qingstor', 'config.yaml'), server.config);
});
afterEach(async () => {
  if (child !== undefined && child.exitCode === null && child.signalCode === null) {
    const ending = child;
    ending.kill('SIGKILL');
    await until(() => ending.exitCode !== null || ending.signalCode !== null, 'the killed program');
  }
  child = undefined;
  await box.close();
  await server.close();
});

const config = () => `settings { logfile = "${box.log}", statusFile = "${box.status}", statusInterval = 0 }
  sync { default.qingstor, source = "${box.source}", target = "qs://${bucket}/p", delay = 1 }`;
const keys = (): string[] => server.bucket(bucket).objects.keys;
const text = (key: string): Promise<string | undefined> => server.text(bucket, key);

/** A path of bytes below the source. */
const at = (name: Buffer | string): Buffer =>
  Buffer.concat([Buffer.from(`${box.source}/`), typeof name === 'string' ? Buffer.from(name) : name]);

async function arrives(key: string, content: string): Promise<void> {
  await until(() => keys().includes(key), `the object ${JSON.stringify(key)}`, 60_000);
  await expect.poll(() => text(key), { timeout: 60_000 }).toBe(content);
}

describe('names', { timeout: 180_000 }, () => {
  /** Names that can be keys. */
  const good = [
    'new\nline',
    'tab\tand\rreturn',
    `'single' "double" \`back\``,
    '$(touch x); rm -rf * | & < >',
    '-rf',
    '--delete',
    '   ',
    ' ',
    '...',
    '..dots',
    '..\u00a0',
    '%2e%2e',
    '%2F',
    'a?b#c&d=e+f',
    'back\\slash',
    '\x01\x7f',
    'ümläut 文件 🎉',
    'e\u0301 and \u00e9',
    'x'.repeat(255),
    '文'.repeat(85),
    '~',
    '*?[a-z]{b,c}',
  ];

  it.each(['at start', 'while running'])('of every kind arrive %s, are moved and deleted', async (when) => {
    const make = (): void => {
      for (const name of good) writeFileSync(at(name), name);
      mkdirSync(at('-d \n'));
      for (const name of good) writeFileSync(at(`-d \n/${name}`), name);
    };
    if (when === 'at start') make();
    box.start(config());
    await box.logs(/Startup of .* finished/, 60_000);
    if (when === 'while running') make();
    for (const name of good) {
      await arrives(`p/${name}`, name);
      await arrives(`p/-d \n/${name}`, name);
    }
    expect(keys()).toHaveLength(2 * good.length + 1);
    rmSync(at('-d \n'), { recursive: true });
    for (const name of good) rmSync(at(name));
    writeFileSync(at('last'), 'last');
    await until(() => keys().join() === 'p/last', `all but the last gone: ${JSON.stringify(keys())}`, 60_000);
    expect(box.logged).not.toMatch(/not synced|Error/);
  });

  it('that can be no key are each reported; the rest goes on; a rename heals them', async () => {
    const invalid = Buffer.from([0x69, 0x6e, 0x76, 0xff, 0x2e]);
    const deep = Array.from({ length: 4 }, (_, n) => `${n}`.repeat(250)).join('/');
    writeFileSync(at(invalid), 'invalid');
    mkdirSync(at(Buffer.from([0x64, 0xc3])));
    writeFileSync(at(Buffer.from([0x64, 0xc3, 0x2f, 0x66])), 'in a directory of no name');
    mkdirSync(at(deep), { recursive: true });
    writeFileSync(at(`${deep}/${'l'.repeat(40)}`), 'too long');
    writeFileSync(at(`${deep}/short`), 'just fits');
    writeFileSync(at('good'), 'good');
    box.start(config());
    await arrives('p/good', 'good');
    await arrives(`p/${deep}/short`, 'just fits');
    await box.logs(/inv\xff\. not synced: .*not valid UTF-8/);
    await box.logs(/d\xc3\/ not synced: .*not valid UTF-8/);
    await box.logs(/l{40} not synced: .*QingStor allows 1023/);
    writeFileSync(at(Buffer.from([0x76, 0xfe])), 'later');
    writeFileSync(at('later'), 'later');
    await arrives('p/later', 'later');
    await box.logs(/v\xfe not synced: /);
    renameSync(at(invalid), at('valid'));
    renameSync(at(Buffer.from([0x64, 0xc3])), at('d'));
    renameSync(at(`${deep}/${'l'.repeat(40)}`), at('not too long'));
    await arrives('p/valid', 'invalid');
    await arrives('p/d/f', 'in a directory of no name');
    await arrives('p/not too long', 'too long');
  });
});

describe.skipIf(process.getuid?.() !== 0)('permissions', { timeout: 180_000 }, () => {
  /** The program as a user who may not read everything; the source belongs to root. */
  function startAsNobody(): ChildProcess {
    // Node and the program stand where everybody may read.
    for (const directory of [box.top, box.source]) chmodSync(directory, 0o755);
    for (const path of [box.home, join(box.home, '.qingstor'), join(box.home, '.qingstor', 'config.yaml')])
      chownSync(path, 65_534, 65_534);
    chmodSync(join(box.home, '.qingstor', 'config.yaml'), 0o600);
    const own = join(box.top, 'own');
    mkdirSync(own, { recursive: true });
    chownSync(own, 65_534, 65_534);
    const file = join(own, 'lsyncd.conf');
    writeFileSync(
      file,
      config().replaceAll(box.log, join(own, 'log')).replaceAll(box.status, join(own, 'status')),
    );
    const args = ['--reuid', '65534', '--regid', '65534', '--clear-groups', process.execPath, program];
    child = spawn('setpriv', [...args, '-nodaemon', file], {
      cwd: own,
      env: { ...process.env, HOME: box.home, XDG_STATE_HOME: own },
      stdio: 'ignore',
    });
    return child;
  }
  const log = (): string => {
    const file = join(box.top, 'own', 'log');
    return existsSync(file) ? readFileSync(file, 'latin1') : '';
  };
  const logs = (wanted: RegExp): Promise<void> =>
    until(() => wanted.test(log()), `log line ${wanted}`, 60_000).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${log()}`);
    });

  it('that are missing at start are reported each; the rest goes on; chmod heals', async () => {
    writeFileSync(at('secret'), 'secret', { mode: 0o600 });
    mkdirSync(at('closed/inner'), { recursive: true });
    writeFileSync(at('closed/inner/file'), 'inside');
    chmodSync(at('closed'), 0o700);
    writeFileSync(at('open'), 'open');
    // What is there already below what cannot be read is not known to be gone.
    await server.put(bucket, 'p/closed/inner/kept', 'kept');
    startAsNobody();
    await arrives('p/open', 'open');
    await logs(/secret not synced: .*cannot read .*EACCES/);
    await logs(/closed\/ not synced: .*cannot be read .*EACCES/);
    expect(keys()).toContain('p/closed/inner/kept');
    expect(child?.exitCode).toBeNull();
    chmodSync(at('secret'), 0o644);
    chmodSync(at('closed'), 0o755);
    await arrives('p/secret', 'secret');
    await arrives('p/closed/inner/file', 'inside');
    await until(() => !keys().includes('p/closed/inner/kept'), 'what is known to be gone now', 60_000);
    // The directory is watched now.
    writeFileSync(at('closed/inner/later'), 'later');
    await arrives('p/closed/inner/later', 'later');
  });

  it('that go and come while it runs', async () => {
    writeFileSync(at('open'), 'open');
    startAsNobody();
    await arrives('p/open', 'open');
    writeFileSync(at('secret'), 'secret', { mode: 0o600 });
    mkdirSync(at('closed'), { mode: 0o700 });
    writeFileSync(at('closed/file'), 'inside');
    writeFileSync(at('other'), 'other');
    await arrives('p/other', 'other');
    await logs(/secret not synced: /);
    expect(keys()).not.toContain('p/closed/file');
    chmodSync(at('secret'), 0o644);
    chmodSync(at('closed'), 0o755);
    await arrives('p/secret', 'secret');
    await arrives('p/closed/file', 'inside');
  });
});
