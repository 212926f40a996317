import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath, URL } from 'node:url';
import { DiskTarget, engines } from './engines.js';
import { overflow, schedule, withLowQueue } from './faults.js';
import { knows, Program, strangers } from './program.js';
import { differences, readTree } from './trees.js';

const writerFile = fileURLToPath(new URL('writer.py', import.meta.url));

/** Writer processes that do as many operations as they are granted. */
class Writers {
  done = 0;
  ended = 0;
  failure;

  constructor(box, options, engine) {
    const share = Math.ceil(options.ops / options.writers);
    this.total = share * options.writers;
    this.each = share;
    const common = ['--root', box.source, '--outside', box.outside, '--lock', join(box.top, 'lock')];
    this.common = [writerFile, ...common, '--seed', String(options.seed), ...engine.writer];
    this.children = Array.from({ length: options.writers }, (_, id) => this.spawn(box, id + 1));
  }

  spawn(box, id) {
    const args = [...this.common, '--id', String(id), '--log', join(box.top, `logs/writer-${id}.log`)];
    const child = knows(spawn('python3', args, { stdio: ['pipe', 'pipe', 'inherit'] }));
    let mine = 0;
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.done += Number(line) - mine;
      mine = Number(line);
    });
    child.stdin.on('error', () => {});
    child.on('exit', (code) => {
      this.ended++;
      if (code !== 0) this.failure = `writer ${id} ended with ${code}`;
    });
    return child;
  }

  /** Lets all together have done this many operations. */
  grant(total) {
    const each = Math.min(this.each, Math.ceil(total / this.children.length));
    for (const child of this.children) child.stdin.write(`${each}\n`);
  }

  finish() {
    for (const child of this.children) child.stdin.end();
  }

  burstCommand(box, events) {
    const log = join(box.top, 'logs/writer-burst.log');
    return ['python3', ...this.common, '--burst', String(events), '--log', log];
  }
}

/** Where everything of a soak stands. */
export function box(top) {
  return {
    top,
    source: join(top, 'source'),
    outside: join(top, 'outside'),
    disk: join(top, 'disk'),
    log: join(top, 'logs/program.log'),
    status: join(top, 'logs/status'),
    config: join(top, 'logs/lsyncd.conf'),
  };
}

/** The program with its config, not started yet. */
export function prepare(at, options, engine) {
  const settings = `settings { logfile = "${at.log}", statusFile = "${at.status}", statusInterval = 1, insist = true }`;
  writeFileSync(at.config, `${settings}\n${engine.sync(at)}\n`);
  const args = ['-nodaemon', at.config];
  return new Program({
    command: options.real
      ? ['lsyncd', ...args]
      : [process.execPath, join(at.top, 'program/dist/cli/main.js'), ...args],
    cwd: at.top,
    env: process.env,
    output: join(at.top, 'logs/output.log'),
    log: at.log,
    status: at.status,
  });
}

/** Carries one fault out; ends when it is over. */
async function strike(fault, parts, counts) {
  const { program, target, options, writers, at } = parts;
  counts[fault.kind] = (counts[fault.kind] ?? 0) + 1;
  const note = (what) =>
    appendFileSync(
      join(at.top, 'logs/faults.log'),
      `${new Date().toISOString()} ${writers.done} ${fault.kind} ${what}\n`,
    );
  note('begins');
  switch (fault.kind) {
    case 'kill':
      await program.kill();
      await pause(fault.length / 4);
      if (options.queue > 0) {
        if (await withLowQueue(options.queue, async () => program.start(), 1500))
          counts.lowered = (counts.lowered ?? 0) + 1;
      } else program.start();
      break;
    case 'hup':
      await program.settled();
      program.signal('SIGHUP');
      break;
    case 'overflow':
      await program.settled();
      note(`strikes ${program.child.pid}`);
      await overflow(
        program,
        writers.burstCommand(at, options.queue > 0 ? 3000 : 20000),
        fault.length / 4,
        () => overflowsIn(program),
      );
      break;
    case 'full':
    case 'outage':
      await target.down();
      await pause(fault.length);
      await target.up();
      break;
    case 'http':
      await target.misbehave(fault.length);
      break;
    default:
      throw new Error(`unknown fault ${fault.kind}`);
  }
  note(program.alive ? 'over' : 'over, the program is not running');
}

