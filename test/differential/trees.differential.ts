import { differences } from './differences.js';
import type { Case, Observation, Step } from './harness/case.js';
import { called, frozen, live, logged, settled, status, watching } from './harness/conditions.js';
import { everyKind, plain, settings } from './harness/configs.js';
import { differential } from './harness/define.js';
import type { Run } from './harness/run.js';

/** A mark of a name of its own. */
const marked =
  (name: string): Step =>
  async (run: Run) => {
    await run.script(`echo z > ${name}`);
    await run.until(`the mark ${name}`, () =>
      run.logged.includes(`Finished Modify on ${run.paths.src}//${name} = 0`),
    );
  };

const unique = (seen: Observation): Observation => ({ ...seen, calls: [...new Set(seen.calls)] });

/** Something is done to directories; then the watches are tried with a further change. */
const moving = (
  name: string,
  setup: string,
  script: string,
  then: string,
  more: Partial<Case> = {},
): Case => ({
  name,
  config: plain((p) => everyKind(p)),
  setup,
  steps: [
    watching(),
    frozen(script),
    marked('yy'),
    settled(200),
    live(then),
    marked('zz'),
    status('There are', 'Inotify'),
  ],
  compare: ['calls', 'exit'],
  prune: unique,
  ...more,
});

/** Two syncs, one beside the other. */
const between = (name: string, setup: string, script: string, more: Partial<Case> = {}): Case => ({
  name: `between two syncs: ${name}`,
  config: (p) =>
    `${settings(p)}sync { source = "${p.src}/a", target = "ta", ${everyKind(p)} }\nsync { source = "${p.src}/b", target = "tb", ${everyKind(p, 'two')} }\n`,
  setup: `mkdir a b; ${setup}`,
  steps: [
    watching(2),
    frozen(script),
    live('echo z > a/zz; echo z > b/zz'),
    async (run) =>
      run.until('both marks', () => (run.logged.match(/Finished Modify on \S*\/zz = 0/g) ?? []).length === 2),
    settled(200),
  ],
  compare: ['callsUnordered', 'exit'],
  ...more,
});

const copy = (p: { readonly dst: string }): string =>
  `onCreate = 'cp -a "^sourcePathname" "^targetPathname"', onModify = 'cp -a "^sourcePathname" "^targetPathname"', onDelete = 'rm -rf "^targetPathname"', onMove = 'mv "^o.targetPathname" "^d.targetPathname"', exitcodes = { [0] = "ok", [1] = "ok" }${p.dst === '' ? '' : ''}`;

/** Both targets are to be what the source is. */
const copied = (name: string, setup: string, script: string, keys = copy): Case => ({
  name: `layer 3 cp, rm, mv: ${name}`,
  config: plain(keys),
  setup,
  steps: [watching(), live(script), marked('zz'), settled(200)],
  compare: ['tree', 'exit'],
  armed: true,
});

const rsync = (name: string, keys: string, setup: string, script: string): Case => ({
  name: `default.rsync with the real rsync: ${name}`,
  config: (p) =>
    `${settings(p)}sync { default.rsync, source = "${p.src}", target = "${p.dst}", delay = 0.3${keys} }\n`,
  setup,
  steps: [
    watching(),
    logged('Startup of'),
    frozen(script),
    logged(/Finished (a list|\(list\))/),
    settled(700),
  ],
  compare: ['tree', 'exit'],
  armed: true,
});

