import { differences, perhaps } from './differences.js';
import type { Case } from './harness/case.js';
import { called, ended, frozen, live, mark, settled, watching } from './harness/conditions.js';
import { everyKind, plain } from './harness/configs.js';
import { differential } from './harness/define.js';
import { eachLine } from './harness/normalise.js';

const variables = [
  'path',
  'pathname',
  'pathdir',
  'source',
  'sourcePath',
  'sourcePathname',
  'sourcePathdir',
  'target',
  'targetPath',
  'targetPathname',
  'targetPathdir',
].map((name) => `^${name}`);
const moveVariables = ['path', 'pathname', 'sourcePath', 'sourcePathname', 'sourcePathdir']
  .concat(['targetPath', 'targetPathname', 'targetPathdir'])
  .flatMap((name) => [`^o.${name}`, `^d.${name}`]);

/** Waits until the one action of a script is through and nothing else comes. */
const done = (script: string) => [watching(), live(script), called('act'), settled(250)];

/** `onCreate` (or another callback) is a string; something is done. */
const one = (name: string, keys: Case['config'], script: string, more: Partial<Case> = {}): Case => ({
  name,
  ...(keys === undefined ? {} : { config: keys }),
  steps: done(script),
  ...more,
});

const create = (text: (bin: string) => string, kind = 'Create') =>
  plain((p) => `on${kind} = ${JSON.stringify(text(p.bin))}`);

const binaryArguments = [
  'x  y   z',
  '"two words" x',
  '"^path" ^path',
  'pre^path.post',
  'x^pathname.bak',
  '--file=^sourcePath',
  '^source^path',
  'a;b && c | d > e',
  '$HOME `id` $(id) *',
  '# no comment',
  '100% %s %d',
  '^nosuch x',
  '^ ^^ ^',
  '^o.path ^o.sourcePathname',
  '',
  '""',
  '"a b',
  'a"b c"d',
  '^pathnamex ^pathology',
  '-n --',
  '^target',
];

const shellStrings = [
  'act ^path',
  'act "^path"',
  "act '^path'",
  'act pre^path',
  'act x^pathname-^pathname.bak',
  'act "two words" $((1+2)) $HOME',
  "act it\\'s 'a b'",
  'act ^nosuch',
  'act ^path > $DST/out; echo $? >> $DST/out',
  'act one; act two',
  'echo "$#:$1:$2" > $DST/out; act ^path ^target',
  'false; act ^path',
  '  act   blanks  ',
  'echo to-stdout; echo to-stderr >&2; act done',
];

const withStatus = ['calls', 'stdin', 'log', 'stdout', 'stderr', 'exit', 'tree'] as const;

