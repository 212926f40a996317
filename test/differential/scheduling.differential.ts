import { differences, perhaps } from './differences.js';
import type { Case } from './harness/case.js';
import {
  called,
  calls,
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

const hold = 'echo > $CTL/act.hold';
const queue = [perhaps(differences['merge-same-kind']()), perhaps(differences['one-at-a-time']())];

const statusCase = (
  name: string,
  keys: string,
  set: string,
  script: string,
  texts: readonly string[],
): Case => ({
  name,
  config: plain((p) => `${keys} ${everyKind(p)}`, set),
  setup: hold,
  steps: [watching(), frozen(script), status(...texts), signal('SIGKILL')],
  compare: ['status', 'callsUnordered'],
  differs: queue,
});

const dirs = (count: number): string => `mkdir ${Array.from({ length: count }, (_, i) => `d${i}`).join(' ')}`;

const twoSyncs = (name: string, set: string, own: string, active: number): Case => ({
  name,
  config: (p) =>
    `${settings(p, set)}sync { source = "${p.src}/one", target = "${p.dst}", ${own} onCreate = "${p.bin}/act one ^path" }
sync { source = "${p.src}/two", target = "${p.dst}", ${own} onCreate = "${p.bin}/act two ^path" }\n`,
  setup: `mkdir one two; ${hold}`,
  steps: [
    watching(2),
    frozen('mkdir one/a one/b one/c two/a two/b two/c'),
    calls(active),
    status('Create /a/', 'Create /c/'),
    settled(300),
    (run) => {
      run.lookAtStatus();
      return Promise.resolve();
    },
    live('rm $CTL/act.hold'),
    calls(6),
    logged('Finished', 6),
  ],
  compare: ['callsUnordered', 'exit'],
});

const inotify = (mode: string, script: string, name = `inotifyMode ${JSON.stringify(mode)}`): Case => ({
  name,
  config: plain((p) => everyKind(p), `inotifyMode = ${JSON.stringify(mode)}`),
  setup: 'echo o > old',
  steps: [watching(), live(script), settled(500)],
});

differential('When actions run', [
  {
    name: 'no delay: at once',
    config: plain((p) => everyKind(p)),
    steps: [watching(), live('echo a > f'), mark],
  },
  statusCase('queue of 9999 s, maxDelays = 5', 'delay = 9999, maxDelays = 5,', '', dirs(3), ['Create /d2/']),
  statusCase('maxDelays reached: alarms are ignored', 'delay = 9999, maxDelays = 3,', '', dirs(5), [
    'active Create /d0/',
    'd4',
  ]),
  statusCase(
    'settings.maxDelays overrides the sync',
    'delay = 9999, maxDelays = 900,',
    'maxDelays = 2',
    dirs(4),
    ['active Create', 'd3'],
  ),
  {
    name: 'settings.maxDelays after the sync does not reach it',
    config: (p) => `${plain((q) => `delay = 9999, ${everyKind(q)}`)(p)}settings { maxDelays = 1 }\n`,
    setup: hold,
    steps: [watching(), frozen(dirs(3)), status('Create /d2/'), settled(), signal('SIGKILL')],
    compare: ['status', 'calls'],
  },
  {
    name: 'maxDelays 3: runs until the queue is shorter',
    config: plain((p) => `delay = 9999, maxDelays = 3, ${everyKind(p)}`),
    steps: [
      watching(),
      frozen(dirs(5)),
      logged('Finished', 3),
      settled(400),
      status('d4', 'There are 2 delays'),
    ],
    compare: ['calls', 'log', 'status'],
  },
  statusCase('maxProcesses unset: one', '', '', dirs(4), ['active Create /d0/', 'd3']),
  statusCase('maxProcesses 2', 'maxProcesses = 2,', '', dirs(4), ['active Create /d1/', 'd3']),
  statusCase('maxProcesses 3', 'maxProcesses = 3,', '', dirs(4), ['active Create /d2/', 'd3']),
  statusCase('settings.maxProcesses 2 overrides the sync', 'maxProcesses = 1,', 'maxProcesses = 2', dirs(4), [
    'active Create /d0/',
    'd3',
  ]),
  statusCase('settings.maxProcesses 2, the sync none', '', 'maxProcesses = 2', dirs(4), [
    'active Create /d0/',
    'd3',
  ]),
  {
    ...statusCase(
      'a file and its Modify with two processes',
      'maxProcesses = 2,',
      '',
      'echo a > f; mkdir g',
      ['active Create /f', 'g'],
    ),
    differs: [
      differences['one-at-a-time']((seen) => ({
        ...seen,
        calls: ['act "Create" "f"', 'act "Create" "g/"'],
        status: seen.status.map((line) =>
          line
            .replace('active Modify /f', 'block  Modify /f')
            .replace('wait   Create /g/', 'active Create /g/'),
        ),
      })),
    ],
  },
  twoSyncs('two syncs share settings.maxProcesses', 'maxProcesses = 2', 'maxProcesses = 5,', 2),
  twoSyncs('two syncs, each its own slots', '', 'maxProcesses = 2,', 4),
  twoSyncs('two syncs take turns', 'maxProcesses = 1', '', 1),
  {
    name: '-delay overrides the sync',
    config: plain((p) => `delay = 9999, ${everyKind(p)}`),
    args: (p) => ['-nodaemon', '-delay', '0', p.conf],
    steps: [watching(), live('mkdir d'), logged('Finished'), settled()],
  },
  {
    name: '-delay holds events',
    config: plain((p) => everyKind(p)),
    args: (p) => ['-nodaemon', '-delay', '9999', p.conf],
    steps: [watching(), frozen('mkdir d'), status('wait   Create /d/'), settled()],
    compare: ['calls', 'status', 'log'],
  },
  {
    name: 'a delay of half a second holds both events',
    config: plain((p) => `delay = 0.5, ${everyKind(p)}`),
    steps: [watching(), frozen('mkdir d e'), logged('Finished', 2), settled()],
  },
  inotify('CloseWrite', 'echo a > f; echo b >> old'),
  inotify('Modify', 'echo a > f; echo b >> old'),
  {
    // Its kernel events are two, its delays two or one: as they come.
    ...inotify('CloseWrite or Modify', 'echo b >> old; mkdir d'),
    compare: ['calls', 'exit'],
    prune: (seen) => ({ ...seen, calls: [...new Set(seen.calls)] }),
  },
  inotify('', 'echo a > f; echo b >> old'),
  inotify(
    'Modify',
    'exec 3>>old; echo b >&3; sleep 0.3; exec 3>&-',
    'inotifyMode Modify while the writer stays open',
  ),
  inotify(
    'CloseWrite',
    'exec 3>>old; echo b >&3; sleep 0.3; exec 3>&-',
    'inotifyMode CloseWrite while the writer stays open',
  ),
  {
    name: 'a blocked event runs once its blocker has ended',
    config: plain((p) => everyKind(p)),
    setup: `mkdir d; echo o > d/f; ${hold}`,
    steps: [
      watching(),
      live('chmod 700 d'),
      called('"Attrib" "d/"'),
      live('echo b >> d/f'),
      status('block  Modify /d/f'),
      live('rm $CTL/act.hold'),
      mark,
    ],
    compare: ['calls', 'log', 'exit'],
  },
  {
    name: 'swapping a and b through t',
    config: plain((p) => `delay = 0.4, ${everyKind(p)}`),
    setup: 'echo a > a; echo b > b',
    steps: [watching(), frozen('mv a t; mv b a; mv t b'), mark],
    compare: ['calls'],
    differs: [
      differences['swap-lost-create']((seen) => ({
        ...seen,
        calls: [...seen.calls, 'act "Create" "a"'].toSorted(),
      })),
    ],
    prune: (seen) => ({ ...seen, calls: seen.calls.toSorted() }),
  },
  ...(
    [
      ['there and back: mv f g; mv g f', 'echo o > f', 'mv f g; mv g f'],
      ['two moves onto one name', 'echo o > f; echo p > h', 'mv f g; mv h g'],
      ['moved away and replaced by another move', 'echo o > f; echo p > h', 'mv f g; mv h f'],
    ] as const
  ).map(([name, setup, script]): Case => ({
    name,
    config: plain((p) => `delay = 0.4, ${everyKind(p)}`),
    setup,
    steps: [watching(), frozen(script), mark],
    compare: ['callsUnordered', 'exit'],
    ...(name.startsWith('there')
      ? {
          differs: [
            differences['swap-lost-create']((seen) => ({
              ...seen,
              calls: [...seen.calls, 'act "Delete" "g"'],
            })),
          ],
        }
      : {}),
  })),
  {
    name: 'one event at a time, in order, without delay',
    config: plain((p) => everyKind(p)),
    steps: [watching(), frozen('mkdir a b c; rmdir b; echo x > d; rm d; mv c e'), mark],
    differs: [differences['vanished-quietly']],
  },
  {
    name: 'events during the startup action are blocked by Init',
    config: plain((p) => `onStartup = "${p.bin}/act Init", ${everyKind(p)}`),
    setup: hold,
    steps: [
      watching(),
      called('Init'),
      frozen('mkdir a; echo b > f'),
      status('Modify /f'),
      signal('SIGKILL'),
    ],
    compare: ['status', 'calls'],
    differs: [perhaps(differences['one-at-a-time']())],
  },
  {
    name: 'events held back by Init run in order once it has ended',
    config: plain((p) => `onStartup = "${p.bin}/act Init", ${everyKind(p)}`),
    setup: hold,
    steps: [
      watching(),
      called('Init'),
      frozen('mkdir a; echo b > f'),
      status('Modify /f'),
      live('rm $CTL/act.hold'),
      mark,
    ],
    compare: ['calls', 'log', 'exit'],
  },
]);
