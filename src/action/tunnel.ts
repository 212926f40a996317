import { lookup } from 'node:dns/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { asBytes, toText, type ByteString } from '../core/bytes.js';
import { spawnChild, type ChildEnd, type ChildOutput } from './process.js';
import type { CommandWords } from './shell.js';

/** A process of a tunnel with all it has started. */
export interface TunnelProcess {
  /** Never rejects. */
  readonly ended: Promise<ChildEnd>;
  /** Ends it and everything it has started; resolves when nothing of it is left. Idempotent, never rejects. */
  stop(): Promise<void>;
}

/** How long what is told to end may take until it is killed. */
const graceMs = 2_000;

/** How long the kernel may take to have killed. */
const deathMs = 1_000;

const lookMs = 10;

/** Process groups to be ended should this process end without having stopped them. */
const alive = new Set<number>();

function killLeftovers(): void {
  for (const group of alive) signal(group, 'SIGKILL');
}

/** Starts a process in a group of its own, so that it can be ended with all it has started. */
export function startTunnel({ binary, args }: CommandWords, output: ChildOutput): TunnelProcess {
  // Nobody types into a tunnel.
  const child = spawnChild({ binary, args, output, stdin: asBytes(''), ownGroup: true });
  const { pid } = child;
  if (pid === undefined) return { ended: child.ended, stop: () => Promise.resolve() };
  if (alive.size === 0) process.once('exit', killLeftovers);
  alive.add(pid);
  let stopped: Promise<void> | undefined;
  return {
    ended: child.ended,
    stop: () => (stopped ??= stopGroup(pid)),
  };
}

async function stopGroup(group: number): Promise<void> {
  if (signal(group, 'SIGTERM') && !(await gone(group, graceMs))) {
    signal(group, 'SIGKILL');
    await gone(group, deathMs);
  }
  alive.delete(group);
  if (alive.size === 0) process.off('exit', killLeftovers);
}

/** Sends every process of a group a signal; false when there is none. */
function signal(group: number, what: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, what);
  } catch {
    return false;
  }
}

async function gone(group: number, ms: number): Promise<boolean> {
  for (let waited = 0; waited < ms; waited += lookMs) {
    if (!signal(group, 0)) return true;
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
  return !signal(group, 0);
}

/** A TCP port nobody listens on at any address of a host of ours. Rejects when it is none of ours. */
export async function freePort(host: ByteString): Promise<number> {
  const [first, ...others] = await lookup(toText(host), { all: true });
  for (;;) {
    const server = await listen(0, first!.address);
    const { port } = server.address() as AddressInfo;
    const taken = await Promise.all(others.map(({ address }) => isTaken(port, address)));
    await closed(server);
    if (!taken.includes(true)) return port;
  }
}

async function isTaken(port: number, address: string): Promise<boolean> {
  try {
    await closed(await listen(port, address));
    return false;
  } catch (error) {
    // Anything else: nobody can listen there, so nobody does.
    return (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  }
}

function listen(port: number, host: string): Promise<Server> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => resolve(server));
  });
}

async function closed(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
}
