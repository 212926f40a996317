import { differences } from './differences.js';
import type { Case } from './harness/case.js';
import { ended, frozen, live, mark, settled, signal, status, watching } from './harness/conditions.js';
import { everyKind, plain, settings } from './harness/configs.js';
import { differential } from './harness/define.js';

/** Lua that logs tables in one line, keys sorted. */
const show = `function show(t)
  if type(t) ~= "table" then return tostring(t) end
  local r = {}
  for k, v in pairs(t) do r[#r + 1] = tostring(k) .. "=" .. show(v) end
  table.sort(r)
  return "{" .. table.concat(r, ",") .. "}"
end
`;

/** A config that tells what a sync has become, and ends with 9. */
const told = (name: string, text: string, more: Partial<Case> = {}): Case => ({
  name,
  config: (p) => `${show}${text.replaceAll('$SRC', p.src).replaceAll('$DST', p.dst)}\nterminate(9)\n`,
  steps: [ended],
  compare: ['stderr', 'exit'],
  ...more,
});

const runs = (name: string, config: Case['config'], more: Partial<Case> = {}): Case => ({
  name,
  ...(config === undefined ? {} : { config }),
  steps: [watching(), mark],
  ...more,
});

const own = 'checkgauge = { opts = true, more = true, list = true, mine = true }';

const accepted = (keys: string): Case =>
  runs(
    `${keys} in a plain sync`,
    plain((p) => `${keys}, ${everyKind(p)}`),
    {
      compare: ['calls', 'exit'],
      differs: [
        differences['accepted-everywhere']((seen) => ({
          ...seen,
          calls: ['act "Create" "zz"', 'act "Modify" "zz"'],
          exit: 143,
          timedOut: undefined,
        })),
      ],
    },
  );

