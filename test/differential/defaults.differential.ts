import { differences, explained, notAll, suspends } from './differences.js';
import type { Case, Observation, Step } from './harness/case.js';
import { called, ended, frozen, live, logged, settled, watching } from './harness/conditions.js';
import { settings } from './harness/configs.js';
import { differential } from './harness/define.js';
import type { Paths } from './harness/sandbox.js';

/** Short options in one word come in any order. */
const ordered = (text: string): string =>
  text.replace(
    /(?<=["[])-([A-Za-z0-9]{2,})(?=["\]])/g,
    (_, letters: string) => `-${Array.from(letters).sort().join('')}`,
  );

/** The order of options is kept, but within joined short ones; parents in a list come as mentioned. */
const tidy = (seen: Observation): Observation => ({
  ...seen,
  calls: seen.calls.map(ordered),
  log: seen.log.map(ordered),
});

const rsync = (
  name: string,
  keys: string,
  rsyncKeys: string,
  steps: readonly Step[],
  more: Partial<Case> = {},
  set = '',
): Case => ({
  name: `default.rsync: ${name}`,
  config: (p) =>
    `${settings(p, set)}sync { default.rsync, source = "${p.src}", target = "${p.dst}", delay = 0.3, ${keys}${keys === '' ? '' : ', '}rsync = { binary = "${p.bin}/rsync"${rsyncKeys === '' ? '' : `, ${rsyncKeys}`} } }\n`,
  steps,
  compare: ['calls', 'stdin', 'log', 'exit'],
  prune: tidy,
  ...more,
});

/** lsyncd gives the transfers' ssh fewer of the `ssh` table's words than that of the moves. */
const sameSsh = (words: (bin: string) => string): Partial<Case> => ({
  differs: [
    differences['ssh-for-rsync']((seen) => ({
      ...seen,
      calls: seen.calls.map((call) => {
        if (!call.startsWith('rsync ')) return call;
        const plain = call.replace(/ "--rsh=[^"]*"/, '');
        return plain.replace(' "-lst"', ` "-lst" "--rsh=${words('/S/bin/ssh')}"`);
      }),
    })),
  ],
});

const ssh = (
  name: string,
  keys: string,
  tables: (p: Paths) => string,
  steps: readonly Step[],
  more: Partial<Case> = {},
  set = '',
): Case => ({
  name: `default.rsyncssh: ${name}`,
  config: (p) =>
    `${settings(p, set)}sync { default.rsyncssh, source = "${p.src}", host = "the.host", targetdir = "/the/dir", delay = 0.3, ${keys}${keys === '' ? '' : ', '}rsync = { binary = "${p.bin}/rsync" }, ${tables(p)} }\n`,
  steps,
  compare: ['calls', 'stdin', 'log', 'exit'],
  prune: tidy,
  ...more,
  differs: more.differs?.every(({ id }) => id === 'ssh-for-rsync')
    ? more.differs
    : [...sameSsh((bin) => bin).differs!, ...(more.differs ?? [])],
});

const plainSsh = (p: Paths): string => `ssh = { binary = "${p.bin}/ssh" }`;
const started: readonly Step[] = [watching(), logged('Startup of'), settled(200)];
const through = (script: string): readonly Step[] => [
  ...started,
  frozen(script),
  called('rsync', 2),
  logged(/Finished/),
  settled(500),
];
const moved = (script: string): readonly Step[] => [...started, frozen(script), called('ssh'), settled(700)];

const flags = [
  'archive = true',
  'archive = true, owner = false',
  'acls = true',
  'append = true',
  'append_verify = true',
  'backup = true',
  'backup_dir = "/b"',
  'bwlimit = 2000',
  'checksum = true',
  'chmod = "u+x"',
  'chown = "u:g"',
  'compress = true',
  'copy_dirlinks = true',
  'copy_links = true',
  'cvs_exclude = true',
  'dry_run = true',
  'executability = true',
  'existing = true',
  'group = true',
  'groupmap = "a:b"',
  'hard_links = true',
  'ignore_times = true',
  'inplace = true',
  'ipv4 = true',
  'ipv6 = true',
  'keep_dirlinks = true',
  'links = false',
  'one_file_system = true',
  'omit_dir_times = true',
  'omit_link_times = true',
  'owner = true',
  'password_file = "/p"',
  'perms = true',
  'protect_args = false',
  'prune_empty_dirs = true',
  'quiet = true',
  'rsh = "ssh -p 22 -i k"',
  'rsync_path = "sudo rsync"',
  'sparse = true',
  'suffix = "~"',
  'temp_dir = "/t"',
  'timeout = 30',
  'times = false',
  'update = true',
  'usermap = "a:b"',
  'verbose = true',
  'whole_file = true',
  'xattrs = true',
  '_extra = { "--bwlimit=5", "-e", "a b" }',
  'verbose = true, compress = true, _extra = { "--x" }, rsh = "ssh", timeout = 5, temp_dir = "/t"',
];

