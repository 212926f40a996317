import { differences, perhaps } from './differences.js';
import type { Case } from './harness/case.js';
import {
  called,
  ended,
  frozen,
  live,
  logged,
  mark,
  settled,
  signal,
  status,
  watching,
} from './harness/conditions.js';
import { everyKind, plain, settings } from './harness/configs.js';
import { differential } from './harness/define.js';

const withLog = (category: string, more: Partial<Case> = {}): Case => ({
  name: `-log ${category}`,
  config: plain((p) => everyKind(p)),
  args: (p) => ['-nodaemon', '-log', category, p.conf],
  steps: [watching(), mark],
  compare: ['calls', 'exit'],
  ...more,
});

const queue = [perhaps(differences['merge-same-kind']()), perhaps(differences['one-at-a-time']())];

const shows = (
  name: string,
  keys: string,
  setup: string,
  script: string,
  texts: readonly (string | RegExp)[],
  more: Partial<Case> = {},
): Case => ({
  name: `status: ${name}`,
  config: plain((p) => `${keys} ${everyKind(p)}`),
  setup,
  steps: [watching(), frozen(script), status('Inotify', ...texts), signal('SIGKILL')],
  compare: ['status'],
  differs: queue,
  ...more,
});

differential('Log, console and status file', [
  {
    name: 'a session',
    config: plain((p) => `onStartup = "${p.bin}/act Init", ${everyKind(p)}`),
    setup: 'mkdir d',
    steps: [
      watching(),
      logged('Startup of'),
      frozen('echo a > d/f'),
      logged('Finished', 2),
      frozen('mv d e'),
      logged('Finished', 3),
      mark,
    ],
  },
  ...[
    'Normal',
    'Info',
    'Debug',
    'Delay',
    'Inotify',
    'Filter',
    'Alarm',
    'FWrite',
    'Function',
    'Call',
    'Statusfile',
  ].map((category) => withLog(category)),
  withLog('all'),
  withLog('scarce', {
    compare: ['calls', 'log', 'stdout', 'stderr', 'exit'],
    steps: [watching(), live('echo a > f'), called('Modify'), settled()],
  }),
  withLog('Exec', { compare: ['calls', 'log', 'exit'] }),
  withLog('Exec', {
    name: '-log Exec with stdin',
    config: plain(
      (p) =>
        `onCreate = function(e) spawn(e, "${p.bin}/act", "<", "one\\ntwo\\0three", "a b", "") end, onModify = function(e) spawnShell(e, 'act "$1"', e.path) end`,
    ),
    compare: ['calls', 'stdin', 'log', 'exit'],
    differs: [
      differences['exec-log'],
      differences['shell-name']((seen) => ({
        ...seen,
        log: seen.log.map((line) => line.replace('[/bin/sh] [zz]', '[sh] [zz]')),
      })),
    ],
  }),
  withLog('Mine', {
    name: '-log of a category of the script',
    config: plain(
      (p) =>
        `onCreate = function(e) log("Mine", "shown"); log("Other", "hidden") end, onModify = "${p.bin}/act ^path"`,
    ),
    compare: ['calls', 'log', 'stdout', 'exit'],
  }),
  withLog('scarce', {
    name: '-log scarce shows errors',
    config: plain((p) => `onCreate = "${p.bin}/act ^path", exitcodes = { [3] = "die" }`),
    setup: 'echo 3 > $CTL/act.exit',
    steps: [watching(), live('echo a > f'), ended],
    compare: ['calls', 'log', 'stdout', 'stderr', 'exit'],
  }),
  {
    name: '-logfile on the command line wins',
    config: (p) =>
      plain((q) => everyKind(q))(p).replace(`logfile = "${p.log}"`, `logfile = "${p.top}/other"`),
    args: (p) => ['-nodaemon', '-logfile', p.log, p.conf],
    steps: [watching(), mark],
  },
  {
    name: 'no logfile: only the console',
    config: (p) => plain((q) => everyKind(q))(p).replace(`logfile = "${p.log}", `, ''),
    steps: [watching(), mark],
  },
  {
    name: 'the log survives a rotation by renaming',
    config: plain((p) => everyKind(p)),
    steps: [
      watching(),
      frozen('mkdir a'),
      logged('Finished'),
      live('mv $TOP/log $TOP/log.1'),
      frozen('mkdir b'),
      logged('Finished Create'),
      settled(),
    ],
  },
  {
    name: 'the log is appended to',
    config: plain((p) => everyKind(p)),
    setup: 'echo before > $TOP/log',
    steps: [watching(), mark],
  },
  {
    name: 'what children write goes to the console',
    config: plain((p) => `onCreate = "${p.bin}/act ^path"`),
    setup: 'echo said > $CTL/act.say',
    steps: [watching(), live('mkdir d'), logged('Finished'), settled()],
  },
  shows('nothing to do', '', 'true', 'true', ['There are 0']),
  shows('waiting', 'delay = 9999,', 'echo o > f', 'mkdir d; chmod 600 f; mv f g', ['Create /g']),
  shows(
    'active and blocked',
    '',
    'mkdir d; echo o > d/f; echo > $CTL/act.hold',
    'chmod 700 d; echo b >> d/f; echo a > g',
    ['active', 'Modify /g'],
  ),
  shows(
    'a moved directory active',
    '',
    'mkdir d; echo o > d/f; echo > $CTL/act.hold',
    'mv d e; echo b >> e/f',
    ['active Move', 'e/f'],
  ),
  shows(
    'odd names',
    'delay = 9999,',
    'true',
    `mkdir 'a b' "it's" 'new
line' "$(printf 'b\\377d')" zz`,
    ['/zz/'],
  ),
  shows(
    'watches of a tree',
    'delay = 9999,',
    'mkdir -p a/b/c d "e f"',
    'mkdir zz',
    ['/zz/ ', /zz\/\n/].slice(1),
  ),
  {
    ...shows('watches after directories came and went', '', 'mkdir -p a/b d', 'true', []),
    steps: [
      watching(),
      frozen('rm -r a; mkdir n'),
      mark,
      frozen('mv d e'),
      logged('Finished Move'),
      settled(),
      status('Inotify'),
      signal('SIGKILL'),
    ],
  },
  {
    name: 'status: three syncs, one named',
    config: (p) =>
      `${settings(p)}${['a', 'b', 'c'].map((t) => `sync { source = "${p.src}/${t}", target = "${t}", ${t === 'b' ? 'checkgauge = { name = true }, name = "named",' : ''} delay = 9999, ${everyKind(p)} }\n`).join('')}`,
    setup: 'mkdir a b c',
    steps: [watching(3), frozen('mkdir a/x b/y c/z'), status('/x/', '/y/', '/z/'), signal('SIGKILL')],
    compare: ['status'],
  },
  shows('during the startup action', `onStartup = "sleep 60",`, 'true', 'mkdir d', ['Create /d/']),
  {
    name: 'status: with filters',
    config: plain(
      (p) =>
        `delay = 9999, checkgauge = { filter = true, exclude = true }, filter = { "+ a", "- b*" }, exclude = { "c", "/d/" }, ${everyKind(p)}`,
    ),
    steps: [watching(), frozen('mkdir a b c'), status('Create /a/'), signal('SIGKILL')],
    compare: ['status'],
    differs: [
      differences['status-lists-excludes']((seen) => ({
        ...seen,
        status: seen.status.flatMap((line) =>
          line === '- b*' ? [line, 'From excludes:', '- c', '- /d/'] : [line],
        ),
      })),
    ],
  },
]);
