import { differences, explained, suspends } from './differences.js';
import type { Case, Step } from './harness/case.js';
import { calls, ended, live, logged, settled, watching } from './harness/conditions.js';
import { plain } from './harness/configs.js';
import { differential } from './harness/define.js';

const table = 'exitcodes = { [0] = "ok", [5] = "again", [3] = "die" }';

/** One child of `onCreate` that ends with these codes in turn. */
const child = (
  name: string,
  codes: string,
  keys: string,
  steps: readonly Step[],
  more: Partial<Case> = {},
): Case => ({
  name,
  config: plain((p) => `onCreate = "${p.bin}/act ^path", delay = 0.1, ${keys}`),
  setup: `echo ${codes} > $CTL/act.exit`,
  steps: [watching(), live('echo a > f'), ...steps],
  ...more,
});

/** A startup action that ends with these codes in turn. */
const startup = (
  name: string,
  codes: string,
  keys: string,
  set: string,
  steps: readonly Step[],
  more: Partial<Case> = {},
): Case => ({
  name,
  config: plain((p) => `onStartup = "${p.bin}/act Init", delay = 0.1, ${keys}`, set),
  setup: `echo ${codes} > $CTL/act.exit`,
  steps,
  ...more,
});

/** A layer 1 sync whose list ends with these codes in turn. */
const list = (
  name: string,
  codes: string,
  keys: string,
  steps: readonly Step[],
  more: Partial<Case> = {},
): Case => ({
  name,
  config: plain(
    (p) => `delay = 0.1, ${keys}${keys === '' ? '' : ', '}action = function(inlet)
  local l = inlet.getEvents()
  spawn(l, "${p.bin}/act", table.concat(l.getPaths(), " "))
end`,
  ),
  setup: `echo ${codes} > $CTL/act.exit`,
  steps: [watching(), live('mkdir d'), ...steps],
  ...more,
});

const finished = logged('Finished');

const stopped = logged(/Critical exitcode|suspended: exit code/);

const plainCodes = ['0', '1', '2', '3', '5', '7', '23', '126', '127', '255'];

const signalled = (name: string, keys: string): Case =>
  child(name, '0', keys, [logged(/Finished|Failure|Retrying|Unknown/), settled()], {
    setup: 'echo KILL > $CTL/act.signal',
    compare: ['log', 'exit'],
    prune: (seen) => ({ ...seen, log: [...new Set(seen.log.filter((line) => /Create on/.test(line)))] }),
    differs: [
      differences['signal-is-failure']((seen) => ({
        ...seen,
        log: seen.log.map((line) => line.replace('Finished', 'Retrying').replace(/= 0$/, '= 137')),
      })),
    ],
  });