/** Arguments of one startup each, all in one config: a sync a line of options. */
const everyFlag: Case = {
  name: 'default.rsync: every option alone',
  config: (p) =>
    settings(p) +
    flags
      .map(
        (keys, i) =>
          `sync { default.rsync, source = "${p.src}", target = "${p.dst}/${i}", rsync = { binary = "${p.bin}/rsync", ${keys} } }\n`,
      )
      .join(''),
  steps: [watching(), called('rsync', flags.length), settled(200)],
  compare: ['callsUnordered', 'exit'],
  prune: tidy,
};

const codes = [
  '3',
  '5',
  '6',
  '10',
  '11',
  '12',
  '14',
  '20',
  '21',
  '22',
  '23',
  '24',
  '25',
  '30',
  '35',
  '255',
  '1',
  '2',
  '4',
  '7',
  '99',
];
const again = ['3', '5', '6', '10', '11', '12', '14', '20', '21', '22', '30', '35', '255'];
const fine = ['23', '24'];

/** The same with options in any order. */
const stops: Partial<Case> = { ...suspends, prune: (seen) => suspends.prune!(tidy(seen)) };

/** In none of rsync's tables. */
const unknown = ['7', '99'];

/** A startup that ends with a code. */
const startup = (code: string): Case => {
  const differs = code === '23' ? [notAll] : fine.includes(code) ? [] : [explained(code, 'rsync')];
  return rsync(`startup ${code}`, '', '', fine.includes(code) ? [logged('Startup of'), settled()] : [ended], {
    setup: `echo ${code} > $CTL/rsync.exit`,
    ...(unknown.includes(code) ? {} : { differs }),
  });
};

/** A transfer that ends with a code, then with 0. */
const transfer = (code: string): Case => {
  const begin = [watching(), logged('Startup of'), settled(200), frozen('echo a > f')];
  const setup = `echo 0 ${code} 0 > $CTL/rsync.exit`;
  if (unknown.includes(code))
    return rsync(`transfer ${code}`, '', '', [...begin, logged(/Critical exitcode|suspended: exit/)], {
      setup,
      ...stops,
    });
  const steps = [
    ...begin,
    ...([...again, ...fine].includes(code)
      ? [logged(/Finished/), settled(code === '23' ? 3_000 : 500)]
      : [ended]),
  ];
  // Everything is tried again, as nothing was named.
  const twice = differences['rsync-23']((seen) => ({ ...seen, calls: [...seen.calls, seen.calls.at(-1)!] }));
  return rsync(`transfer ${code}`, '', '', steps, {
    setup,
    ...(code === '23' ? { compare: ['calls', 'exit'], differs: [twice] } : {}),
  });
};

