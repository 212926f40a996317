import { differences, perhaps } from './differences.js';
import type { Case, Difference, Observation } from './harness/case.js';
import { ended, frozen, live, status, watching } from './harness/conditions.js';
import { everyKind, plain } from './harness/configs.js';
import { differential } from './harness/define.js';

const tree =
  'mkdir -p d/foo d/deep e x foo; echo a > d/foo/in; echo a > e/f; echo a > deep; echo a > x/y.bak';
const activity = `chmod 600 deep d/foo/in e/f x/y.bak; chmod 700 d/foo d e x foo
for n in f foobar a.bak xfoo d/f d/g.bak d/foo/new d/deep/deep e/foo foo/in x/z ; do echo a > $n; done
for n in '[a]' a+b .hidden D %a 'f$' '(f)' a ; do echo a > "$n"; done`;

/** Ours lists the excludes, which lsyncd leaves out. */
const listed = (...patterns: readonly string[]): Difference =>
  differences['status-lists-excludes']((seen) => listExcludes(seen, patterns));

function listExcludes(seen: Observation, patterns: readonly string[]): Observation {
  const at = seen.status.findIndex((line) => line === 'Filtering:');
  if (at < 0) return seen;
  const rules = seen.status.slice(at + 1).filter((line) => /^[+-] /.test(line));
  const rest = seen.status.slice(at + 1 + Math.max(1, rules.length));
  const excludes = ['From excludes:', ...patterns.map((pattern) => `- ${pattern}`)];
  return { ...seen, status: [...seen.status.slice(0, at + 1), ...rules, ...excludes, ...rest] };
}

/** lsyncd refuses these keys on a plain sync unless its gauge allows them. */
const gauge =
  'checkgauge = { exclude = true, excludeFrom = true, filter = true, filterFrom = true, subdirs = true }';

const base = (
  name: string,
  keys: string,
  differs: readonly Difference[],
  setup = tree,
  script = activity,
): Case => ({
  name,
  config: (p) =>
    plain((q) => `delay = 9999, ${gauge}, ${keys}, ${everyKind(q)}`)(p).replaceAll('$TOP', p.top),
  setup,
  steps: [watching(), frozen(script), live('echo z > zz'), status(/(Create|Modify) \/zz|delays/, 'Inotify')],
  compare: ['status', 'exit'],
  differs: [...differs, perhaps(differences['merge-same-kind']()), perhaps(differences['one-at-a-time']())],
});

/** Sees the mark, or (when the rules hide it) a queue that no longer changes. */
const settledStatus = (testCase: Case, hidden = false): Case => ({
  ...testCase,
  steps: hidden
    ? [
        watching(),
        frozen(`${activity}; echo z > zz`),
        status('Inotify'),
        async (run) => run.settled(600),
        status('Inotify'),
      ]
    : [watching(), ...(testCase.steps ?? []).slice(1, -1), status('Create /zz', 'Modify /zz')],
});

const patterns = [
  ...['foo', '/foo', 'foo/', '/foo/', 'f', '/f', 'd/foo', '/d/foo', 'd/', '*.bak', '/*.bak', 'foo*'],
  ...['f?o', 'd/*', 'd/**', '**/deep', '**deep', '*/foo', '[a]', 'a+b', '.hidden', '.*', 'e/f'],
  ...['foo/*', 'D', '%a', 'f$', '(f)', 'nothing-like-this'],
];

const long = (text: string): string => `[==[${text}]==]`;

