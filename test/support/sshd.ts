import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { until } from './wait.js';

/** Where Debian keeps it; it must be started by its whole path. */
const program = '/usr/sbin/sshd';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A real sshd on the loopback, with keys of its own; nothing outside of its directory is read or written. */
export class Sshd {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly directory: string,
    readonly port: number,
  ) {}

  /** Whether this machine has one. */
  static get available(): boolean {
    return existsSync(program);
  }

  /** @param directory absolute, empty or missing; keys and logs go there */
  static async create(directory: string): Promise<Sshd> {
    mkdirSync(directory, { recursive: true });
    chmodSync(directory, 0o700);
    const sshd = new Sshd(directory, await freePort());
    for (const key of ['host', 'client']) {
      const made = spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(directory, key)]);
      if (made.status !== 0) throw new Error(`ssh-keygen: ${made.stderr.toString()}`);
    }
    writeFileSync(join(directory, 'authorized'), readFileSync(join(directory, 'client.pub')), {
      mode: 0o600,
    });
    const config = [
      `Port ${sshd.port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${join(directory, 'host')}`,
      `AuthorizedKeysFile ${join(directory, 'authorized')}`,
      `PidFile ${join(directory, 'pid')}`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'PermitRootLogin prohibit-password',
      'PrintMotd no',
      '',
    ];
    writeFileSync(join(directory, 'sshd_config'), config.join('\n'));
    // Debian's sshd wants this directory to be there when it runs as root.
    if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    await sshd.start();
    return sshd;
  }

  /** Lua fields of an `ssh` table that reach it. */
  get lua(): string {
    return `port = ${this.port}, identityFile = "${join(this.directory, 'client')}",
      options = { StrictHostKeyChecking = "no", UserKnownHostsFile = "/dev/null", LogLevel = "ERROR" }`;
  }

  get host(): string {
    return `${userInfo().username}@127.0.0.1`;
  }

  async start(): Promise<void> {
    const log = join(this.directory, 'log');
    writeFileSync(log, '');
    const args = ['-D', '-e', '-f', join(this.directory, 'sshd_config'), '-E', log];
    const child = spawn(program, args, { stdio: 'ignore' });
    this.child = child;
    await until(
      () => readFileSync(log, 'utf8').includes('Server listening') || child.exitCode !== null,
      'sshd to listen',
    );
    if (child.exitCode !== null) throw new Error(`sshd ended: ${readFileSync(log, 'utf8')}`);
  }

  /** Ends it; connections already open go on. */
  async stop(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    child.kill('SIGTERM');
    await until(() => child.exitCode !== null || child.signalCode !== null, 'sshd to end');
  }
}
