import console from 'node:console';
/**
 * What entering an event costs with a long queue: nodes of the path tree visited per event, and wall time, at 1,000
 * and 1,000,000 queued events; then the cost of one scheduling step. `node test/bench/queue-enter.js`, after a build.
 */
import { performance } from 'node:perf_hooks';
import { DelayQueue } from '../../dist/core/queue.js';

const depth = 6;
const path = (i) => `/${(i % 97).toString(36)}/${(i % 89).toString(36)}/${(i % 83).toString(36)}/x/y/f${i}`;

function measure(queued) {
  const queue = new DelayQueue({ delay: 3_600_000, moves: true });
  for (let i = 0; i < queued; i++) queue.enter({ kind: 'Modify', path: path(i) }, i);
  const probes = 20_000;
  const from = performance.now();
  for (let i = 0; i < probes; i++) queue.enter({ kind: 'Modify', path: path(queued + i) }, queued + i);
  const enter = ((performance.now() - from) * 1000) / probes;
  const asked = performance.now();
  for (let i = 0; i < probes; i++) queue.firstReady(0, Number.MAX_SAFE_INTEGER);
  return { queued, enter, ready: ((performance.now() - asked) * 1000) / probes };
}

measure(1_000);
const [short, long] = [measure(1_000), measure(1_000_000)];
for (const { queued, enter, ready } of [short, long])
  console.log(
    `${queued} queued, depth ${depth}: ${enter.toFixed(2)} µs an event, ${ready.toFixed(2)} µs a look`,
  );
console.log(`ratio of entering, 1,000,000 : 1,000 queued: ${(long.enter / short.enter).toFixed(1)}`);