const rules: readonly (readonly [
  keys: string,
  excludes: readonly string[],
  setup?: string,
  hidden?: boolean,
])[] = [
  ['exclude = "foo"', ['foo']],
  ['exclude = { "foo", "*.bak", "/x/" }', ['foo', '*.bak', '/x/']],
  [
    'excludeFrom = "$TOP/ex"',
    ['foo', '*.bak', '/x'],
    "printf '# note\\n\\nfoo\\n- *.bak\\n+ f\\n/x\\n' > ../ex",
  ],
  ['filter = { "- foo", "+ f" }', []],
  ['filter = { "+ /d/foo", "- foo" }', []],
  ['filter = { "+ foo/in", "- foo" }', []],
  ['filter = { "- /d/", "- *.bak" }', []],
  ['filter = { "+ f", "+ zz", "- *" }', []],
  ['filter = { "- **" }', [], 'true', true],
  ['filter = "- foo"', []],
  ['filter = { "- foo" }, exclude = "f"', ['f']],
  ['filterFrom = "$TOP/fi"', [], "printf '# note\\n- foo\\n+ f\\n- f\\n' > ../fi"],
  ['filterFrom = "$TOP/fi", name = "no line break at the end"', [], "printf -- '- foo\\n- *.bak' > ../fi"],
  ['exclude = "?"', ['?']],
  ['subdirs = false', []],
  ['subdirs = true', []],
];

const moves = [
  'mv f g',
  'mv f g.tmp',
  'mv f.tmp g',
  'mv f.tmp g.tmp',
  'mv f out/f2',
  'mv out/f f2',
  'mv d e',
  'mv d out/e',
  'mv out e',
  'mv d d.tmp',
  'mv d e; echo b >> e/x.tmp; echo b >> e/f',
  'mkdir n; mkdir n/out; echo a > n/out/f; echo a > n/f; echo a > n/f.tmp',
  'rm -r d',
  'rm -r out',
  'mkdir out/n; echo a > out/n/f',
];

/** A start that fails because of its rules. */
const refused = (name: string, keys: string, setup = 'true', more: Partial<Case> = {}): Case => ({
  name,
  config: (p) => plain(`${gauge}, ${keys}, onCreate = "true"`)(p).replaceAll('$TOP', p.top),
  setup,
  steps: [ended],
  compare: ['calls', 'exit', 'stderr', 'stdout', 'log'],
  ...more,
});

differential('Filters and excludes', [
  ...patterns.map((pattern) =>
    settledStatus(
      base(`exclude = { ${long(pattern)} }`, `exclude = { ${long(pattern)} }`, [listed(pattern)]),
    ),
  ),
  ...rules.map(([keys, excludes, setup, hidden]) =>
    settledStatus(
      base(
        keys,
        keys.replace(/, name = .*/, ''),
        excludes.length === 0 ? [] : [listed(...excludes)],
        setup === undefined ? tree : `${tree}; ${setup}`,
      ),
      hidden,
    ),
  ),
  ...moves.map((script) =>
    settledStatus(
      base(
        `a move and an exclude: ${script}`,
        'exclude = { "*.tmp", "out" }',
        [listed('*.tmp', 'out')],
        'mkdir d out; echo a > f; echo a > f.tmp; echo a > out/f; echo a > d/f; echo a > d/x.tmp',
        script,
      ),
    ),
  ),
  refused('an unknown filter rule', 'filter = { "* foo" }'),
  refused('a filter rule without a sign', 'filter = { "foo" }'),
  refused('an excludeFrom that is not there', 'excludeFrom = "$TOP/nosuch"'),
  refused('a filterFrom that is not there', 'filterFrom = "$TOP/nosuch"'),
  refused('an unknown rule in filterFrom', 'filterFrom = "$TOP/fi"', "echo 'x foo' > ../fi"),
  refused('exclude of a wrong type', 'exclude = 7', 'true', wrongType('exclude')),
  refused('filter of a wrong type', 'filter = true', 'true', wrongType('filter')),
]);

function wrongType(key: string): Partial<Case> {
  return {
    differs: [
      differences['own-words']((seen) => ({
        ...seen,
        stderr: [
          `Error: error preparing /S/c.conf: /S/c.conf:2: Parameter "${key}" must be a string or a list of strings.`,
        ],
      })),
    ],
  };
}
