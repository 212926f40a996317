import { Program } from './program.js';
import { setStage, type Stage } from './stage.js';
import { Tour, type Say } from './tour.js';
import { shortened } from './view.js';

const say: Say = (line) => {
  process.stdout.write(`${line}\n`);
};

/** Runs the demo; with `--once` it ends with the tour, otherwise when it is interrupted. */
async function demo(stage: Stage, goesOn: boolean, enough: AbortSignal): Promise<void> {
  const heard: string[] = [];
  const program = new Program(stage, (line) => heard.push(shortened(line, stage)));
  const tour = new Tour(stage, program, say, enough);
  try {
    say(`A QingStor server listens at ${stage.server.url}; all files of the demo are in`);
    say(`  SCRATCH=${stage.top}`);
    say('');
    say('$ lsyncd-ts -nodaemon $SCRATCH/qingstor-backup.conf');
    tour.watchBucket();
    await tour.run();
    if (goesOn) await playground(stage, program, enough);
  } catch (error) {
    if (!enough.aborted) for (const line of heard) say(`  lsyncd-ts: ${line}`);
    throw error;
  } finally {
    say(`lsyncd-ts ended: ${await program.stop()}`);
  }
}

/** Leaves the directory to the user until it is interrupted. */
async function playground(stage: Stage, program: Program, enough: AbortSignal): Promise<void> {
  say('');
  say(`Now change what you like in ${stage.source}: what reaches the bucket is shown here. Ctrl-C ends.`);
  const interrupted = new Promise<void>((resolve) => {
    if (enough.aborted) resolve();
    enough.addEventListener('abort', () => resolve(), { once: true });
  });
  const ended = program.end.then(() => 'ended');
  if ((await Promise.race([interrupted, ended])) === 'ended')
    throw new Error('lsyncd-ts has ended by itself');
}

async function main(): Promise<number> {
  const enough = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => enough.abort(new Error('interrupted')));
  const stage = await setStage();
  try {
    await demo(stage, !process.argv.includes('--once'), enough.signal);
    return 0;
  } catch (error) {
    if (enough.signal.aborted) return 0;
    say(`The demo failed: ${(error as Error).message}`);
    return 1;
  } finally {
    await stage.clear();
    say('everything of the demo is removed');
  }
}

process.exitCode = await main();
