import { readFileSync, readlinkSync } from 'node:fs';
import { differences } from './differences.js';
import type { Case, Step } from './harness/case.js';
import {
  called,
  commandEnded,
  daemonWatching,
  ended,
  frozen,
  live,
  logged,
  mark,
  settled,
  signal,
  watching,
} from './harness/conditions.js';
import { everyKind, plain } from './harness/configs.js';
import { differential } from './harness/define.js';

const hold = 'echo > $CTL/act.hold';
const release = live('rm -f $CTL/act.hold');

const daemon = (name: string, steps: readonly Step[], more: Partial<Case> = {}): Case => ({
  name: `daemon mode: ${name}`,
  config: plain((p) => everyKind(p)),
  args: (p) => [p.conf],
  steps: [commandEnded, daemonWatching(), ...steps],
  compare: ['calls', 'log', 'exit'],
  ...more,
});

/** Logs something about the running process, which both must agree on. */
const facts: Step = async (run) => {
  const link = (name: string): string => readlinkSync(`/proc/${run.pid}/${name}`);
  const fields = readFileSync(`/proc/${run.pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  const leader = Number(fields[3]) === run.pid;
  const text = [link('cwd'), ...[0, 1, 2].map((fd) => link(`fd/${fd}`)), `leader ${leader}`].join(' ');
  await run.script(`printf '%s\\0' 0 facts 1 '${text}' >> $CTL/calls`);
};

/** Second start after a HUP. */
const anew: Step = async (run) => {
  await logged('HUP signal, resetting')(run);
  await logged('--- Startup', 2)(run);
  await watching()(run);
};

differential('Signals and the process', [
  ...(['SIGTERM', 'SIGINT'] as const).flatMap((name): Case[] => [
    {
      name: `${name} when idle`,
      config: plain((p) => everyKind(p)),
      steps: [watching(), settled(200), signal(name), ended],
    },
    {
      name: `${name} while a child works`,
      config: plain((p) => everyKind(p)),
      setup: hold,
      steps: [
        watching(),
        live('mkdir d'),
        called('act'),
        signal(name),
        logged('waiting for 1 more'),
        release,
        ended,
      ],
    },
    {
      name: `${name} while two children work`,
      config: plain((p) => `maxProcesses = 2, ${everyKind(p)}`),
      setup: hold,
      steps: [
        watching(),
        frozen('mkdir d e'),
        called('act', 2),
        signal(name),
        logged('waiting for 2 more'),
        release,
        ended,
      ],
      compare: ['callsUnordered', 'logUnordered', 'exit'],
    },
  ]),
  {
    name: 'TERM drops what waits',
    config: plain((p) => everyKind(p)),
    setup: hold,
    steps: [
      watching(),
      frozen('mkdir a b c'),
      called('act'),
      signal('SIGTERM'),
      logged('waiting for'),
      release,
      ended,
    ],
  },
  {
    name: 'TERM while the child then fails',
    config: plain((p) => everyKind(p)),
    setup: `${hold}; echo 7 > $CTL/act.exit`,
    steps: [
      watching(),
      live('mkdir a'),
      called('act'),
      signal('SIGTERM'),
      logged('waiting for'),
      release,
      ended,
    ],
    compare: ['calls', 'exit'],
    differs: [differences['suspended-alone']((seen) => ({ ...seen, exit: 143 }))],
  },
  {
    name: 'TERM during the startup action',
    config: plain((p) => `onStartup = "${p.bin}/act Init", ${everyKind(p)}`),
    setup: hold,
    steps: [watching(), called('Init'), signal('SIGTERM'), logged('waiting for'), release, ended],
  },
  {
    name: 'HUP when idle',
    config: plain((p) => `onStartup = "${p.bin}/act Init", ${everyKind(p)}`),
    steps: [
      watching(),
      logged('Startup of'),
      settled(200),
      signal('SIGHUP'),
      anew,
      logged('Startup of', 2),
      mark,
    ],
  },
  {
    name: 'HUP while a child works',
    config: plain((p) => everyKind(p)),
    setup: hold,
    steps: [
      watching(),
      live('mkdir d'),
      called('act'),
      signal('SIGHUP'),
      logged('HUP signal'),
      release,
      anew,
      live('mkdir e'),
      called('"e/"'),
      settled(),
    ],
    compare: ['calls', 'exit'],
  },
  {
    name: 'HUP reads the config again',
    config: plain((p) => `onCreate = "${p.bin}/act one ^path"`),
    steps: [
      watching(),
      settled(200),
      live("sed 's/act one/act two/' $TOP/c.conf > $TOP/new; mv $TOP/new $TOP/c.conf"),
      signal('SIGHUP'),
      anew,
      live('mkdir d'),
      called('two'),
      settled(),
    ],
  },
  {
    name: 'HUP with a config that no longer loads',
    config: plain((p) => everyKind(p)),
    steps: [
      watching(),
      settled(200),
      live("echo 'x = = 1' > $TOP/c.conf"),
      signal('SIGHUP'),
      logged(/unexpected symbol/),
      settled(),
    ],
    compare: ['exit'],
    differs: [differences['hup-bad-config']((seen) => ({ ...seen, exit: 143 }))],
  },
  {
    name: 'SIGUSR1',
    config: plain((p) => everyKind(p)),
    steps: [watching(), settled(200), signal('SIGUSR1'), settled(500)],
    compare: ['exit'],
    differs: [differences.usr1((seen) => ({ ...seen, exit: 143 }))],
  },
  {
    name: 'SIGQUIT ends it',
    config: plain((p) => everyKind(p)),
    steps: [watching(), settled(200), signal('SIGQUIT'), ended],
    compare: ['exit'],
  },
  daemon('the typed command ends with 0, the daemon works', [mark], {
    compare: ['calls', 'log', 'stdout', 'stderr', 'exit'],
  }),
  daemon('TERM', [settled(200), signal('SIGTERM'), ended]),
  daemon('what children write goes to the log file', [live('mkdir d'), logged('Finished'), settled()], {
    setup: 'echo said > $CTL/act.say',
  }),
  daemon('working directory, session and descriptors', [facts]),
  daemon('two dashes, -pidfile and -logfile', [mark], {
    config: (p) => plain((q) => everyKind(q))(p).replace(`logfile = "${p.log}", `, ''),
    args: (p) => ['--logfile', p.log, '--pidfile', p.pidfile, p.conf],
  }),
  daemon(
    'pidfile in the config',
    [
      mark,
      async (run) =>
        run.until('the pid', () => readFileSync(run.paths.pidfile, 'latin1').trim() === String(run.pid)),
    ],
    {
      config: (p) => plain((q) => everyKind(q), `pidfile = "${p.pidfile}"`)(p),
    },
  ),
  daemon('a relative logfile and a relative source', [mark], {
    config: (p) => plain((q) => everyKind(q))(p).replace(`"${p.src}"`, '"src"'),
  }),
  {
    name: 'daemon mode: a bad config ends the typed command',
    config: () => 'sync { foo = 1 }\n',
    args: (p) => [p.conf],
    steps: [ended],
    compare: ['calls', 'log', 'exit'],
  },
]);