differential('settings, sync and inheritance', [
  runs('a table of the user', (p) => {
    const bash = `bash = { onCreate = "${p.bin}/act C ^path", onModify = "${p.bin}/act M ^path", delay = 0 }\n`;
    return `${bash}${settings(p)}sync { bash, source = "${p.src}", target = "${p.dst}" }\n`;
  }),
  runs("the sync's own keys win", (p) => {
    const bash = `bash = { onCreate = "${p.bin}/act theirs", onModify = "${p.bin}/act M ^path" }\n`;
    return `${bash}${settings(p)}sync { bash, source = "${p.src}", target = "${p.dst}", onCreate = "${p.bin}/act own" }\n`;
  }),
  runs('earlier list items win over later ones', (p) => {
    const a = `a = { onCreate = "${p.bin}/act a" }\nb = { onCreate = "${p.bin}/act b", onModify = "${p.bin}/act b" }\n`;
    return `${a}${settings(p)}sync { a, b, source = "${p.src}", target = "${p.dst}" }\n`;
  }),
  runs('a table that inherits from another', (p) => {
    const a = `a = { onCreate = "${p.bin}/act a" }\nb = { a, onModify = "${p.bin}/act b" }\n`;
    return `${a}${settings(p)}sync { b, source = "${p.src}", target = "${p.dst}" }\n`;
  }),
  runs('source and target from the inherited table', (p) => {
    const a = `a = { source = "${p.src}", target = "${p.dst}" }\n`;
    return `${a}${settings(p)}sync { a, ${everyKind(p)} }\n`;
  }),
  told(
    'tables under one key merge',
    `local a = { opts = { x = 1, y = { z = 2 } } }
local s = sync { a, source = "$SRC", ${own}, onCreate = "true", opts = { w = 0, y = { q = 3 } } }
log("Normal", "opts: ", show(s.getConfig().opts), show(a))`,
  ),
  told(
    'values already set are not overwritten',
    `local s = sync { { opts = { x = 1 }, more = 2 }, { opts = { x = 5, y = 6 }, more = 7 }, source = "$SRC", ${own}, onCreate = "true" }
log("Normal", "opts: ", show(s.getConfig().opts), " ", tostring(s.getConfig().more))`,
  ),
  told(
    'list items in tables append',
    `local s = sync { { list = { "a", "b" } }, source = "$SRC", ${own}, onCreate = "true", list = { "c" } }
log("Normal", "list: ", table.concat(s.getConfig().list, ","))`,
  ),
  told(
    '_verbatim keeps integer keys',
    `local s = sync { { opts = { _verbatim = true, [0] = "ok", [1] = "their", [2] = "die" } }, source = "$SRC", ${own}, onCreate = "true", opts = { _verbatim = true, [1] = "mine" } }
for i = 0, 2 do log("Normal", i, "=", tostring(s.getConfig().opts[i])) end`,
    {},
  ),
  told(
    '_merge = false',
    `local s = sync { { opts = { _merge = false, z = 3, y = 1 }, more = { _merge = false, x = 1 } }, source = "$SRC", ${own}, onCreate = "true", opts = { z = 4 } }
local c = s.getConfig()
log("Normal", c.opts.z, " ", tostring(c.opts.y), " ", tostring(c.more.x))`,
  ),
  told(
    '_merge with names',
    `local s = sync { { _merge = { opts = true }, opts = { z = 3 }, more = 1 }, source = "$SRC", ${own}, onCreate = "true" }
log("Normal", show(s.getConfig().opts), " ", tostring(s.getConfig().more))`,
  ),
  told(
    'exitcodes keep their integer keys',
    `local s = sync { { exitcodes = { [0] = "ok", [1] = "again", [5] = "die" } }, source = "$SRC", onCreate = "true", exitcodes = { [1] = "mine" } }
local c = s.getConfig().exitcodes
for _, k in ipairs { 0, 1, 2, 3, 5 } do log("Normal", k, "=", tostring(c[k])) end`,
    {
      differs: [
        differences['exitcodes-keep-keys']((seen) => ({
          ...seen,
          stderr: ['0=ok', '1=mine', '2=nil', '3=nil', '5=die'].map((text) => `Normal: ${text}`),
        })),
      ],
    },
  ),
  told(
    'false is a value',
    `local s = sync { { mine = true, init = function() end }, source = "$SRC", ${own}, onCreate = "true", mine = false, init = false }
log("Normal", tostring(s.getConfig().mine), " ", tostring(s.getConfig().init))`,
  ),
  told(
    'general defaults',
    `local c = sync { source = "$SRC", onCreate = "true" }.getConfig()
for _, k in ipairs { "maxDelays", "maxProcesses", "delay", "exitcodes", "name", "target", "_source" } do log("Normal", k, " ", tostring(c[k])) end
for _, k in ipairs { "action", "collect", "init", "prepare", "checkgauge" } do log("Normal", k, " ", type(c[k])) end`,
  ),
  told(
    'user tables are not changed',
    `local a = { opts = { x = 1 }, list = { "a" } }
local before = show(a)
sync { a, source = "$SRC", ${own}, onCreate = "true", opts = { y = 2 }, list = { "b" } }
log("Normal", tostring(show(a) == before))`,
  ),
  told(
    'settings("key")',
    `settings { statusInterval = 7, logfile = "/x/y", insist = true, "nodaemon" }
for _, k in ipairs { "statusInterval", "logfile", "insist", "nodaemon" } do log("Normal", k, " ", tostring(settings(k))) end`,
  ),
  told(
    'settings called twice, later wins',
    `settings { statusInterval = 7, logident = "a" }\nsettings { statusInterval = 8 }\nlog("Normal", settings("statusInterval"), settings("logident"))`,
  ),
  told(
    'default is there',
    'for _, k in ipairs { "rsync", "rsyncssh", "direct", "collect", "action", "init", "prepare", "checkgauge" } do log("Normal", k, " ", type(default[k])) end',
  ),
  told(
    'exit codes of rsync',
    'for i = 0, 36 do log("Normal", i, " ", tostring(default.rsyncExitCodes[i])) end\nlog("Normal", tostring(default.rsyncExitCodes[255]))',
  ),
  told(
    'exit codes of ssh',
    'log("Normal", tostring(default.sshExitCodes[0]), tostring(default.sshExitCodes[1]), tostring(default.sshExitCodes[255]))',
  ),
  told(
    'functions of the inlet',
    `local s = sync { source = "$SRC", onCreate = "true" }
local r = {}
for _, k in ipairs { "getEvent", "getEvents", "discardEvent", "getConfig", "addExclude", "rmExclude", "createBlanketEvent" } do r[#r + 1] = k .. "=" .. type(s[k]) end
log("Normal", table.concat(r, " "))`,
  ),
  runs(
    'a sync that nothing happens to',
    plain((p) => everyKind(p)),
    { steps: [watching(), settled()] },
  ),
  runs(
    'globals declared on load stay usable',
    (p) =>
      `count = 0\n${plain(`onCreate = function(e) count = count + 1; log("Normal", count) end, onModify = "${p.bin}/act ^path"`)(p)}`,
  ),
  runs(
    'names that begin with underscores are free',
    plain(
      (p) =>
        `onCreate = function(e) __mine = 1; _ = 2; log("Normal", __mine, _) end, onModify = "${p.bin}/act ^path"`,
    ),
  ),
  runs(
    'nodaemon as a list item',
    plain((p) => everyKind(p), '"nodaemon"'),
    { args: (p) => [p.conf], compare: ['calls', 'log', 'exit'] },
  ),
  runs(
    'nodaemon = true',
    plain((p) => everyKind(p), 'nodaemon = true'),
    { args: (p) => [p.conf], compare: ['calls', 'log', 'exit'] },
  ),
  runs(
    'a config in the working directory, a relative source',
    (p) => plain((q) => everyKind(q))(p).replace(`source = "${p.src}"`, 'source = "src"'),
    {
      args: () => ['-nodaemon', 'c.conf'],
    },
  ),
  runs(
    'a relative source with dots',
    (p) => plain((q) => everyKind(q))(p).replace(`source = "${p.src}"`, 'source = "../src/./"'),
    { cwd: 'dst' },
  ),
  runs(
    'a source through a symlink',
    (p) => plain((q) => everyKind(q))(p).replace(`source = "${p.src}"`, `source = "${p.top}/link"`),
    {
      setup: 'ln -s src $TOP/link',
    },
  ),
  runs('a source with slashes at its end and dots', (p) =>
    plain((q) => everyKind(q))(p).replace(`source = "${p.src}"`, `source = "${p.top}//dst/../src///"`),
  ),
  runs('a target with blanks and quotes', (p) =>
    plain(`onCreate = "${p.bin}/act ^targetPath", onModify = 'act ^target "^targetPathname"'`)(p).replace(
      `target = "${p.dst}"`,
      `target = "/a b/it's"`,
    ),
  ),
  {
    name: 'one source in two syncs',
    config: (p) =>
      `${plain((q) => everyKind(q))(p)}sync { source = "${p.src}", target = "other", ${everyKind(p, 'two')} }\n`,
    steps: [
      watching(),
      live('mkdir d'),
      async (run) => run.until('four', () => run.calls.length === 2),
      settled(),
    ],
    compare: ['callsUnordered', 'logUnordered', 'exit'],
  },
  {
    name: 'a source below another',
    config: (p) =>
      `${plain((q) => everyKind(q))(p)}sync { source = "${p.src}/d", target = "other", ${everyKind(p, 'two')} }\n`,
    setup: 'mkdir d',
    steps: [
      watching(2),
      live('mkdir d/e'),
      async (run) => run.until('two', () => run.calls.length === 2),
      settled(),
    ],
    compare: ['callsUnordered', 'logUnordered', 'exit'],
  },
  accepted('exclude = "*.tmp"'),
  accepted('filter = { "- *.tmp" }'),
  accepted('subdirs = true'),
  accepted('name = "mine"'),
  accepted('monitor = "inotify"'),
  runs(
    'settings { delay }',
    plain((p) => everyKind(p), 'delay = 0'),
    {
      compare: ['calls', 'exit'],
      differs: [
        differences['settings-delay']((seen) => ({
          ...seen,
          calls: ['act "Create" "zz"', 'act "Modify" "zz"'],
          exit: 143,
          timedOut: undefined,
        })),
      ],
    },
  ),
  {
    name: 'names in status and log',
    config: (
      p,
    ) => `${settings(p)}sync { source = "${p.src}", target = "a", checkgauge = { name = true }, name = "mine", delay = 9999, ${everyKind(p)} }
sync { source = "${p.src}", target = "b", delay = 9999, ${everyKind(p)} }\n`,
    steps: [watching(), frozen('mkdir d'), status(/Create \/d\/[^]*Create \/d\//), signal('SIGTERM'), ended],
    compare: ['status', 'log', 'exit'],
  },
]);
