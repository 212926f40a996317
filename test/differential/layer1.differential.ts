import { perhaps, differences } from './differences.js';
import type { Case } from './harness/case.js';
import { called, ended, frozen, live, logged, settled, watching } from './harness/conditions.js';
import { plain } from './harness/configs.js';
import { differential } from './harness/define.js';

const act = (name: string, body: string, keys = '', more: Partial<Case> = {}, before = ''): Case => ({
  name,
  config: (p) =>
    plain(
      `${keys}${keys === '' ? '' : ', '}action = function(inlet)\n${body}\nend`,
      '',
      before,
    )(p).replaceAll('$BIN', p.bin),
  steps: [watching(), frozen('mkdir a b c'), called('act'), settled(300)],
  differs: [perhaps(differences['merge-same-kind']())],
  ...more,
});

const spawnPaths = 'spawn(l, "$BIN/act", table.concat(l.getPaths(), " "))';
const fatal: Partial<Case> = { steps: [watching(), frozen('mkdir a b c'), ended] };

differential('Layer 1 functions', [
  act('action takes one event', 'local e = inlet.getEvent()\nspawn(e, "$BIN/act", e.etype, e.path)', '', {
    steps: [watching(), frozen('mkdir a b c'), logged('Finished', 3), settled()],
  }),
  act('action with getEvents', `local l = inlet.getEvents()\n${spawnPaths}`, 'delay = 0.2'),
  act(
    'getEvents with a test',
    `local l = inlet.getEvents(function(e) return e.path ~= "b/" end)\nif #l.getPaths() > 0 then ${spawnPaths} else inlet.discardEvent(inlet.getEvent()) end`,
    'delay = 0.2',
  ),
  act(
    'getEvents that breaks',
    `local l = inlet.getEvents(function(e) if e.path == "b/" then return "break" end; return true end)\nif #l.getPaths() > 0 then ${spawnPaths} else local e = inlet.getEvent(); spawn(e, "$BIN/act", "one", e.path) end`,
    'delay = 0.2',
    { steps: [watching(), frozen('mkdir a b c'), called('act', 3), settled()] },
  ),
  act(
    'getPaths with a mutator',
    `local l = inlet.getEvents()\nspawn(l, "$BIN/act", table.concat(l.getPaths(function(etype, path, path2) if path == "/b/" then return "only" end; return etype .. path, "second" end), " "))`,
    'delay = 0.2',
  ),
  act(
    'fields of a list',
    `local l = inlet.getEvents()\nlog("Normal", tostring(l.isList), tostring(l.config == inlet.getConfig()))\n${spawnPaths}`,
    'delay = 0.2',
  ),
  act('lists with moves', `local l = inlet.getEvents()\n${spawnPaths}`, 'delay = 0.2, onMove = true', {
    setup: 'echo a > f; mkdir d',
    steps: [watching(), frozen('mv f g; mv d e; echo b > h'), called('act'), settled()],
  }),
  act(
    'an event and a list never share',
    'local e = inlet.getEvent()\nspawn(e, "$BIN/act", "one", e.path)\nlocal l = inlet.getEvents()\nlog("Normal", "others: ", table.concat(l.getPaths(), " "))',
    'delay = 0.2, maxProcesses = 2',
    {
      steps: [watching(), frozen('mkdir a b c'), called('act', 3), settled()],
      compare: ['callsUnordered', 'logUnordered', 'exit'],
    },
  ),
  act(
    'getEvent for a move gives two',
    'local o, d = inlet.getEvent()\nif d then log("Normal", o.etype, d.etype, o.path, d.path, o.move, d.move) end\nspawn(o, "$BIN/act", o.path)',
    'onMove = true',
    {
      setup: 'echo a > f',
      steps: [watching(), frozen('mv f g'), called('act'), settled()],
    },
  ),
  act(
    'discardEvent',
    'local e = inlet.getEvent()\nif e.path == "b/" then inlet.discardEvent(e) else spawn(e, "$BIN/act", e.path) end',
    '',
    {
      steps: [watching(), frozen('mkdir a b c'), called('act', 2), settled()],
    },
  ),
  act(
    'createBlanketEvent',
    'local e = inlet.getEvent()\nif e.etype == "Create" then local b = inlet.createBlanketEvent(); log("Normal", b.etype, tostring(b.isdir)) end\nspawn(e, "$BIN/act", e.etype)',
    '',
    {
      steps: [watching(), frozen('mkdir a'), called('Blanket'), settled()],
    },
  ),
  act(
    'getConfig',
    'local c = inlet.getConfig()\nlog("Normal", c.target, c.source, tostring(c.mine))\nlocal e = inlet.getEvent()\nspawn(e, "$BIN/act", e.path)',
    'checkgauge = { mine = true }, mine = 5',
    {
      steps: [watching(), frozen('mkdir a'), called('act'), settled()],
    },
  ),
  act(
    'addExclude and rmExclude',
    'local e = inlet.getEvent()\nif e.path == "a/" then inlet.addExclude("b") end\nif e.path == "c/" then inlet.rmExclude("b") end\nspawn(e, "$BIN/act", e.path)',
    '',
    {
      steps: [
        watching(),
        frozen('mkdir a'),
        logged('Finished'),
        frozen('mkdir b c'),
        logged('Finished', 2),
        frozen('rmdir b; mkdir d'),
        logged('Finished', 4),
        settled(),
      ],
    },
  ),
  act(
    'init is called first',
    'local e = inlet.getEvent()\nspawn(e, "$BIN/act", e.path)',
    'init = function(e) log("Normal", "init ", e.etype, " ", e.source); spawn(e, "$BIN/act", "init") end',
    {
      steps: [watching(), logged('Startup of'), frozen('mkdir a'), called('a/'), settled()],
    },
  ),
  act(
    'init that discards',
    'local e = inlet.getEvent()\nspawn(e, "$BIN/act", e.path)',
    'init = function(e) e.inlet.discardEvent(e) end',
    {
      steps: [watching(), frozen('mkdir a'), called('a/'), settled()],
    },
  ),
  act(
    'init = false',
    'local e = inlet.getEvent()\nspawn(e, "$BIN/act", e.path)',
    'init = false, onStartup = "true"',
    {
      steps: [watching(), frozen('mkdir a'), called('a/'), settled()],
    },
  ),
  act(
    'prepare changes the config',
    'local e = inlet.getEvent()\nspawn(e, "$BIN/act", inlet.getConfig().target)',
    'prepare = function(config, level) config.target = config.target .. "-changed"; log("Normal", type(level)) end',
    {
      steps: [watching(), frozen('mkdir a'), called('act'), settled()],
    },
  ),
  act(
    'collect of a list',
    `local l = inlet.getEvents()\n${spawnPaths}`,
    'delay = 0.2, collect = function(agent, code) log("Normal", "collect ", tostring(agent.isList), " ", code, " ", table.concat(agent.getPaths(), " ")) end',
  ),
  act('an action that throws', 'error("in action")', '', fatal),
  act(
    'an action that spawns nothing',
    'log("Normal", "called")\nlocal e = inlet.getEvent()\ninlet.discardEvent(e)',
    '',
    {
      steps: [watching(), frozen('mkdir a b'), logged('called', 2), settled()],
    },
  ),
  act('getEvents with an odd test', 'local l = inlet.getEvents(7)', '', { ...fatal, compare: ['exit'] }),
  act('discardEvent of no event', 'inlet.discardEvent({})', '', { ...fatal, compare: ['exit'] }),
  act(
    'spawnShell of a list',
    `local l = inlet.getEvents()\nspawnShell(l, 'act "$@"', "x", table.concat(l.getPaths(), " "))`,
    'delay = 0.2',
  ),
  {
    name: 'default.action in an action',
    config: plain(
      (p) =>
        `onCreate = "${p.bin}/act ^path", action = function(inlet) log("Normal", "mine"); default.action(inlet) end`,
    ),
    steps: [watching(), live('mkdir a'), called('act'), settled()],
  },
]);
