import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { differences } from './differences.js';
import type { Case } from './harness/case.js';
import { frozen, live, logged, settled, watching } from './harness/conditions.js';
import { settings } from './harness/configs.js';
import { differential } from './harness/define.js';
import type { Run } from './harness/run.js';

/** Everything before it has arrived: default.direct works in order. */
const arrived = async (run: Run): Promise<void> => {
  await run.script('echo z > zz');
  const mark = join(run.paths.dst, 'zz');
  await run.until(
    'the mark at the target',
    () => existsSync(mark) && readFileSync(mark, 'utf8') === 'z\n',
    true,
  );
};

/** The same changes through lsyncd's commands and through ours, with a real rsync at start: the same trees. */
const direct = (name: string, setup: string, script: string, keys = '', more: Partial<Case> = {}): Case => ({
  name: `default.direct: ${name}`,
  config: (p) =>
    `${settings(p)}sync { default.direct, source = "${p.src}", target = "${p.dst}", delay = 0.3${keys === '' ? '' : `, ${keys}`} }\n`,
  setup,
  steps: [
    watching(),
    logged('Startup of'),
    settled(100),
    frozen(script),
    live('true'),
    arrived,
    settled(300),
  ],
  compare: ['tree', 'log', 'exit'],
  armed: true,
  ...more,
});

const before = 'mkdir -p d/e x; echo 1 > f; echo 2 > d/g; echo 3 > d/e/h; echo 4 > x/i';

differential('default.direct, trees', [
  direct('only the startup', before, 'true'),
  direct('a new file, a changed one', before, 'echo a > n; echo b >> f'),
  direct('a file in a new directory', before, 'mkdir -p n/m; echo a > n/m/o'),
  direct('modes of what is new', before, 'echo a > n; chmod 741 n; mkdir m; chmod 750 m', '', {
    differs: [
      differences['direct-native']((seen) => ({
        ...seen,
        log: seen.log.filter((line) => !line.includes('ignored an event of type "Attrib"')),
        tree: seen.tree.map((line) => line.replace('d 755 "m"', 'd 750 "m"')),
      })),
    ],
  }),
  direct('a file deleted', before, 'rm f'),
  direct('a tree deleted', before, 'rm -r d'),
  direct('nothing deleted', before, 'rm f; rm -r d; echo a > n', 'delete = false'),
  direct('nothing deleted at start', before, 'rm f', 'delete = "running"', {
    setup: `${before}; echo stale > ../dst/stale`,
  }),
  direct('deleted at start only', before, 'rm f', 'delete = "startup"', {
    setup: `${before}; echo stale > ../dst/stale`,
  }),
  direct('a file moved', before, 'mv f k'),
  direct('a file moved over another', before, 'mv f d/g'),
  direct('a directory moved', before, 'mv d x/d'),
  direct(
    'moved in, moved out',
    `${before}; mkdir -p ../out/t; echo o > ../out/t/u`,
    'mv ../out/t t; mv d ../out/d',
  ),
  direct(
    'odd names',
    before,
    `echo 1 > '-rf'; echo 2 > 'a b'; echo 3 > "it's"; echo 4 > '[*]?'; mkdir ' '; echo 5 > ' /"'`,
  ),
  direct('a file becomes a directory', before, 'rm f; mkdir f; echo a > f/g'),
  direct('a directory becomes a file', before, 'rm -r d; echo a > d'),
  direct(
    'excluded names',
    before,
    'echo a > n.tmp; mkdir t.tmp; echo b > t.tmp/f; echo c > m',
    'exclude = { "*.tmp" }',
  ),
]);
