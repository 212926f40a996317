import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { knows } from './program.js';

/** A small generator of numbers in [0, 1): the same ones for the same seed. */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A start compares everything and so would hide what was lost before it: none in the last third. */
const restarts = ['kill', 'hup'];

/**
 * Which fault strikes after how many operations.
 * @returns {{ at: number, kind: string, length: number }[]} in order; length in ms
 */
export function schedule(options, kinds) {
  const random = generator(options.seed);
  const wanted = Object.entries({
    kill: options.kills,
    outage: options.outages,
    http: options.https,
    hup: options.hups,
    overflow: options.overflows,
    full: options.fulls,
  }).filter(([kind]) => kinds.includes(kind));
  return wanted
    .flatMap(([kind, count]) =>
      Array.from({ length: count }, () => ({
        kind,
        at: Math.floor((0.03 + (restarts.includes(kind) ? 0.62 : 0.92) * random()) * options.ops),
        length: Math.floor(200 + random() * options.faultMs),
      })),
    )
    .sort((a, b) => a.at - b.at);
}

const queueLimit = '/proc/sys/fs/inotify/max_queued_events';

/**
 * Runs what starts a program under a lowered kernel queue; a queue keeps the limit it was opened with, so the
 * machine's own value is back at once.
 */
export async function withLowQueue(limit, work, ms) {
  let was;
  try {
    was = readFileSync(queueLimit, 'latin1');
    writeFileSync(queueLimit, String(limit));
  } catch {
    await work();
    return false;
  }
  try {
    await work();
    await pause(ms);
  } finally {
    writeFileSync(queueLimit, was);
  }
  return true;
}

/**
 * Stops the program while more changes than its kernel queue holds come in, and lets it find out: another fault
 * would strike before it had read of the overflow.
 * @param noticed how many overflows it has reported
 */
export async function overflow(program, burst, ms, noticed) {
  program.signal('SIGSTOP');
  await new Promise((resolve, reject) => {
    const child = knows(spawn(burst[0], burst.slice(1), { stdio: ['ignore', 'ignore', 'inherit'] }));
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`burst writer: ${code}`))));
  });
  await pause(ms);
  const before = noticed();
  program.signal('SIGCONT');
  for (const end = Date.now() + 10_000; noticed() === before && Date.now() < end;) await pause(50);
}
