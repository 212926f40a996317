import type { Case, Step } from './harness/case.js';
import { frozen, live, logged, mark, watching } from './harness/conditions.js';
import { everyKind, plain } from './harness/configs.js';
import { differential } from './harness/define.js';

/** Odd names, as the argument of `printf`. */
const names = [
  ...['a b', '  two  blanks  ', "it'\\''s", 'say "hi"', 'new\\nline', 'ends\\n\\n.', 'tab\\tcr\\rx', '-rf'],
  ...['--help', '[*?]', '*', '$HOME `id` $(id)', 'a;b|c&d<e>f', 'back\\\\slash', '%%s%%d', 'caret^path'],
  ...['\\303\\244\\342\\202\\254\\360\\237\\230\\200', 'bad\\377\\376bytes', '\\303', '\\001\\002\\033[31m'],
  ...['...', '~', '#hash', '{a,b}', '!x'],
];

/** Every kind of event for a file and a directory of that name. */
const steps = (name: string): Step[] => {
  const named = (script: string): Step => frozen(`n=$(printf -- '${name}.'); n="\${n%.}"\n${script}`);
  return [
    watching(),
    named('echo a > "./$n"; chmod 600 "./$n"'),
    logged('Finished', 3),
    named('mv "./$n" "m$n"'),
    logged('Finished', 4),
    named('rm "./m$n"; mkdir "./$n"; mkdir "./$n/$n"'),
    mark,
  ];
};

const lua = `onCreate = function(e) spawn(e, bin .. "/act", "<", e.path, e.path, e.name, e.sourcePathname, e.targetPath) end,
onModify = 'act ^path "^sourcePath"', onAttrib = 'act a ^pathdir ^targetPathname',
onDelete = function(e) spawnShell(e, 'act gone "$1" "$2"', e.path, e.basename) end,
onMove = 'act ^o.path ^d.targetPath'`;

differential('Odd names', [
  ...names.flatMap((name): Case[] => [
    {
      name: `name ${name}: every kind, binary form`,
      config: plain((p) => everyKind(p)),
      steps: steps(name),
    },
    {
      name: `name ${name}: shell form and Lua`,
      config: (p) => plain(lua, '', `bin = "${p.bin}"\n`)(p),
      steps: steps(name),
    },
  ]),
  {
    name: 'a name of 255 bytes',
    config: plain((p) => everyKind(p)),
    steps: [watching(), frozen(`n=$(printf 'x%.0s' $(seq 255)); echo a > $n; mv $n y; rm y`), mark],
  },
  {
    name: 'a path of 3000 bytes',
    config: plain((p) => everyKind(p)),
    setup: `n=$(printf 'd%.0s' $(seq 200)); p=; for i in $(seq 14); do p="$p$n/"; done; mkdir -p "$p"`,
    steps: [
      watching(15),
      live(`n=$(printf 'd%.0s' $(seq 200)); p=; for i in $(seq 14); do p="$p$n/"; done; echo a > "\${p}f"`),
      mark,
    ],
  },
  {
    name: 'a source with an odd name',
    config: (p) =>
      plain((q) => everyKind(q))(p).replace(`source = "${p.src}"`, `source = "${p.src}/it's [a] \\"b\\""`),
    setup: `mkdir "it's [a] \\"b\\""; echo a > "it's [a] \\"b\\"/f"`,
    steps: [
      watching(),
      live(`cd "it's [a] \\"b\\""; echo b >> f; echo z > zz`),
      async (run) => run.until('the mark', () => /Modify on .*zz = 0/.test(run.logged)),
    ],
  },
]);
