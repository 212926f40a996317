import { differences, perhaps } from './differences.js';
import type { Case } from './harness/case.js';
import { called, ended, live, logged, mark, settled, watching } from './harness/conditions.js';
import { plain } from './harness/configs.js';
import { eachLine } from './harness/normalise.js';
import { differential } from './harness/define.js';

const fields = [
  ...['etype', 'status', 'isdir', 'isList', 'name', 'basename', 'path', 'pathname', 'pathdir', 'source'],
  ...['sourcePath', 'sourcePathname', 'sourcePathdir', 'target', 'targetPath', 'targetPathname'],
  ...['targetPathdir', 'move'],
];

/** A Lua function that spawns a call with every field of its event(s). */
const dump = (bin: string): string => `
local function fields(e)
  local r = {}
  for _, k in ipairs { ${fields.map((f) => `"${f}"`).join(', ')} } do
    if k ~= "move" or e.etype == "Move" then
      local v = e[k]
      r[#r + 1] = k .. "=" .. type(v) .. ":" .. tostring(v)
    end
  end
  return r
end
local function dump(e, e2)
  if e2 then spawn(e, "${bin}/act", "move", fields(e), "to", fields(e2))
  else spawn(e, "${bin}/act", fields(e)) end
end
`;

const everyDump = 'onAttrib = dump, onCreate = dump, onModify = dump, onDelete = dump, onMove = dump';

const field = (what: string, setup: string, script: string, keys = everyDump): Case => ({
  name: `event fields: ${what}`,
  config: (p) => plain(keys, '', dump(p.bin))(p),
  ...(setup === '' ? {} : { setup }),
  steps: [watching(), live(script), mark],
  differs: [perhaps(differences['vanished-quietly'])],
});

/** A callback with this body; `bin` and `dst` are globals of the config. */
const inCreate = (
  name: string,
  body: string,
  more: Partial<Case> & { readonly before?: string } = {},
): Case => ({
  name,
  config: (p) =>
    `bin = "${p.bin}"; dst = "${p.dst}"; top = "${p.top}"\n${plain(`onCreate = function(event)\n${body}\nend`, '', more.before ?? '')(p)}`,
  steps: [watching(), live('echo a > f'), settled(300)],
  ...more,
});

/** One that ends the program. */
const fatal = (name: string, body: string, more: Partial<Case> & { readonly before?: string } = {}): Case =>
  inCreate(name, body, { steps: [watching(), live('echo a > f'), ended], ...more });

const call = 'spawn(event, bin .. "/act", event.path)';

