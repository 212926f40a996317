/**
 * A monitor in a process of its own: `node child-monitor.js MONITOR-MODULE JOB SOURCE`. Prints a JSON line for each
 * report and for what it does itself. Jobs: `watch` (until stdin ends, then closes), `exit` (ends the process while
 * watching), `throw` (an uncaught error while watching), `nobody` (like `watch`, as a user without rights).
 */
import process from 'node:process';
import { setImmediate } from 'node:timers';
const [module, job, source] = process.argv.slice(2);
const { createInotifyMonitor } = await import(module);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

if (job === 'nobody') {
  process.setgid(65534);
  process.setuid(65534);
}
const monitor = createInotifyMonitor({ mode: 'CloseWrite' }, say);
const rules = { filters: [], excludes: [] };
try {
  await monitor.watch([{ id: 0, source, subdirs: true, rules }]);
  say({ kind: 'watching' });
} catch (error) {
  say({ kind: 'refused', code: error.code, message: error.message, remedy: error.remedy });
}
if (job === 'exit') process.exit(7);
if (job === 'throw')
  setImmediate(() => {
    throw new Error('on purpose');
  });
process.stdin.resume();
process.stdin.on('end', () => void monitor.close());