/** Operations and faults, until all are done. */
async function storm(parts, counts) {
  const { writers, options } = parts;
  const faults = schedule(options, parts.engine.faults);
  const window = Math.max(50, Math.floor(options.ops / (faults.length + 1)));
  const began = Date.now();
  let granted = 0;
  let running;
  let failure;
  while (writers.done < writers.total || faults.length > 0 || running !== undefined) {
    if (writers.failure ?? failure) throw new Error(writers.failure ?? failure);
    const next = faults[0];
    if (running === undefined && next !== undefined && writers.done >= Math.min(next.at, writers.total - 1)) {
      faults.shift();
      running = strike(next, parts, counts)
        .catch((error) => (failure = `${next.kind}: ${error.message}`))
        .finally(() => (running = undefined));
    }
    const byTime = ((Date.now() - began) / 1000) * options.rate;
    const byFault = next === undefined ? writers.total : next.at + window;
    const allowed = Math.min(writers.total, byTime, byFault);
    if (allowed > granted) writers.grant((granted = Math.ceil(allowed)));
    await pause(25);
  }
  writers.finish();
  while (writers.ended < writers.children.length) await pause(10);
}

/** Nothing queued, nothing running, and a file made after everything else has arrived. */
export async function quiet({ at, program, target, options }) {
  const name = 'soak-is-over';
  writeFileSync(join(at.source, name), `seed ${options.seed}\n`);
  const since = Date.now();
  const end = since + options.settle * 1000;
  for (let calm = 0; Date.now() < end; await pause(250)) {
    const status = program.status();
    const still = target.has(name) && status !== undefined && status.delays === 0 && status.written > since;
    calm = still ? calm + 1 : 0;
    if (calm >= 8) return true;
  }
  return false;
}

/** How often the program has said that its kernel queue overflowed. */
const overflowsIn = (program) => (program.logFile.match(/OVERFLOW in event queue/g) ?? []).length;

/** Runs one engine's soak in a jail; answers the exit status. */
export async function soak(options, top) {
  const at = box(top);
  const engine = engines[options.engine];
  const target = await (engine.target?.(at, options) ?? new DiskTarget(at.disk));
  mkdirSync(join(at.source, 'burst'), { recursive: true });
  const program = prepare(at, options, engine);
  const counts = {};
  const began = Date.now();
  program.start();
  const writers = new Writers(at, options, engine);
  const parts = { at, engine, options, program, target, writers };
  await storm(parts, counts);
  const stormed = (Date.now() - began) / 1000;
  const calm = await quiet(parts);
  const source = engine.expected?.(at.source) ?? readTree(at.source);
  const found = differences(source, await target.read(), engine.fields);
  const overflows = overflowsIn(program);
  const graceful = await program.stop(10_000);
  if (!graceful) await program.kill();
  for (const end = Date.now() + 3000; strangers().length > 0 && Date.now() < end;) await pause(50);
  const orphans = strangers().map((pid) => `${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'latin1')}`);
  const leftovers = target.leftovers();
  await target.close();
  const problems = [
    ...found,
    ...(calm
      ? []
      : [
          `not quiet after ${options.settle} s: ${program.status()?.text.slice(0, 2000) ?? 'no status file'}`,
        ]),
    ...(graceful ? [] : ['did not end within 10 s of SIGTERM']),
    ...orphans.map((line) => `orphan: ${line.replaceAll('\0', ' ')}`),
    ...leftovers.map((line) => `left over: ${line}`),
  ];
  if (problems.length > 0)
    writeFileSync(join(top, 'logs/problems.txt'), `${problems.join('\n')}\n`, 'latin1');
  for (const line of problems.slice(0, 40)) process.stdout.write(`  ${line}\n`);
  const struck =
    Object.entries(counts)
      .map(([kind, n]) => `${kind} ${n}`)
      .join(', ') || 'none';
  process.stdout.write(
    `${options.real ? 'real lsyncd ' : ''}${options.engine}: seed ${options.seed}, ${writers.done} operations, faults: ${struck}; ` +
      `overflows logged ${overflows}, unexpected ends ${program.unexpected.length}, ${source.size} paths, ` +
      `${stormed.toFixed(0)} s + ${((Date.now() - began) / 1000 - stormed).toFixed(0)} s to settle, ` +
      `orphans: ${orphans.length}, left over: ${leftovers.length}, ${calm ? 'quiet' : 'NOT QUIET'}, differences: ${found.length}\n`,
  );
  return problems.length === 0 ? 0 : 1;
}