differential('Layer 2 functions', [
  field('file', '', 'echo a > f; chmod 600 f; rm f'),
  field('file below', 'mkdir -p d/e', 'echo a > d/e/f; rm d/e/f'),
  field('directory', 'mkdir d', 'chmod 700 d; mkdir g'),
  field('directory below', 'mkdir -p d/e', 'chmod 700 d/e; mkdir d/e/g'),
  field('moved file', 'mkdir d; echo a > f', 'mv f d/g'),
  field('moved directory', 'mkdir d', 'mv d e'),
  field('moved directory below', 'mkdir -p a/b c', 'mv a/b c/d'),
  field('Init', '', 'true', `onStartup = dump, ${everyDump}`),
  inCreate(
    'config and inlet of an event',
    `local c = event.config
log("Normal", tostring(c.target), " ", tostring(c.maxProcesses), " ", tostring(c == event.inlet.getConfig()))
log("Normal", type(event.inlet), " ", tostring(event.inlet == event.inlet), " ", tostring(c._source))
${call}`,
  ),
  inCreate(
    'a field of the user and rawget',
    `event.mine = "own"\nlog("Normal", tostring(rawget(event, "mine")), tostring(rawget(event, "path")), event.mine)\n${call}`,
  ),
  fatal('an unknown field is an error', 'local x = event.nosuch'),
  fatal('a callback that throws', 'error("thrown")'),
  fatal('a callback that throws deep below', 'deep(3)', {
    before:
      'function deep(n)\n  if n == 0 then error("at the bottom") end\n  local r = deep(n - 1)\n  return r\nend\n',
  }),
  fatal('a callback that throws without position', 'error("plain", 0)'),
  fatal('a callback that throws a table', 'error({})', {
    differs: [
      differences['error-object']((seen) =>
        eachLine(seen, (line) => line.replace('(Table: 0x…)', '(Table: (error object is a table value))')),
      ),
    ],
  }),
  fatal('a callback that calls nil', 'local x\nx()'),
  fatal('a global set in a callback', 'newglobal = 1'),
  fatal('a global read in a callback', 'local x = nosuchglobal'),
  fatal('a sync made in a callback', 'sync { source = dst, target = dst, onCreate = "true" }'),
  fatal('spawn without an agent', 'spawn(nil, bin .. "/act")'),
  fatal('spawn with nil', 'spawn()'),
  fatal('spawn for a table', 'spawn({}, bin .. "/act")'),
  fatal('spawn without a binary', 'spawn(event)', { compare: ['exit', 'calls'] }),
  fatal('spawn twice for one event', `${call}\n${call}`, {
    compare: ['exit', 'stdout'],
  }),
  fatal('an error in a function called', 'helper()', {
    before: 'function helper()\n  error("in helper")\nend\n',
  }),
  inCreate('spawn flattens tables', 'spawn(event, bin .. "/act", "a", { "b", "c" }, { }, { "d" }, "e")'),
  inCreate('spawn with numbers', 'spawn(event, bin .. "/act", 1, 2.5, 10 / 2, 2^53, -0.0)'),
  inCreate('spawn with nils in between', 'spawn(event, bin .. "/act", "a", nil, "b")'),
  inCreate('spawn with text for stdin', 'spawn(event, bin .. "/act", "<", "some\\ntext\\n", "x", "y")'),
  inCreate('spawn with empty text for stdin', 'spawn(event, bin .. "/act", "<", "", "x")'),
  inCreate(
    'spawn with 300 kB for stdin',
    'spawn(event, bin .. "/act", "<", string.rep("0123456789", 30000), "x")',
  ),
  inCreate('stdin text that begins with NUL', 'spawn(event, bin .. "/act", "<", "\\0abc", "x")', {
    compare: ['calls', 'stdin', 'exit'],
    differs: [differences['stdin-from-nul']((seen) => ({ ...seen, stdin: ['\0abc'] }))],
  }),
  inCreate(
    'spawn: bytes of every value',
    'local s = {}\nfor i = 1, 255 do s[#s + 1] = string.char(i) end\nspawn(event, bin .. "/act", table.concat(s))',
  ),
  inCreate('spawn: empty arguments', 'spawn(event, bin .. "/act", "", "x", "")'),
  inCreate('spawnShell', `spawnShell(event, 'act "$1" "$2" $#', event.path, "two words")`),
  inCreate('spawnShell with pipes', `spawnShell(event, 'echo in | act "$1"', event.path)`),
  inCreate('a function that spawns nothing drops the event', 'log("Normal", "dropped ", event.path)'),
  fatal('discardEvent', 'event.inlet.discardEvent(event)', {
    compare: ['exit', 'calls'],
    steps: [watching(), live('echo a > f'), settled(500)],
    differs: [differences['discard-in-callback']((seen) => ({ ...seen, exit: 143 }))],
  }),
  inCreate(
    'string helpers',
    'log("Normal", string.starts("abc", "ab"), string.starts("abc", "b"), string.ends("abc", "bc"), string.ends("abc", "b"))',
  ),
  inCreate(
    'readdir',
    `local t = readdir(top .. "/dirs")
local none = readdir(top .. "/none")
local r = {}
for k, v in pairs(t) do r[#r + 1] = k .. "=" .. tostring(v) end
table.sort(r)
spawn(event, bin .. "/act", tostring(none), r)`,
    { setup: 'mkdir -p $TOP/dirs/d; cd $TOP/dirs; echo a > f; echo b > .hidden; ln -s d l' },
  ),
  inCreate(
    'log of various values',
    'log("Normal", "s", 1, 2.5, "x", true, nil, "end")\nlog("Warn", "careful")\nlog("Error", "bad")\nlog("Normal", "")',
  ),
  inCreate('log of floats', 'log("Normal", tostring(10 / 2), " ", tostring(2^53), " ", tostring(1e300))'),
  inCreate(
    'log of tables and timestamps',
    'log("Normal", {}, " ", now(), " ", event.config)\nlog("Normal", "end")',
  ),
  inCreate(
    'log of several lines and odd bytes',
    'log("Normal", "one\\ntwo\\n")\nlog("Normal", "a\\255b")\nlog("Normal", "\\t")',
  ),
  inCreate('log of text with a NUL', 'log("Normal", "a\\0b")\nlog("Normal", "end")', {
    differs: [
      differences['log-nul']((seen) => eachLine(seen, (line) => line.replace(/Normal: a$/, 'Normal: a\0b'))),
    ],
  }),
  inCreate(
    'log categories not shown',
    'log("Debug", "x")\nlog("Info", "y")\nlog("Mine", "z")\nlog("Normal", "end")',
  ),
  inCreate('print goes to stdout', 'print("printed", 1, nil, true)', { compare: ['log', 'exit'] }),
  inCreate('log with a lower case category', 'log("normal", "x")\nlog("Normal", "end")'),
  fatal('log of a function', 'log("Normal", print)'),
  fatal('log without arguments', 'log()'),
  ...['0', '1', '7', '255', '-1', '256'].map((code) => fatal(`terminate(${code})`, `terminate(${code})`)),
  fatal('terminate without a code', 'terminate()'),
  fatal('os.exit in a callback', 'os.exit(9)', { compare: ['exit', 'calls'] }),
  {
    name: 'functions as callbacks of every kind, mixed with strings',
    config: plain(
      (p) => `onCreate = function(e) spawn(e, "${p.bin}/act", "created", e.path) end,
onModify = "${p.bin}/act modified ^path", onDelete = function(e) spawnShell(e, 'act gone "$1"', e.path) end`,
    ),
    steps: [watching(), live('echo a > f; rm f'), mark],
  },
  {
    name: 'spawning for the destination settles a move too',
    config: plain(
      (p) =>
        `onMove = function(o, d) spawn(d, "${p.bin}/act", o.path, d.path) end, onModify = "${p.bin}/act ^path"`,
    ),
    setup: 'echo a > f',
    steps: [watching(), live('mv f g'), mark],
  },
  {
    name: 'onStartup as a function that spawns nothing',
    config: plain(
      (p) => `onStartup = function(e) log("Normal", "start ", e.etype) end, onModify = "${p.bin}/act ^path"`,
    ),
    steps: [watching(), mark],
  },
  {
    name: 'onStartup as a function that spawns',
    config: plain(
      (p) =>
        `onStartup = function(e) spawn(e, "${p.bin}/act", e.source, e.target) end, onModify = "${p.bin}/act ^path"`,
    ),
    steps: [watching(), called('act'), logged('Startup of'), mark],
  },
  {
    name: 'one event gives the same table in later calls',
    config: plain(
      (p) => `action = function(inlet)
  local a, b = inlet.getEvent(), inlet.getEvent()
  log("Normal", tostring(a == b), tostring(rawequal(a, b)))
  spawn(a, "${p.bin}/act", a.etype, a.path)
end`,
    ),
    steps: [watching(), mark],
  },
  inCreate(
    'an event after its end',
    `if kept then log("Normal", "kept ", kept.etype, kept.path, kept.status) end\nkept = event\n${call}`,
    {
      before: 'kept = false\n',
      steps: [
        watching(),
        live('echo a > f'),
        called('act'),
        settled(),
        live('echo b > g'),
        called('"g"'),
        settled(),
      ],
    },
  ),
  inCreate(
    'now and its arithmetic',
    'local t = now()\nlog("Normal", tostring(t + 1 > t), tostring(t - 1 < t), tostring((t + 5) - t), tostring(t <= t), tostring(t == t))',
  ),
  inCreate('alarm', 'alarm(now() + 0.1, function(t, x) log("Normal", "rang with ", x) end, "extra")', {
    steps: [watching(), live('echo a > f'), logged('rang with'), settled()],
  }),
  fatal('an error in an alarm', 'alarm(now() + 0.1, function() error("in alarm") end)'),
]);
