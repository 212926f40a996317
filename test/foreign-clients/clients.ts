import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { QingStor } from '../support/qingstor/server.js';

const installer = fileURLToPath(new URL('install.sh', import.meta.url));

/** How long fetching and building a client may take the first time. */
export const installPatience = 900_000;

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where a client is, installing it when needed; or why it cannot be had. */
export async function findClient(
  name: 'qsctl' | 'rclone',
): Promise<{ readonly path: string } | { readonly reason: string }> {
  const { code, stdout, stderr } = await run('bash', [installer, name], process.env, installPatience);
  return code === 0 ? { path: stdout.trim() } : { reason: `${name} cannot be had here: ${stderr.trim()}` };
}

/** Somebody else's client, talking to a server of ours. */
export abstract class ForeignClient {
  protected constructor(
    protected readonly path: string,
    protected readonly server: QingStor,
    /** A directory of its own for configuration and home. */
    protected readonly home: string,
  ) {
    mkdirSync(home, { recursive: true });
  }

  /** Runs it with arguments. */
  abstract run(...args: string[]): Promise<Ran>;

  /** Runs it and returns what it printed. @throws Error with its output when it fails */
  async must(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args);
    if (code !== 0) throw new Error(`${this.path} ${args.join(' ')} ended with ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  /** They put zone and bucket before the host: the server is their proxy, so that no name has to resolve. */
  protected get environment(): NodeJS.ProcessEnv {
    const env: NodeJS.ProcessEnv = {};
    for (const [name, value] of Object.entries(process.env))
      if (!/^(QINGSTOR|QSCTL|RCLONE)_|^(no|all|https?)_proxy$/i.test(name)) env[name] = value;
    return { ...env, HOME: this.home, http_proxy: this.server.url, HTTP_PROXY: this.server.url };
  }
}

/** Python's qsctl 1.7.7. It ends with 0 also when something was refused: look at the bucket. */
export class Qsctl extends ForeignClient {
  constructor(path: string, server: QingStor, home: string) {
    super(path, server, home);
    const lines = [
      `access_key_id: '${server.accessKey}'`,
      `secret_access_key: '${server.secretKey}'`,
      `host: '${server.host}'`,
      'port: 80',
      'protocol: http',
      `zone: '${server.zone}'`,
      'connection_retries: 0',
      'log_level: error',
      '',
    ];
    writeFileSync(this.config, lines.join('\n'), { mode: 0o600 });
  }

  /** Its configuration file. */
  get config(): string {
    return join(this.home, 'qsctl.yaml');
  }

  override run(...args: string[]): Promise<Ran> {
    return run(this.path, [...args, '-c', this.config], this.environment);
  }
}

/** rclone 1.69.3 with its QingStor backend; the server is its remote `qs:`. */
export class Rclone extends ForeignClient {
  constructor(path: string, server: QingStor, home: string) {
    super(path, server, home);
    const lines = [
      '[qs]',
      'type = qingstor',
      'env_auth = false',
      `access_key_id = ${server.accessKey}`,
      `secret_access_key = ${server.secretKey}`,
      `endpoint = http://${server.host}:80`,
      `zone = ${server.zone}`,
      'connection_retries = 0',
      '',
    ];
    writeFileSync(this.config, lines.join('\n'), { mode: 0o600 });
  }

  /** Its configuration file. */
  get config(): string {
    return join(this.home, 'rclone.conf');
  }

  override run(...args: string[]): Promise<Ran> {
    const options = ['--config', this.config, '--cache-dir', join(this.home, 'cache'), '--retries', '1'];
    return run(this.path, [...options, ...args], this.environment);
  }
}

function run(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  timeout = 120_000,
): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(program, args, { env, timeout, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, stdout, stderr: code === -1 ? `${stderr}${error?.message ?? ''}` : stderr });
    });
  });
}