differential('default.rsync and default.rsyncssh, recorded', [
  everyFlag,
  rsync('a file', '', '', through('echo a > f')),
  rsync('files, directories, deletes', '', '', through('echo b >> f; rm g; rm -r d; mkdir n; echo 1 > n/x'), {
    setup: 'mkdir -p d/e; echo 1 > d/e/h; echo 2 > f; echo 3 > g',
  }),
  rsync('odd names', '', '', through(`echo 1 > '[a]*?'; echo 2 > 'b\\c'; mkdir 'x y'; echo 3 > 'x y/-f'`)),
  rsync('a move', '', '', through('mv f g; mv d e'), { setup: 'echo a > f; mkdir d; echo b > d/i' }),
  ...['true', 'false', '"startup"', '"running"'].map((value) =>
    rsync(`delete = ${value}`, `delete = ${value}`, '', through('rm f'), { setup: 'echo a > f' }),
  ),
  rsync('excludes', 'exclude = { "*.tmp", "/d/" }', '', through('echo a > f; echo b > g.tmp'), {
    compare: ['calls', 'stdin', 'exit'],
    // lsyncd gives them in no order.
    prune: (seen) => ({ ...tidy(seen), stdin: seen.stdin.map((text) => text.split('\n').sort().join('\n')) }),
  }),
  rsync('an exclude string', 'exclude = "x"', '', started),
  rsync('filters', 'filter = { "+ a", "- b*" }', '', through('echo a > a; echo a > bb; echo a > c')),
  rsync('filters and excludes', 'filter = { "+ a", "- b*" }, exclude = { "c" }', '', started),
  rsync('init = false', 'init = false', '', [
    watching(),
    frozen('echo a > f'),
    called('rsync'),
    logged('Finished'),
    settled(),
  ]),
  rsync('a target that ends in a colon', '', '', started, {
    config: (p) =>
      `${settings(p)}sync { default.rsync, source = "${p.src}", target = "host:", rsync = { binary = "${p.bin}/rsync" } }\n`,
  }),
  rsync('a target that ends in a slash', '', '', started, {
    config: (p) =>
      `${settings(p)}sync { default.rsync, source = "${p.src}", target = "host:/x/", rsync = { binary = "${p.bin}/rsync" } }\n`,
  }),
  rsync('a remote target', '', '', started, {
    config: (p) =>
      `${settings(p)}sync { default.rsync, source = "${p.src}", target = "host::module/x", rsync = { binary = "${p.bin}/rsync" } }\n`,
  }),
  rsync('devices = false', '', 'archive = true, devices = false', started, {
    compare: ['calls', 'exit'],
    differs: [
      differences['rsync-keys']((seen) => ({
        ...seen,
        calls: ['rsync "--delete" "--ignore-errors" "-glopst" "--specials" "-r" "/S/src/" "/S/dst/"'],
        exit: 143,
        timedOut: undefined,
      })),
    ],
  }),
  rsync('maxProcesses 2', 'maxProcesses = 2', '', through('echo a > f')),
  rsync(
    "an action of one's own that calls the default's",
    'action = function(inlet) log("Normal", "mine"); return default.rsync.action(inlet) end',
    '',
    through('echo a > f'),
  ),
  rsync(
    "an init of one's own that calls the default's",
    'init = function(event) log("Normal", "mine"); return default.rsync.init(event) end',
    '',
    started,
  ),
  rsync(
    'a prepare that adds an option',
    'prepare = function(config, level) config.rsync.verbose = true; return default.rsync.prepare(config, level) end',
    '',
    started,
  ),
  rsync(
    "exitcodes of one's own",
    'exitcodes = { [0] = "ok", [7] = "again" }',
    '',
    [...started, frozen('echo a > f'), logged('Finished'), settled()],
    {
      setup: 'echo 0 7 0 > $CTL/rsync.exit',
      compare: ['calls', 'exit'],
    },
  ),
  rsync('a table of the user', '', '', started, {
    config: (p) =>
      `mine = { default.rsync, rsync = { binary = "${p.bin}/rsync", compress = true, _extra = { "--a" } }, exclude = { "x" } }\n${settings(p)}sync { mine, source = "${p.src}", target = "t", rsync = { verbose = true, _extra = { "--b" } } }\n`,
  }),
  ...codes.map(startup),
  ...codes.map(transfer),
  rsync(
    'startup 5 with insist',
    '',
    '',
    [logged('finished')],
    { setup: 'echo 5 0 > $CTL/rsync.exit' },
    'insist = true',
  ),
  ssh('startup', '', plainSsh, started),
  ssh('a file', '', plainSsh, through('echo a > f')),
  ssh('delete = false', 'delete = false', plainSsh, through('rm f; echo a > g'), { setup: 'echo a > f' }),
  ssh('excludes', 'exclude = { "*.tmp" }', plainSsh, through('echo a > f; echo b > g.tmp')),
  ssh('a move', '', plainSsh, moved('mv f g'), { setup: 'echo a > f' }),
  ssh('a directory moves', '', plainSsh, moved('mv d e'), { setup: 'mkdir d; echo a > d/f' }),
  ssh('a move of odd names', '', plainSsh, moved(`mv "it's" 'a "b" $c'`), { setup: `echo a > "it's"` }),
  ssh('a move between other changes', '', plainSsh, moved('echo 1 > a; mv f g; echo 2 > b'), {
    setup: 'echo a > f',
  }),
  ssh('a move that fails', '', plainSsh, moved('mv f g'), {
    setup: 'echo a > f; echo 1 > $CTL/ssh.exit',
    ...stops,
  }),
  ssh(
    'a move that fails with 255, then works',
    '',
    plainSsh,
    [...moved('mv f g'), called('ssh', 2), settled(500)],
    { setup: 'echo a > f; echo 255 0 > $CTL/ssh.exit' },
  ),
  ssh('a transfer 5', '', plainSsh, [...started, live('echo a > f'), logged(/Finished/), settled()], {
    setup: 'echo 0 5 0 > $CTL/rsync.exit',
  }),
  ssh('a transfer 3, 1: die', '', plainSsh, [...started, live('mkdir d'), ended], {
    setup: 'echo 0 1 > $CTL/rsync.exit',
  }),
  ssh(
    'ssh options',
    '',
    (p) =>
      `ssh = { binary = "${p.bin}/ssh", port = 2222, identityFile = "/key", options = { User = "me" }, _extra = { "-v" } }`,
    moved('mv f g'),
    { setup: 'echo a > f', ...sameSsh((bin) => `${bin} -i /key -o User=me -p 2222 -v`) },
  ),
  ssh(
    'ssh port only',
    '',
    (p) => `ssh = { binary = "${p.bin}/ssh", port = 22 }`,
    started,
    sameSsh((bin) => `${bin} -p 22`),
  ),
  ssh('no ssh table', '', () => 'delete = true', started, { differs: [] }),
  ssh(
    'port without a binary',
    '',
    () => 'ssh = { port = 22 }',
    started,
    sameSsh(() => '/usr/bin/ssh -p 22'),
  ),
  ssh('a startup that fails', '', plainSsh, [ended], {
    setup: 'echo 255 > $CTL/rsync.exit',
    differs: [explained(255, 'rsync')],
  }),
  ssh(
    'a startup that fails, insist',
    '',
    plainSsh,
    [logged('finished')],
    { setup: 'echo 255 0 > $CTL/rsync.exit' },
    'insist = true',
  ),
]);
