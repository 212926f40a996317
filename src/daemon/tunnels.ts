import type { TunnelProcess } from '../action/tunnel.js';
import type { CommandWords } from '../action/shell.js';
import type { Tunnel } from '../config/tunnel.js';
import { asBytes, fromText, type ByteString } from '../core/bytes.js';
import type { Millis } from '../core/event.js';
import type { Scheduled } from '../core/scheduler.js';
import type { TunnelReport } from '../report/status.js';

/** What tunnels need of the program around them. */
export interface TunnelWorld {
  now(): Millis;
  /** Something has changed: have a cycle soon. */
  wake(): void;
  log(category: string, text: ByteString): void;
  start(command: CommandWords): TunnelProcess;
  freePort(host: ByteString): Promise<number>;
}

/** One process of a tunnel and its place in time. */
type Slot =
  | { readonly state: 'due'; readonly at: Millis }
  /** A port is being looked for, or what its predecessor left is being ended. */
  | { readonly state: 'busy' }
  | {
      readonly state: 'young' | 'up';
      readonly readyAt: Millis;
      readonly process: TunnelProcess;
      readonly port: number | undefined;
    };

/** A tunnel at work: keeps its processes alive. Time is an argument; `cycle` does what is due. */
export class TunnelLife {
  private readonly slots: Slot[];
  private readonly stopping = new Set<Promise<void>>();
  /** Local ports that have been given to processes. */
  private readonly ports = new Set<number>();
  private turn = 0;
  private stopped = false;
  /** The end of a process has been told since one was last up. */
  private told = false;
  /** Changes whenever `report` would give something else. */
  version = 0;

  constructor(
    private readonly tunnel: Tunnel,
    private readonly world: TunnelWorld,
  ) {
    this.slots = Array.from({ length: tunnel.options.processes }, () => ({ state: 'due', at: -Infinity }));
    tunnel.bind(() => this.nextPort());
  }

  /** A process has lived long enough: transfers may go through it. */
  get isUp(): boolean {
    return this.slots.some(({ state }) => state === 'up');
  }

  /** When `cycle` has something to do if nothing else happens. */
  get next(): Millis | undefined {
    if (this.stopped) return undefined;
    const times = this.slots.flatMap((slot) =>
      slot.state === 'due' ? [slot.at] : slot.state === 'young' ? [slot.readyAt] : [],
    );
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Starts what is due, and takes for up what has lived long enough. */
  cycle(now: Millis): void {
    if (this.stopped) return;
    this.slots.forEach((slot, i) => {
      if (slot.state === 'due' && slot.at <= now) {
        this.set(i, { state: 'busy' });
        void this.begin(i);
      } else if (slot.state === 'young' && slot.readyAt <= now) {
        if (!this.isUp) this.world.log('Normal', this.says('is up.'));
        this.told = false;
        this.set(i, { ...slot, state: 'up' });
      }
    });
  }

  /** Ends every process; resolves when nothing of them is left. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const slot of this.slots) if ('process' in slot) void this.end(slot.process);
    while (this.stopping.size > 0) await Promise.all(this.stopping);
  }

  report(): TunnelReport {
    const running = this.slots.filter((slot) => 'process' in slot).length;
    const status = this.isUp ? 'UP' : running > 0 ? 'CONNECTING' : 'DOWN';
    return { name: this.tunnel.options.name, status, running };
  }

  /** The processes that are up take turns. */
  private nextPort(): number | undefined {
    const ports = this.slots.flatMap((slot) => (slot.state === 'up' ? [slot.port] : []));
    return ports[this.turn++ % Math.max(1, ports.length)];
  }

  private async begin(i: number): Promise<void> {
    const { tunnel, world } = this;
    let port: number | undefined;
    try {
      port = tunnel.wantsPort ? await this.unusedPort() : undefined;
    } catch (error) {
      this.failed(i, fromText(`has no local port: ${(error as Error).message}`));
      return;
    }
    if (this.stopped) return;
    const process = world.start(tunnel.commandFor(port));
    const readyAt = world.now() + tunnel.options.readyDelay;
    this.set(i, { state: 'young', readyAt, process, port });
    void process.ended.then(async ({ code, failedExec }) => {
      if (this.stopped) return;
      this.set(i, { state: 'busy' });
      // What it started may hold the port.
      await this.end(process);
      if (port !== undefined) this.ports.delete(port);
      this.failed(
        i,
        failedExec === undefined
          ? asBytes(`has ended with ${code}`)
          : fromText(`cannot be started: ${failedExec}`),
      );
    });
    world.wake();
  }

  /** A port none of the other processes has been given. */
  private async unusedPort(): Promise<number> {
    for (;;) {
      const port = await this.world.freePort(this.tunnel.options.localhost);
      if (this.ports.has(port)) continue;
      this.ports.add(port);
      return port;
    }
  }

  private failed(i: number, why: ByteString): void {
    if (this.stopped) return;
    const { retryDelay } = this.tunnel.options;
    this.set(i, { state: 'due', at: this.world.now() + retryDelay });
    this.world.log(
      this.told ? 'Tunnel' : 'Warn',
      this.says(`${why}; it is started again after ${retryDelay / 1000} seconds.`),
    );
    this.told = true;
    this.world.wake();
  }

  private end(process: TunnelProcess): Promise<void> {
    const stopping = process.stop().then(() => void this.stopping.delete(stopping));
    this.stopping.add(stopping);
    return stopping;
  }

  private set(i: number, slot: Slot): void {
    this.slots[i] = slot;
    this.version++;
  }

  private says(text: string): ByteString {
    return asBytes(`Tunnel ${this.tunnel.options.name} ${text}`);
  }
}

/** All tunnels of a config. A tunnel that several syncs share lives once. */
export class Tunnels {
  private readonly lives = new Map<Tunnel, TunnelLife>();

  constructor(private readonly world: TunnelWorld) {}

  /** The sync as the scheduler may see it: with a tunnel that is not up it starts nothing. */
  gate(sync: Scheduled, tunnel: Tunnel | undefined): Scheduled {
    if (tunnel === undefined) return sync;
    let life = this.lives.get(tunnel);
    if (life === undefined) this.lives.set(tunnel, (life = new TunnelLife(tunnel, this.world)));
    return new TunnelledSync(sync, life);
  }

  get next(): Millis | undefined {
    const times = [...this.lives.values()].flatMap(({ next }) => next ?? []);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  get version(): number {
    return [...this.lives.values()].reduce((sum, { version }) => sum + version, 0);
  }

  cycle(now: Millis): void {
    for (const life of this.lives.values()) life.cycle(now);
  }

  report(): TunnelReport[] {
    return [...this.lives.values()].map((life) => life.report());
  }

  async stop(): Promise<void> {
    await Promise.all([...this.lives.values()].map((life) => life.stop()));
  }
}

class TunnelledSync implements Scheduled {
  constructor(
    private readonly sync: Scheduled,
    private readonly life: TunnelLife,
  ) {}

  get running(): number {
    return this.sync.running;
  }

  run(now: Millis, slots: () => boolean): void {
    if (this.life.isUp) this.sync.run(now, slots);
  }

  nextWake(now: Millis): Millis | undefined {
    return this.life.isUp ? this.sync.nextWake(now) : undefined;
  }
}
