import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/program.js';
import { until } from '../support/wait.js';

const forwarder = fileURLToPath(new URL('fixtures/forward.js', import.meta.url));

let box: Sandbox;
let far: Server;
/** What reached the far end of the tunnel. */
let received: string[];

beforeEach(async () => {
  box = new Sandbox();
  received = [];
  far = createServer((socket) => {
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => (text += data.toString()));
    socket.on('end', () => {
      received.push(text);
      socket.end();
    });
  });
  await new Promise<void>((resolve) => far.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  for (const pid of alive()) process.kill(pid, 'SIGKILL');
  await box.close();
  await new Promise((resolve) => far.close(resolve));
});

const farPort = (): number => (far.address() as AddressInfo).port;

/** Every process whose command line names this test's directory, but the program itself. */
function alive(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
        return line.includes(box.top) && !line.includes('lsyncd.conf');
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Process ids of forwarders, in order of their start. */
const forwarders = (): number[] =>
  existsSync(join(box.top, 'pids'))
    ? readFileSync(join(box.top, 'pids'), 'latin1').trim().split('\n').map(Number)
    : [];

/** Lua words that start a forwarder from a port to the far end. */
const forward = (port: string): string =>
  `{ "${process.execPath}", "${forwarder}", "${port}", "${farPort()}", "$TOP/pids" }`;

/** An rsync that sends its target through the tunnel, in a line with what time of life it is. */
function recordingRsync(): string {
  const file = join(box.top, 'rsync');
  const script = `#!${process.execPath}
const target = process.argv.at(-1);
const port = Number(/:(\\d+)\\//.exec(target)[1]);
const kind = process.argv.includes('--include-from=-') ? 'changes' : 'all';
const socket = require('net').connect(port, '127.0.0.1');
socket.on('error', () => process.exit(10));
socket.on('connect', () => socket.end(kind + ' ' + target));
socket.on('close', () => process.exit(0));
socket.resume();
`;
  writeFileSync(file, script, { mode: 0o755 });
  return file;
}

const settings = 'settings { logfile = "$TOP/log", statusFile = "$TOP/status", statusInterval = 0 }\n';

const status = (): string => (existsSync(box.status) ? readFileSync(box.status, 'latin1') : '');

describe('tunnel', { timeout: 60_000 }, () => {
  it('pool: transfers go through its ports in turn; a forwarder that is killed comes back', async () => {
    const child = box.start(`${settings}
      sync {
        default.rsync,
        source = "$TOP/source",
        target = "rsync://127.0.0.1:^localport/module",
        delay = 0,
        rsync = { binary = "${recordingRsync()}" },
        tunnel = tunnel {
          name = "pool", mode = "pool", parallel = 2, localhost = "127.0.0.1",
          readyDelay = 0.5, retryDelay = 0.2,
          command = ${forward('^localport')},
        },
      }`);
    await until(() => received.length > 0, 'the startup through the tunnel');
    expect(received[0]).toMatch(/^all rsync:\/\/127\.0\.0\.1:\d+\/module\/$/);
    await until(() => status().includes('Tunnel: name=pool status=UP\nRunning processes: 2\n'), 'the status');
    expect(status()).toMatch(/Running processes: 2\nInotify watching/);
    for (let i = 0; new Set(received).size < 3; i++) {
      writeFileSync(join(box.source, `f${i}`), '');
      await until(() => received.length >= i + 2, `transfer ${i}`);
    }
    const before = received.length;
    for (const pid of forwarders()) process.kill(pid, 'SIGKILL');
    await box.logs(/Warn: Tunnel pool has ended with 137/);
    writeFileSync(join(box.source, 'late'), '');
    await until(() => forwarders().length >= 4, 'new forwarders');
    await until(() => received.length > before, 'a transfer through the new ones');
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
    expect(alive()).toEqual([]);
  });

  it('pool: layer 3 strings get the ports in turn', async () => {
    const child = box.start(`${settings}
      sync {
        source = "$TOP/source",
        onCreate = "echo ^localhost ^localport ^pathname >> $TOP/calls",
        tunnel = tunnel {
          mode = "pool", parallel = 2, localhost = "127.0.0.1", readyDelay = 0.1, retryDelay = 0.2,
          command = ${forward('^localport')},
        },
      }`);
    const calls = (): string[] =>
      existsSync(join(box.top, 'calls')) ? readFileSync(join(box.top, 'calls'), 'latin1').split('\n') : [];
    await until(() => status().includes('status=UP\nRunning processes: 2\n'), 'both processes');
    for (const name of ['a', 'b']) {
      writeFileSync(join(box.source, name), '');
      await until(() => calls().some((line) => line.endsWith(` ${name}`)), `the action of ${name}`);
    }
    const ports = calls()
      .filter((line) => line !== '')
      .map((line) => /^127\.0\.0\.1 (\d+) [ab]$/.exec(line)?.[1]);
    expect(ports).not.toContain(undefined);
    expect(new Set(ports).size).toBe(2);
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
  });

  it('command: startup and events wait for it, also after it died', async () => {
    const child = box.start(`${settings}
      sync {
        source = "$TOP/source",
        onStartup = "ls $TOP/pids >/dev/null && echo startup >> $TOP/calls",
        onCreate = "echo create ^pathname >> $TOP/calls",
        tunnel = tunnel { command = "echo $$ >> $TOP/pids; exec sleep 100", readyDelay = 0.5, retryDelay = 2 },
      }`);
    const calls = (): string =>
      existsSync(join(box.top, 'calls')) ? readFileSync(join(box.top, 'calls'), 'latin1') : '';
    await until(() => calls().includes('startup'), 'the startup');
    await box.logs('Tunnel Tunnel1 is up.');
    expect(box.logged.indexOf('is up.')).toBeLessThan(box.logged.indexOf('spawns shell'));
    process.kill(forwarders()[0]!, 'SIGKILL');
    await box.logs('has ended with 137');
    await until(() => status().includes('status=DOWN\nRunning processes: 0'), 'the status');
    writeFileSync(join(box.source, 'f'), '');
    await until(() => calls().includes('create f'), 'the event');
    expect(box.logged).toMatch(/has ended with 137[^]*is up\.[^]*Event Create/);
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
  });

  /** A tunnel that starts children, one of which wants no TERM. */
  const family = `tunnel = tunnel {
      readyDelay = 0.1, retryDelay = 0.1,
      command = "sh -c 'trap \\"\\" TERM; while :; do sleep 1; done; : $TOP' & sh -c 'sleep 100; : $TOP' & echo $$ >> $TOP/pids; wait; : $TOP",
    }`;
  const withFamily = (rest: string): string =>
    `${settings} sync { source = "$TOP/source", ${family}, ${rest} }`;

  it.each([
    ['TERM', 'onCreate = "true"', 143],
    ['a second signal', 'onStartup = "exec sleep 100"', 143],
    ['terminate()', 'onCreate = function() terminate(7) end', 7],
    ['an error in a callback', 'onCreate = function() error("no") end', 255],
  ])('leaves no process behind: %s', async (how, rest, code) => {
    const child = box.start(withFamily(rest));
    await box.logs('is up.');
    await until(() => alive().length >= 3, 'the family');
    if (how === 'a second signal') {
      await box.logs('spawns shell');
      child.kill('SIGTERM');
      await box.logs('waiting for 1 more');
      expect(alive().length, 'while fading the tunnel stays').toBeGreaterThanOrEqual(3);
    }
    if (code === 143) child.kill('SIGTERM');
    else writeFileSync(join(box.source, 'f'), '');
    expect(await box.ended(child)).toBe(code);
    expect(alive()).toEqual([]);
  });

  it('a reload ends the old processes before the new are started', async () => {
    const port = await new Promise<number>((resolve) => {
      const probe = createServer().listen(0, '127.0.0.1', () => {
        const { port: free } = probe.address() as AddressInfo;
        probe.close(() => resolve(free));
      });
    });
    const child = box.start(`${settings}
      sync {
        source = "$TOP/source", onStartup = "echo startup >> $TOP/calls",
        tunnel = tunnel { command = ${forward(String(port))}, readyDelay = 0.5, retryDelay = 0.1 },
      }`);
    const startups = (): number =>
      existsSync(join(box.top, 'calls'))
        ? readFileSync(join(box.top, 'calls'), 'latin1').split('\n').length - 1
        : 0;
    await until(() => startups() === 1, 'the startup');
    child.kill('SIGHUP');
    await until(() => startups() === 2, 'the startup after the reload');
    // The same port, so a second one beside the first would have died.
    expect(box.logged).not.toContain('has ended');
    expect(forwarders()).toHaveLength(2);
    expect(alive()).toEqual([forwarders()[1]]);
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
    expect(alive()).toEqual([]);
  });

  it('a command that is not there is told of, and tried again', async () => {
    const child = box.start(
      `${settings} sync { source = "$TOP/source", onStartup = "true", tunnel = tunnel { command = { "/nonexistent/t" }, retryDelay = 0.1, readyDelay = 0.1 } }`,
      { args: ['-log', 'Tunnel'] },
    );
    await box.logs(/Warn: Tunnel Tunnel1 cannot be started/);
    await box.logs(/Tunnel: Tunnel Tunnel1 cannot be started/);
    expect(box.logged).not.toContain('spawns shell');
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
  });

  it.each([
    ['tunnel("x")', 'tunnel expects a table'],
    ['tunnel { }', 'tunnel needs "command" configured'],
    ['tunnel { command = {} }', 'Parameter "tunnel.command" must be a string or a list of strings.'],
    [
      'tunnel { command = { "a", true } }',
      'Parameter "tunnel.command" must be a string or a list of strings.',
    ],
    ['tunnel { command = "x", mode = "many" }', 'Parameter "tunnel.mode" must be "command" or "pool".'],
    ['tunnel { command = "x", parallel = 0 }', 'Parameter "tunnel.parallel" must be a number and >= 1'],
    [
      'tunnel { command = "x", retryDelay = "soon" }',
      'Parameter "tunnel.retryDelay" must be a number and >= 0',
    ],
    ['tunnel { command = "x", comand = "y" }', 'Parameter "tunnel.comand" unknown.'],
    ['{ command = "x" }', 'Parameter "tunnel" must be what tunnel { ... } gives.'],
  ])('%s is refused with its line', async (lua, text) => {
    const child = box.start(`\nsync { source = "$TOP/source", onCreate = "true", tunnel = ${lua} }`);
    expect(await box.ended(child)).toBe(255);
    expect(box.stderr).toContain(text);
    expect(box.stderr).toContain('lsyncd.conf:2:');
  });
});
