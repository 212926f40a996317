import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NativeAction, NativeResult } from '../../../src/action/native.js';
import { asBytes } from '../../../src/core/bytes.js';
import type { DirtyMove, DirtyPath } from '../../../src/core/dirty-batch.js';
import { createQingStorEngine } from '../../../src/qingstor/engine.js';
import { systemClock } from '../../../src/qingstor/retry.js';
import type { ObjectStore } from '../../../src/qingstor/store.js';
import { ClientWorld, never } from '../qingstor-client.js';
import type { MatrixCall } from './calls.js';
import { faultAt, type MatrixFault } from './faults.js';

/**
 * `done`; `again`: this path alone, soon; `failed`: this path alone, reported, tried rarely; `down`: the whole target
 * comes again; `stopped`: the whole target waits for a person.
 */
export type Outcome = 'done' | 'again' | 'failed' | 'down' | 'stopped';

/** What one fault did to one call. */
export interface CellResult {
  readonly outcome: Outcome;
  /** Of the call the fault struck. */
  readonly requests: number;
}

/** Attempts after the first one. */
const retries = 2;
const part = 4 * 1024 * 1024;
const hour = 3_600_000;

/** One run of the engine over the real client and a server of its own. */
export class Cell {
  private later = 0;
  private store!: ObjectStore;
  private engine!: NativeAction;
  private readonly source: string;
  private readonly journal: string;

  private constructor(
    private readonly world: ClientWorld,
    now: { read: () => number },
    private readonly fault: MatrixFault,
  ) {
    this.source = join(world.directory, 'source');
    this.journal = join(world.directory, 'uploads');
    mkdirSync(this.source);
    now.read = () => Date.now() + this.later;
  }

  static async create(call: MatrixCall, fault: MatrixFault): Promise<Cell> {
    const now = { read: Date.now };
    const world = await ClientWorld.create({ now: () => now.read() });
    const cell = new Cell(world, now, fault);
    await cell.open(call.name === 'zone lookup');
    return cell;
  }

  get keys(): string[] {
    return this.world.keys;
  }

  /** Uploads that are neither completed nor aborted. */
  get unfinished(): number {
    return this.world.server.bucket(this.world.bucket).uploads.all.length;
  }

  file(name: string, content: string | Buffer): Promise<void> {
    writeFileSync(join(this.source, name), content);
    return Promise.resolve();
  }

  put(key: string, content: string): Promise<void> {
    return this.world.server.put(this.world.bucket, key, content);
  }

  stored(key: string): Promise<Buffer> | undefined {
    return this.world.server.bucket(this.world.bucket).objects.get(key)?.content.bytes();
  }

  async full(): Promise<Outcome> {
    return outcomeOf(await this.engine.full({ delete: true, excluded: () => false }, never()));
  }

  /** A batch, with a file that nothing happens to unless all is lost. */
  async batch(paths: readonly DirtyPath[], moves: readonly DirtyMove[] = []): Promise<Outcome> {
    const { lasting } = this.fault;
    await this.file('bystander', 'nothing happens to it');
    const bystander = { path: asBytes('/bystander'), mayDelete: false, deep: false };
    const work = { moves, paths: lasting === true ? paths : [...paths, bystander], excluded: () => false };
    return outcomeOf(await this.engine.run(work, never()));
  }

  /** A comparison; what happened to the unfinished uploads: kept for the next one without a word, or with a warning. */
  async sweep(): Promise<Outcome> {
    this.world.warnings.length = 0;
    const outcome = await this.full();
    if (outcome !== 'done' || this.noted === 0) return outcome;
    return this.world.warnings.length > 0 ? 'failed' : 'again';
  }

  /** An upload whose program is gone. */
  async leaveUpload(): Promise<void> {
    const { faults } = this.world.server;
    const fault = { kind: 'status', status: 400, code: 'invalid_argument', times: Infinity } as const;
    faults.add({ ...fault, operation: ['UploadMultipart', 'AbortMultipartUpload'] });
    await this.sendLarge().catch(() => undefined);
    faults.clear();
    this.world.server.requests.clear();
  }

  /** An upload whose id was lost with the answer, more than an hour ago. */
  async leaveUnknown(): Promise<void> {
    this.world.server.faults.add({ kind: 'lost-answer', operation: 'InitiateMultipartUpload' });
    await this.sendLarge();
    this.world.server.requests.clear();
    this.later = 2 * hour;
  }

  /** Runs a call under a fault, and once more without it, which must heal whatever was left. */
  async strike(call: MatrixCall, times: number): Promise<CellResult | undefined> {
    const { fault } = this;
    const harm = fault.harm(call);
    if (harm === undefined) return undefined;
    await call.prepare(this);
    const { faults, requests } = this.world.server;
    // HEAD follows only on a completion that is repeated after its answer was lost.
    if (call.operation === 'HeadObject')
      faults.add({ kind: 'lost-answer', operation: 'CompleteMultipartUpload' });
    faults.add(faultAt(harm, call, times));
    const outcome = await call.run(this);
    const struck = requests
      .of(call.operation)
      .filter((request) => call.key === undefined || request.key === call.key)
      .filter((request) => call.part === undefined || Number(request.query.get('part_number')) === call.part)
      // Of the two kinds of HEAD only the unsigned one is answered with the zone.
      .filter(
        (request) => call.name !== 'zone lookup' || request.fault !== undefined || request.status === 307,
      );
    const count = struck.length;
    const right = async (): Promise<boolean> => fault.believed?.(call) === true || call.right(this);
    if (outcome === 'done' && !(await right())) throw new Error('done is said of what is not done');
    if (this.unfinished > 0 && this.noted === 0 && fault.believed?.(call) !== true)
      throw new Error('an unfinished upload is forgotten');
    faults.clear();
    await this.world.server.goDown();
    await this.world.server.listen();
    const healed = await call.run(this);
    if (healed !== 'done' || !(await right())) throw new Error(`then ${healed}: not healed`);
    return { outcome, requests: count };
  }

  async close(): Promise<void> {
    await this.world.close();
  }

  private get noted(): number {
    try {
      return readdirSync(this.journal).length;
    } catch {
      return 0;
    }
  }

  private async sendLarge(): Promise<void> {
    const file = this.world.file('large', Buffer.alloc(2 * part + 1));
    await this.store.upload({ path: file, key: 'f' }, never());
  }

  private async open(byZone: boolean): Promise<void> {
    const { world } = this;
    const zone = {
      account: world.account({ host: world.server.host, port: 80 }),
      env: { http_proxy: world.server.url },
    };
    this.store = await world.open({
      ...(byZone ? zone : {}),
      retries,
      partSize: part,
      // Long enough for a machine that is busy with other cells.
      idleTimeoutMs: this.fault.silent === true ? 400 : 30_000,
      connectTimeoutMs: 2000,
      abortTimeoutMs: 5000,
      workers: 4,
      journalDirectory: this.journal,
      clock: { ...systemClock, now: () => Date.now() + this.later },
    });
    this.engine = createQingStorEngine({
      store: this.store,
      source: asBytes(`${this.source}/`),
      target: 'qs://example-bucket',
      prefix: '',
      workers: 4,
      log: () => undefined,
    });
  }
}

function outcomeOf({ failures }: NativeResult): Outcome {
  const whole = failures.find(({ path }) => path === undefined);
  if (whole !== undefined) return whole.verdict === 'again' ? 'down' : 'stopped';
  if (failures.length === 0) return 'done';
  return failures.some(({ verdict }) => verdict === 'failed') ? 'failed' : 'again';
}