differential('Layer 3 strings', [
  one(
    'every variable, binary form, top file',
    create((b) => `${b}/act ${variables.join(' ')}`),
    'echo a > f',
  ),
  one(
    'every variable, binary form, file below',
    create((b) => `${b}/act ${variables.join(' ')}`),
    'echo a > d/e/f',
    { setup: 'mkdir -p d/e' },
  ),
  one(
    'every variable, binary form, directory',
    create((b) => `${b}/act ${variables.join(' ')}`),
    'mkdir d',
  ),
  one(
    'every variable, binary form, directory below',
    create((b) => `${b}/act ${variables.join(' ')}`),
    'mkdir d/e',
    { setup: 'mkdir d' },
  ),
  one(
    'nine variables, shell form',
    create(() => `act ${variables.slice(0, 9).join(' ')}`),
    'echo a > d/f',
    { setup: 'mkdir d' },
  ),
  one(
    'the other variables, shell form',
    create(() => `act ${variables.slice(9).join(' ')} ^path`),
    'echo a > d/f',
    { setup: 'mkdir d' },
  ),
  one(
    'eleven variables, shell form',
    create(() => `act ${variables.join(' ')}`),
    'echo a > f',
    {
      differs: [
        differences['shell-tenth']((seen) => ({
          ...seen,
          calls: seen.calls.map((call) =>
            call
              .replace('"f1" "f0"', '"/S/dst" "/S/dst/f"')
              .replace(/"[^"]*" "[^"]*" "[^"]*" "[^"]*"$/, '"/S/dst" "/S/dst/f" "/S/dst/f" "/S/dst/"'),
          ),
        })),
      ],
    },
  ),
  one(
    'caret form runs a path in a shell',
    create((b) => `^${b}/act one; ${b}/act ^path`),
    'echo a > f',
  ),
  one(
    'caret form of a word on PATH',
    create(() => '^act ^path'),
    'echo a > f',
  ),
  one(
    'move variables, binary form',
    create((b) => `${b}/act ${moveVariables.join(' ')}`, 'Move'),
    'mv f d/g',
    { setup: 'mkdir d; echo a > f' },
  ),
  one(
    'move variables of a directory',
    create((b) => `${b}/act ${moveVariables.join(' ')}`, 'Move'),
    'mv e d/g',
    { setup: 'mkdir d e' },
  ),
  one(
    'plain variables in onMove are the origin',
    create((b) => `${b}/act ${variables.join(' ')}`, 'Move'),
    'mv f d/g',
    { setup: 'mkdir d; echo a > f' },
  ),
  one(
    'move variables, shell form',
    create(() => `act ${moveVariables.slice(0, 9).join(' ')}`, 'Move'),
    'mv f d/g',
    { setup: 'mkdir d; echo a > f' },
  ),
  ...binaryArguments.map((words) =>
    one(
      `binary form: ${JSON.stringify(words)}`,
      create((b) => `${b}/act ${words}`),
      'echo a > f',
    ),
  ),
  one(
    'binary form: x^pathname-^pathname.bak',
    create((b) => `${b}/act x^pathname-^pathname.bak`),
    'echo a > fname',
    {
      differs: [differences['variable-twice']((seen) => ({ ...seen, calls: ['act "xfname-fname.bak"'] }))],
    },
  ),
  one(
    "binary form: it's",
    create((b) => `${b}/act it's`),
    'echo a > f',
    {
      compare: ['calls', 'exit'],
      differs: [
        differences['single-quote']((seen) => ({
          ...seen,
          calls: [`act "it's"`],
          exit: 143,
          timedOut: undefined,
        })),
      ],
    },
  ),
  ...shellStrings.map((text) =>
    one(
      `shell form: ${JSON.stringify(text)}`,
      create(() => text),
      "echo a > 'f g'",
      { compare: withStatus },
    ),
  ),
  one(
    'shell form: "act \\"$0\\""',
    create(() => 'act "$0"'),
    'echo a > f',
    {
      differs: [
        differences['shell-name']((seen) => ({
          ...seen,
          calls: seen.calls.map((call) => call.replace('/bin/sh', 'sh')),
        })),
      ],
    },
  ),
  one(
    'leading and trailing blanks, binary form',
    create((b) => `   ${b}/act x   `),
    'echo a > f',
  ),
  one(
    'a slash in front, semicolons: binary form',
    create((b) => `${b}/act ; true`),
    'echo a > f',
  ),
  one(
    'a line break in front',
    create((b) => `\n${b}/act x`),
    'echo a > f',
  ),
  {
    name: 'an empty string',
    config: plain('onCreate = ""'),
    steps: [watching(), live('echo a > f'), settled()],
  },
  {
    name: 'only blanks',
    config: plain('onCreate = "   "'),
    steps: [watching(), live('echo a > f'), settled()],
  },
  {
    name: 'only a caret',
    config: plain('onCreate = "^"'),
    steps: [watching(), live('echo a > f'), settled()],
  },
  ...['7', '{}', 'true'].map((value): Case => ({
    name: `onCreate = ${value}`,
    config: plain(`onCreate = ${value}`),
    steps: [watching(), settled()],
    compare: ['log', 'stdout', 'exit'],
    differs: [
      differences['callback-type']((seen) => ({
        ...eachLine(seen, () => undefined),
        exit: 255,
        timedOut: 'started and watching: ended before',
      })),
    ],
  })),
  {
    name: 'each kind has its own string',
    config: plain((p) => everyKind(p)),
    setup: 'echo o > f',
    steps: [watching(), frozen('chmod 600 f; echo b >> f; mv f g; rm g'), mark],
  },
  {
    name: 'kinds without a callback are dropped silently',
    config: plain((p) => `onModify = "${p.bin}/act ^path"`),
    setup: 'echo o > f',
    steps: [watching(), live('chmod 600 f; mkdir d; rmdir d; mv f g; rm g'), mark],
    differs: [perhaps(differences['vanished-quietly'])],
  },
  one(
    'binary form: a line break inside',
    create((b) => `${b}/act a\n  b`),
    'echo a > f',
    {
      compare: ['calls', 'exit'],
      differs: [
        differences['single-quote']((seen) => ({
          ...seen,
          calls: ['act "a" "b"'],
          exit: 143,
          timedOut: undefined,
        })),
      ],
    },
  ),
  {
    name: 'a binary that is not there',
    config: plain('onCreate = "/nonexist/bin x", exitcodes = { [255] = "die" }'),
    steps: [watching(), live('echo a > f'), ended],
  },
]);
