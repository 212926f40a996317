import type { Case, Difference } from './harness/case.js';
import { called, frozen, live, signal, status, watching } from './harness/conditions.js';
import { everyKind, plain, withoutMoves } from './harness/configs.js';
import { keepMove } from './harness/improvements.js';
import { differential } from './harness/define.js';
import { differences, perhaps } from './differences.js';

const file = 'echo o > f';
const dir = 'mkdir d; echo o > d/f';
const deep = 'mkdir -p d/e; echo o > d/e/f';
const out = 'mkdir -p ../dst/in; echo i > ../dst/in/f';

/** What is there before, and what is done at once while all events wait. */
const sequences: readonly (readonly [before: string, done: string])[] = [
  ['', 'echo a > f'],
  ['', 'echo a > f; chmod 600 f'],
  [file, 'chmod 600 f; echo b >> f'],
  [file, 'echo b >> f; chmod 600 f'],
  [file, 'echo b >> f; rm f'],
  [file, 'chmod 600 f; rm f'],
  [file, 'rm f; echo n > f'],
  [file, 'rm f; echo n > f; rm f'],
  [file, 'rm f; echo n > f; rm f; echo m > f'],
  [file, 'echo b >> f; rm f; echo n > f'],
  [file, 'rm f; mkdir f'],
  ['mkdir d', 'rmdir d; echo n > d'],
  ['mkdir d', 'rmdir d; mkdir d'],
  [file, 'rm f; ln -s nowhere f'],
  [dir, 'ln -s d l'],
  [file, 'ln f g'],
  [file, 'touch f'],
  [dir, 'chmod 700 d; echo b >> d/f'],
  [dir, 'echo b >> d/f; chmod 700 d'],
  [dir, 'echo b >> d/f; chmod 700 d; echo c >> d/f'],
  [dir, 'rm -r d'],
  [deep, 'rm -r d'],
  [dir, 'rm -r d; mkdir d'],
  [dir, 'rm -r d; mkdir d; echo n > d/f'],
  [deep, 'chmod 700 d/e; chmod 700 d; echo b >> d/e/f'],
  ['mkdir d e', 'chmod 700 d; chmod 700 e'],
  ['mkdir d', 'chmod 700 d; echo a > dd'],
  ['', 'mkdir d; mkdir d/e; echo a > d/e/f'],
  ['', 'mkdir d; rmdir d'],
  [file, 'touch .'],
  [file, 'chmod 700 .; chmod 755 .'],
  [file, 'mv f g'],
  [`${file}; echo p > g`, 'mv f g'],
  [file, 'mv f g; echo n > f'],
  [file, 'mv f g; echo b >> g'],
  [file, 'mv f g; chmod 600 g'],
  [file, 'mv f g; rm g'],
  [file, 'mv f g; rm g; echo n > g'],
  [file, 'mv f g; mv g h'],
  [file, 'mv f g; mv g f'],
  [`${file}; echo p > h`, 'mv f g; mv h g'],
  [`${file}; echo p > h`, 'mv f g; mv h f'],
  [file, 'echo b >> f; mv f g'],
  [`${file}; echo p > g`, 'echo b >> g; mv f g'],
  [`${file}; echo p > g`, 'rm g; mv f g'],
  ['', 'echo a > f; mv f g'],
  [dir, 'mv d e'],
  [dir, 'mv d e; echo b >> e/f'],
  [dir, 'mv d e; rm e/f'],
  [dir, 'mv d e; mkdir d'],
  [dir, 'mv d e; rm -r e'],
  [dir, 'echo b >> d/f; mv d e'],
  [dir, 'mv d/f d/g; mv d e'],
  [dir, 'mv d e; mv e/f e/g'],
  [deep, 'mv d/e x'],
  [deep, 'mv d x; mv x/e y'],
  [`${file}; ${dir}`, 'mv f d/f2'],
  [`${file}; ${dir}`, 'chmod 700 d; mv f d/f2'],
  [file, 'mv f ../dst/out'],
  ['echo i > ../dst/in', 'mv ../dst/in f'],
  [out, 'mv ../dst/in d'],
  [dir, 'mv d ../dst/out; echo n > f'],
  [dir, 'mv d ../dst/out; echo b >> ../dst/out/f'],
];

const split: readonly (readonly [before: string, done: string])[] = [
  [file, 'mv f g'],
  [dir, 'mv d e'],
  [file, 'mv f g; mv g h'],
  [file, 'mv f g; rm g'],
  [file, 'mv f g; mv g f'],
  [dir, 'mv d e; echo b >> e/f'],
];

/** Sequences in which ours differs in a way of its own. */
const own: Readonly<Record<string, readonly Difference[]>> = {
  'mv d e; rm -r e': [
    differences['moved-watches-kept']((seen) => ({
      ...seen,
      status: keepMove(seen.status),
    })),
  ],
  'rm -r d; mkdir d; echo n > d/f': [
    differences.rewatched((seen) => ({
      ...seen,
      status: seen.status.map((line) => line.replace('wait   Delete /d/f', 'wait   Create /d/f')),
    })),
  ],
  'mv f g; rm g; echo n > g': [
    differences['one-at-a-time']((seen) => ({
      ...seen,
      status: seen.status.map((line) => line.replace('wait   Create /g', 'block  Create /g')),
    })),
  ],
};

const queued = (title: string, keys: typeof everyKind, [before, done]: readonly [string, string]): Case => ({
  name: `${title}: ${done}${before === '' ? '' : ` (before: ${before})`}`,
  config: plain((p) => `delay = 9999, ${keys(p)}`),
  setup: before === '' ? 'true' : before,
  steps: [watching(), frozen(done), live('echo z > zz'), status('Create /zz', 'Modify /zz')],
  compare: ['status', 'calls', 'exit'],
  differs: [...(own[done] ?? []), perhaps(differences['merge-same-kind']()), differences['one-at-a-time']()],
});

/** An event of this script is at work when the other script is run. */
const working: readonly (readonly [before: string, first: string, call: string, then: string])[] = [
  [file, 'rm f', '"Delete" "f"', 'echo n > f'],
  [file, 'echo b >> f', '"Modify" "f"', 'rm f'],
  [file, 'mv f g', '"Move" "f" "g"', 'rm g'],
  [file, 'mv f g', '"Move" "f" "g"', 'echo n > f'],
  [file, 'mv f g', '"Move" "f" "g"', 'mv g h'],
  [dir, 'chmod 700 d', '"Attrib" "d/"', 'echo b >> d/f'],
  [dir, 'echo b >> d/f', '"Modify" "d/f"', 'chmod 700 d'],
  [dir, 'mv d e', '"Move" "d/" "e/"', 'echo b >> e/f'],
];

const atWork = working.map(([before, first, call, then]): Case => ({
  name: `while "${first}" is at work: ${then}`,
  config: plain((p) => `delay = 0, maxProcesses = 1, ${everyKind(p)}`),
  setup: `${before}; echo > $CTL/act.hold`,
  steps: [
    watching(),
    live(first),
    called(call),
    frozen(then),
    live('echo z > zz'),
    status('Create /zz', 'Modify /zz'),
    signal('SIGKILL'),
  ],
  compare: ['calls', 'status'],
  differs: [differences['one-at-a-time']()],
}));

differential('How events combine in the queue', [
  ...sequences.map((sequence) => queued('queue', everyKind, sequence)),
  ...split.map((sequence) => queued('queue without onMove', withoutMoves, sequence)),
  ...atWork,
]);