differential('Directories that come, go and move', [
  moving('a new tree is watched', 'true', 'mkdir -p a/b/c', 'echo n > a/b/c/f'),
  moving('a new tree with content', 'true', 'mkdir -p a/b; echo 2 > a/b/g', 'echo n >> a/b/g'),
  moving('a tree moved in', 'mkdir -p $DST/in/e; echo 1 > $DST/in/e/f', 'mv $DST/in d', 'echo n >> d/e/f'),
  moving('a tree moved out', 'mkdir -p d/e; echo 1 > d/e/f', 'mv d $DST/out', 'echo n >> $DST/out/e/f', {
    differs: [
      differences['moved-out-unwatched']((seen) => ({
        ...seen,
        calls: seen.calls.filter((call) => !call.includes('d/e/f')),
      })),
    ],
  }),
  moving(
    'a tree moved out and in again',
    'mkdir -p d/e; echo 1 > d/e/f',
    'mv d $DST/out; mv $DST/out d',
    'echo n >> d/e/f',
  ),
  moving('a moved tree keeps its watches', 'mkdir -p d/e', 'mv d x', 'echo n > x/e/f'),
  moving('moved twice', 'mkdir -p d/e', 'mv d x; mv x y', 'echo n > y/e/f'),
  moving('moved into a new directory', 'mkdir -p d/e', 'mkdir n; mv d n/d', 'echo n > n/d/e/f'),
  moving('moved onto an empty directory', 'mkdir -p d/e x', 'mv -T d x', 'echo n > x/e/f'),
  moving(
    'a symlink to a directory is not followed',
    'mkdir $DST/far; echo 1 > $DST/far/f',
    'ln -s $DST/far l',
    'echo n >> $DST/far/f',
  ),
  moving('a name used by a file, then a directory', 'echo 1 > d', 'rm d; mkdir d', 'echo n > d/f'),
  moving('hard links and fifos', 'echo 1 > f', 'ln f g; mkfifo p', 'echo n >> g'),
  moving('a directory without permissions', 'mkdir d', 'chmod 0 d', 'chmod 700 d; echo n > d/f'),
  {
    name: 'directories as they come (live), each watched before the next',
    config: plain((p) => everyKind(p)),
    steps: [
      watching(),
      live('mkdir a'),
      called('"a/"'),
      watching(2),
      live('mkdir a/b'),
      called('"a/b/"'),
      watching(3),
      live('echo 1 > a/b/f'),
      marked('zz'),
    ],
    compare: ['calls', 'exit'],
    prune: unique,
  },
  {
    name: '200 files right after mkdir: none is lost',
    config: plain(
      (p) =>
        `delay = 0.5, action = function(inlet) spawn(inlet.getEvents(), "${p.bin}/act", "x") end, onMove = true, collect = function(agent) for _, f in ipairs(agent.getPaths()) do log("Normal", "path ", f) end end`,
    ),
    steps: [
      watching(),
      live('mkdir d; for i in $(seq 200); do echo $i > d/f$i; done; echo z > zz'),
      logged('path /zz'),
      settled(800),
    ],
    compare: ['log', 'exit'],
    prune: (seen) => ({
      ...seen,
      log: [...new Set(seen.log.filter((line) => line.includes('path ')))].sort(),
    }),
  },
  between('a file', 'echo 1 > a/f', 'mv a/f b/f'),
  between('a file there and another back', 'echo 1 > a/f; echo 2 > b/g', 'mv a/f b/f; mv b/g a/g'),
  between('a directory', 'mkdir a/d; echo 1 > a/d/f', 'mv a/d b/e', { prune: unique }),
  between('a new name in both', 'true', 'echo 1 > a/f; mv a/f b/g'),
  {
    name: 'nested syncs: a file moves from the inner to the outer',
    config: (p) =>
      `${plain((q) => everyKind(q))(p)}sync { source = "${p.src}/d", target = "other", ${everyKind(p, 'two')} }\n`,
    setup: 'mkdir d; echo 1 > d/f',
    steps: [watching(2), frozen('mv d/f g'), marked('zz'), settled(300)],
    compare: ['callsUnordered', 'exit'],
  },
  {
    ...moving(
      'subdirs = false',
      'mkdir d',
      'mkdir n; echo a > n/f; echo a > d/f; echo a > h',
      'echo n >> n/f',
    ),
    config: plain((p) => `checkgauge = { subdirs = true }, subdirs = false, ${everyKind(p)}`),
    differs: [
      differences['subdirs-nothing-inside']((seen) => ({
        ...seen,
        calls: seen.calls.filter((call) => !call.includes('n/f')),
      })),
    ],
  },
  copied('files', 'echo o > f', 'echo n >> f; echo a > "a b"; rm f; mkdir d; echo 1 > d/g'),
  copied('moves', 'echo o > f; mkdir d; echo i > d/i; cp -a . $DST', 'mv f g; mv d e; echo n >> e/i'),
  copied('deletes', 'mkdir d; echo i > d/i; cp -a . $DST', 'rm -r d; echo x > d'),
  copied(
    'odd names',
    'true',
    `echo 1 > "it's"; echo 2 > '-n'; echo 3 > "$(printf 'b\\377d')"; mkdir 'x y'; echo 4 > 'x y/"q"'`,
  ),
  rsync(
    'startup and changes',
    '',
    'mkdir -p d/e; echo 1 > d/e/f; echo 2 > g',
    'echo n >> g; echo new > d/h; rm d/e/f; mkdir n; echo 3 > n/x',
  ),
  rsync(
    'deletes what is too much',
    '',
    'mkdir -p d; echo 1 > f; echo old > $DST/old; mkdir $DST/olddir',
    'rm -r d; echo 2 > d',
  ),
  rsync('delete = false', ', delete = false', 'echo 1 > f; echo old > $DST/old', 'rm f; echo 2 > g'),
  rsync("delete = 'running'", ", delete = 'running'", 'echo 1 > f; echo old > $DST/old', 'rm f; echo 2 > g'),
  rsync("delete = 'startup'", ", delete = 'startup'", 'echo 1 > f; echo old > $DST/old', 'rm f; echo 2 > g'),
  rsync(
    'moves and odd names',
    '',
    `echo 1 > '[a]*?'; mkdir 'x y'; echo 2 > 'x y/-f'`,
    `mv '[a]*?' 'b\\c'; mv 'x y' z; echo 3 > 'new
line'`,
  ),
  rsync(
    'excludes',
    ', exclude = { "*.tmp", "/d" }',
    'mkdir d; echo 1 > d/f; echo 2 > a.tmp; echo 3 > k; echo kept > $DST/b.tmp',
    'echo n > c.tmp; echo n >> d/f; echo n >> k; mkdir e; echo n > e/x.tmp; echo n > e/y',
  ),
  rsync(
    'archive',
    ', rsync = { archive = true }',
    'ln -s nowhere l; mkdir -m 750 d; echo 1 > d/f; chmod 640 d/f',
    'chmod 600 d/f; ln -s l m; echo n >> d/f',
  ),
]);
