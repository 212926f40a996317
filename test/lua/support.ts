import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asBytes, fromText, type ByteString } from '../../src/core/bytes.js';
import { LuaVm } from '../../src/lua/vm.js';

/** Where the scripts lie. */
export const scripts = import.meta.dirname;

/** How long lua5.3 may take; the machine may be busy. */
const patience = 120_000;

/** A stream that keeps what is written to it; as input it is empty. */
class Collected {
  private readonly parts: string[] = [];

  constructor(private readonly readable: boolean) {}

  read(): ByteString {
    if (!this.readable) throw Object.assign(new Error('not open for reading'), { code: 'EBADF' });
    return asBytes('');
  }

  unread(): void {
    // nothing was read
  }

  write(bytes: ByteString): void {
    this.parts.push(bytes);
  }

  seek(): number {
    throw Object.assign(new Error('Illegal seek'), { code: 'ESPIPE' });
  }

  close(): readonly [true] {
    return [true];
  }

  get text(): string {
    return this.parts.join('');
  }
}

/** Runs `work` in a fresh directory that holds the prelude and is then removed. */
function inFreshDirectory<T>(work: (dir: string) => T): T {
  const dir = mkdtempSync(join(realpathSync(tmpdir()), 'lua-oracle-'));
  try {
    cpSync(join(scripts, 'prelude.lua'), join(dir, 'prelude.lua'));
    return work(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const linesOf = (output: string): string[] => output.split('\n').slice(0, -1);

/** The lines the real lua5.3 prints. @throws Error when the script fails. */
export function oracleLines(source: string, name: string, env: Record<string, string>): string[] {
  return inFreshDirectory((cwd) => {
    writeFileSync(join(cwd, name), source, 'latin1');
    const end = spawnSync('lua5.3', [name], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      encoding: 'latin1',
      maxBuffer: 1 << 28,
      timeout: patience,
    });
    if (end.status !== 0) throw new Error(`lua5.3 ${name}: ${end.error?.message ?? end.stderr}`);
    return linesOf(end.stdout);
  });
}

/** The lines our machine prints. @throws LuaError when the script fails. */
export function ourLines(source: string, name: string, env: Record<string, string>): string[] {
  return inFreshDirectory((dir) => {
    const stdout = new Collected(false);
    const vm = LuaVm.create({ stdout, stdin: new Collected(true) });
    const before = {
      cwd: process.cwd(),
      env: Object.keys(env).map((key) => [key, process.env[key]] as const),
    };
    try {
      process.chdir(dir);
      Object.assign(process.env, env);
      vm.call(vm.load(asBytes(source), fromText(name)));
    } finally {
      for (const [key, value] of before.env) {
        if (value === undefined) Reflect.deleteProperty(process.env, key);
        else process.env[key] = value;
      }
      process.chdir(before.cwd);
      vm.close();
    }
    return linesOf(stdout.text);
  });
}
