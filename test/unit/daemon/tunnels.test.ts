import { describe, expect, it } from 'vitest';
import type { ChildEnd } from '../../../src/action/process.js';
import type { CommandWords } from '../../../src/action/shell.js';
import { Tunnel } from '../../../src/config/tunnel.js';
import { asBytes } from '../../../src/core/bytes.js';
import type { Scheduled } from '../../../src/core/scheduler.js';
import { TunnelLife, Tunnels, type TunnelWorld } from '../../../src/daemon/tunnels.js';

/** A process whose end the test decides. */
interface FakeProcess {
  readonly command: string;
  readonly die: (end: ChildEnd) => void;
  stopped: boolean;
}

/** A world with a clock of its own, ports counted up from 5001 (each given twice) and no real process. */
class World implements TunnelWorld {
  time = 0;
  readonly processes: FakeProcess[] = [];
  readonly logged: string[] = [];
  private asked = 0;

  now(): number {
    return this.time;
  }
  wake(): void {
    // the test calls `cycle`
  }
  log(category: string, text: string): void {
    this.logged.push(`${category}: ${text}`);
  }
  start({ binary, args }: CommandWords) {
    let die!: (end: ChildEnd) => void;
    const ended = new Promise<ChildEnd>((resolve) => (die = resolve));
    const fake: FakeProcess = { command: [binary, ...args].join(' '), die, stopped: false };
    this.processes.push(fake);
    return {
      ended,
      stop: () => {
        fake.stopped = true;
        return Promise.resolve();
      },
    };
  }
  freePort(): Promise<number> {
    return Promise.resolve(5001 + Math.floor(this.asked++ / 2));
  }
}

const tunnel = (command: readonly string[] | string, processes = 1): Tunnel =>
  new Tunnel({
    name: asBytes('T'),
    command: typeof command === 'string' ? asBytes(command) : command.map(asBytes),
    processes,
    readyDelay: 5000,
    retryDelay: 10_000,
    localhost: asBytes('127.0.0.1'),
  });

/** Lets promises that are settled be heard. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

async function at(life: TunnelLife, world: World, time: number): Promise<void> {
  world.time = time;
  life.cycle(time);
  await settle();
}

describe('a tunnel', () => {
  it('is up once its process has lived readyDelay', async () => {
    const world = new World();
    const life = new TunnelLife(tunnel(['/bin/forward', '-x', '1']), world);
    await at(life, world, 0);
    expect(world.processes.map(({ command }) => command)).toEqual(['/bin/forward -x 1']);
    expect(life.report()).toEqual({ name: 'T', status: 'CONNECTING', running: 1 });
    expect(life.next).toBe(5000);
    await at(life, world, 4999);
    expect(life.isUp).toBe(false);
    await at(life, world, 5000);
    expect(life.report()).toEqual({ name: 'T', status: 'UP', running: 1 });
    expect(life.next).toBeUndefined();
  });

  it('is down when its process dies, and started again after retryDelay', async () => {
    const world = new World();
    const life = new TunnelLife(tunnel(['/bin/forward']), world);
    await at(life, world, 0);
    await at(life, world, 5000);
    world.time = 7000;
    world.processes[0]!.die({ code: 3 });
    await settle();
    expect(life.report()).toEqual({ name: 'T', status: 'DOWN', running: 0 });
    expect(world.processes[0]!.stopped, 'what it had started').toBe(true);
    expect(life.next).toBe(17_000);
    await at(life, world, 16_999);
    expect(world.processes).toHaveLength(1);
    await at(life, world, 17_000);
    expect(world.processes).toHaveLength(2);
    await at(life, world, 22_000);
    expect(life.isUp).toBe(true);
    expect(world.logged).toEqual([
      'Normal: Tunnel T is up.',
      'Warn: Tunnel T has ended with 3; it is started again after 10 seconds.',
      'Normal: Tunnel T is up.',
    ]);
  });

  it('warns once of a command that dies again and again', async () => {
    const world = new World();
    const life = new TunnelLife(tunnel(['/bin/forward']), world);
    for (let i = 0; i < 3; i++) {
      await at(life, world, i * 10_000);
      world.processes[i]!.die({ code: 255, failedExec: 'ENOENT' });
      await settle();
    }
    expect(world.logged.map((line) => line.split(':')[0])).toEqual(['Warn', 'Tunnel', 'Tunnel']);
    expect(world.logged[0]).toContain('cannot be started: ENOENT');
  });

  it('of the pool: each process has a port of its own, transfers take turns among those that are up', async () => {
    const world = new World();
    const pool = tunnel('ssh -L ^localhost:^localport:there:873', 2);
    const life = new TunnelLife(pool, world);
    await at(life, world, 0);
    expect(world.processes.map(({ command }) => command).toSorted()).toEqual([
      '/bin/sh -c ssh -L 127.0.0.1:5001:there:873 sh',
      '/bin/sh -c ssh -L 127.0.0.1:5002:there:873 sh',
    ]);
    await at(life, world, 5000);
    const target = asBytes('rsync://^localhost:^localport/m');
    const filled = [1, 2, 3].map(() => pool.target(target));
    expect(new Set(filled)).toEqual(new Set(['rsync://127.0.0.1:5001/m', 'rsync://127.0.0.1:5002/m']));
    expect(filled[0]).toBe(filled[2]);
    world.processes[0]!.die({ code: 0 });
    await settle();
    expect(life.report()).toEqual({ name: 'T', status: 'UP', running: 1 });
    expect(pool.target(target)).toBe(pool.target(target));
  });

  it('stops for good', async () => {
    const world = new World();
    const life = new TunnelLife(tunnel('x ^localport', 2), world);
    life.cycle(0);
    await life.stop();
    await settle();
    expect(world.processes, 'none is started any more').toEqual([]);
    const other = new TunnelLife(tunnel(['x']), world);
    await at(other, world, 0);
    await other.stop();
    expect(world.processes[0]!.stopped).toBe(true);
    world.processes[0]!.die({ code: 143 });
    await settle();
    await at(other, world, 100_000);
    expect(world.processes).toHaveLength(1);
    expect(other.next).toBeUndefined();
    expect(world.logged).toEqual([]);
  });
});

describe('a sync with a tunnel', () => {
  it('starts nothing while the tunnel is not up; syncs may share it', async () => {
    const world = new World();
    const tunnels = new Tunnels(world);
    const shared = tunnel(['/bin/forward']);
    const ran: string[] = [];
    const sync = (name: string): Scheduled => ({
      running: 0,
      run: () => void ran.push(name),
      nextWake: () => 1,
    });
    const gated = [sync('a'), sync('b')].map((one) => tunnels.gate(one, shared));
    const free = tunnels.gate(sync('free'), undefined);
    const run = () => [...gated, free].forEach((one) => one.run(world.time, () => true));
    tunnels.cycle(0);
    await settle();
    run();
    expect(ran).toEqual(['free']);
    expect(gated[0]!.nextWake(0)).toBeUndefined();
    expect(tunnels.next).toBe(5000);
    world.time = 5000;
    tunnels.cycle(5000);
    run();
    expect(ran).toEqual(['free', 'a', 'b', 'free']);
    expect(gated[0]!.nextWake(5000)).toBe(1);
    expect(world.processes).toHaveLength(1);
    expect(tunnels.report()).toHaveLength(1);
    await tunnels.stop();
  });
});