differential('Outcomes of children', [
  child('code 0 without a table', '0', '', [finished]),
  ...plainCodes
    .slice(1)
    .map((code) => child(`code ${code} without a table: die`, code, '', [stopped], suspends)),
  child('code 0 with a table', '0', table, [finished]),
  child('code 5 with a table: again', '5 0', table, [finished]),
  child('code 5 three times', '5 5 5 0', table, [finished]),
  child('code 3 with a table: die', '3', table, [ended]),
  child('code 7 with a table: unknown', '7', table, [stopped], suspends),
  child('code 0 missing from a table', '0', 'exitcodes = { [1] = "ok" }', [stopped], suspends),
  child('code 1 is ok by a table', '1', 'exitcodes = { [0] = "ok", [1] = "ok" }', [finished]),
  child(
    'a table with a misspelt verdict',
    '1',
    'exitcodes = { [0] = "ok", [1] = "agian" }',
    [stopped],
    suspends,
  ),
  child('an empty table', '0', 'exitcodes = { }', [stopped], suspends),
  {
    name: 'again without a delay',
    config: plain((p) => `onCreate = "${p.bin}/act ^path", ${table}`),
    setup: 'echo 5 0 > $CTL/act.exit',
    steps: [watching(), live('echo a > f'), logged(/Finished|Error: in Lua/), settled()],
    compare: ['calls', 'exit'],
    differs: [
      differences['again-without-delay']((seen) => ({
        ...seen,
        calls: ['act "f"', 'act "f"'],
        exit: 143,
        timedOut: undefined,
      })),
    ],
  },
  signalled('a child killed by a signal', ''),
  signalled('a child killed by a signal, with a table', table),
  {
    name: 'a binary that can not be executed',
    config: plain((p) => `onCreate = "${p.top}/plain ^path"`),
    setup: 'echo text > $TOP/plain',
    ...suspends,
    steps: [watching(), live('echo a > f'), stopped],
  },
  startup('startup 0', '0', '', '', [watching(), logged('Startup of')]),
  startup('startup 0 with a table', '0', table, '', [watching(), logged('Startup of')]),
  startup('startup 5 without a table', '5', '', '', [ended], { differs: [explained(5)] }),
  startup('startup 5: again, no insist', '5', table, '', [ended], { differs: [explained(5)] }),
  startup('startup 5: again, insist', '5 0', table, 'insist = true', [logged('finished')]),
  startup('startup 5 twice, insist', '5 5 0', table, 'insist = true', [logged('finished')]),
  startup('startup 3: die', '3', table, '', [ended], { differs: [explained(3)] }),
  startup('startup 3: die, insist', '3', table, 'insist = true', [ended], { differs: [explained(3)] }),
  startup('startup 7: unknown', '7', table, '', [ended]),
  startup('startup 7: unknown, insist', '7', table, 'insist = true', [ended]),
  startup('startup 5: again, -insist', '5 0', table, '', [logged('finished')], {
    args: (p) => ['-nodaemon', '-insist', p.conf],
  }),
  list('list 0', '0', '', [finished]),
  list('list 5 without a table', '5', '', [stopped], suspends),
  list('list 5: again', '5 0', table, [finished]),
  list('list 3: die', '3', table, [ended]),
  list('list 7: unknown', '7', table, [stopped], suspends),
  {
    name: 'again keeps its place in the queue',
    config: plain(
      (p) => `onCreate = "${p.bin}/act c ^path", onModify = "${p.bin}/two m ^path", delay = 0.1, ${table}`,
    ),
    setup: 'echo 5 0 > $CTL/act.exit',
    steps: [watching(), live('mkdir d'), calls(1), live('mkdir e'), logged('Finished', 2)],
    compare: ['callsUnordered', 'logUnordered', 'exit'],
  },
  ...(['again', 'die', 'ok', 'whatever'] as const).map((verdict): Case => ({
    name: `collect of one's own returns "${verdict}"`,
    config: plain(
      (p) => `onCreate = "${p.bin}/act ^path", delay = 0.1, collect = function(agent, code)
  log("Normal", "collect ", agent.etype, " ", agent.path, " ", code, " ", agent.isList)
  if code ~= 0 then return "${verdict}" end
end`,
    ),
    setup: 'echo 5 0 > $CTL/act.exit',
    steps: [watching(), live('echo a > f'), logged('collect', verdict === 'again' ? 2 : 1), settled()],
  })),
  {
    name: 'a collect that throws',
    config: plain((p) => `onCreate = "${p.bin}/act ^path", collect = function()\n  error("in collect")\nend`),
    steps: [watching(), live('echo a > f'), ended],
  },
  {
    name: 'a collect that calls default.collect',
    config: plain(
      (p) => `onCreate = "${p.bin}/act ^path", delay = 0.1, ${table}, collect = function(agent, code)
  log("Normal", "mine ", code)
  return default.collect(agent, code)
end`,
    ),
    setup: 'echo 5 0 > $CTL/act.exit',
    steps: [watching(), live('echo a > f'), finished],
  },
]);
