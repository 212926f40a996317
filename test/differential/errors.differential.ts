import { differences } from './differences.js';
import type { Case } from './harness/case.js';
import { ended } from './harness/conditions.js';
import { differential } from './harness/define.js';

/** Words on the command line; the program is to end by itself. */
const typed = (
  name: string,
  args: (conf: string, top: string) => readonly string[],
  more: Partial<Case> = {},
): Case => ({
  name,
  args: (p) => args(p.conf, p.top),
  steps: [ended],
  compare: ['calls', 'stdout', 'stderr', 'exit'],
  ...more,
});

/** A config that does not load. */
const bad = (name: string, text: string, more: Partial<Case> = {}): Case => ({
  name,
  config: (p) => text.replaceAll('$SRC', p.src).replaceAll('$TOP', p.top),
  steps: [ended],
  compare: ['calls', 'stdout', 'stderr', 'exit', 'log'],
  ...more,
});

const sync = (keys: string): string => `sync { source = "$SRC", target = "/nonexist-target", ${keys} }\n`;

const prefix = 'Error: error preparing /S/c.conf: ';

/** lsyncd fails somewhere in its own Lua text; ours says what is wrong. */
const ownWords = (text: string, id: 'own-words' | 'computed-text' = 'own-words'): Partial<Case> => ({
  differs: [differences[id]((seen) => ({ ...seen, stderr: [`${prefix}/S/c.conf:1: ${text}`] }))],
});

const object = (type: string): Partial<Case> => ({
  differs: [
    differences['error-object']((seen) => ({
      ...seen,
      stderr: [`${prefix}(error object is a ${type} value)`],
    })),
  ],
});

differential('Errors before the start', [
  typed('unknown option', () => ['-foo']),
  typed('unknown option with two dashes', () => ['--foo']),
  typed('unknown option before a config', (conf) => ['-nodaemon', '-foo', conf]),
  typed('-rsync with too few arguments', () => ['-rsync', '/nonexist']),
  typed('-rsyncssh with too few arguments', () => ['-rsyncssh', '/nonexist', 'host']),
  typed('-direct with too few arguments', () => ['-direct']),
  typed('-log without its argument', () => ['-log']),
  typed('-delay without its argument', () => ['-delay']),
  typed('two config files', (conf) => [conf, `${conf}2`]),
  typed('command line syncs and a config file', (conf, top) => [
    ...['-nodaemon', '-rsync', '/nonexist-source', `${top}/dst`, conf],
  ]),
  typed('config not there', (_, top) => [`${top}/nonexist.conf`]),
  typed('relative config not there', () => ['nonexist.conf'], {
    differs: [
      differences['config-path']((seen) => ({
        ...seen,
        stderr: seen.stderr.map((line) => line.replace("'nonexist", "'/S/nonexist")),
      })),
    ],
  }),
  typed('bad -log category', (conf) => ['-log', 'lower', conf]),
  typed('no arguments', () => [], { compare: ['exit'] }),
  typed('-version', () => ['-version']),
  typed('--version', () => ['--version']),
  typed('-help', () => ['-help'], {
    compare: ['exit'],
    differs: [differences['help-status']((seen) => ({ ...seen, exit: 0 }))],
  }),
  typed('a config that is a directory', (_, top) => ['-nodaemon', top], { compare: ['exit'] }),
  bad('an empty config', ''),
  typed('an empty path', () => ['-nodaemon', ''], { compare: ['exit'] }),
  typed(
    'command line source not there',
    (_, top) => ['-nodaemon', '-rsync', '/nonexist-source', `${top}/dst`],
    {
      differs: [differences['source-error-one-line']],
    },
  ),
  typed(
    '-delay that is no number',
    (_, top) => ['-nodaemon', '-delay', 'x', '-direct', `${top}/nosuch`, `${top}/dst`],
    {
      compare: ['exit'],
    },
  ),
  bad('syntax error', 'x = = 1\n'),
  bad('syntax error on line 3', '\n\nsync {\n'),
  bad('an unfinished string', 'x = "abc\n'),
  bad('unfinished table', 'settings {'),
  bad('run-time error', 'local x = nil\nx.y = 1\n'),
  bad('run-time error in a function', 'local function f()\n  error("inside")\nend\nf()\n'),
  bad('error with a table', 'error({})\n', object('table')),
  bad('error without a message', 'error()\n', object('nil')),
  bad('global read that is not there', 'local x = nosuch.field\n'),
  bad('nothing to do', 'settings { }\n'),
  bad('only a comment', '-- nothing\n'),
  bad('no source', 'sync { target = "/nonexist", onCreate = "true" }\n'),
  bad('no source on line 2', 'settings { }\nsync { target = "/nonexist", onCreate = "true" }\n'),
  bad('source not there', 'sync { source = "/nonexist", onCreate = "true" }\n', {
    differs: [differences['source-error-one-line']],
  }),
  bad('source is a file', 'sync { source = "$TOP/c.conf", onCreate = "true" }\n', {
    differs: [differences['source-error-one-line']],
  }),
  bad('settings = {}', 'settings = { logfile = "/nonexist" }\n'),
  bad(
    'settings = {} after a good start',
    `${sync('onCreate = "true"')}settings = { logfile = "/nonexist" }\n`,
  ),
  bad('unknown setting', 'settings { foo = 1 }\n'),
  bad('misspelt setting', 'settings {\n  logFile = "/nonexist" }\n'),
  bad('inotifyMode of a wrong name', `settings { inotifyMode = "Foo" }\n${sync('onCreate = "true"')}`),
  bad('inotifyMode lower case', `settings { inotifyMode = "modify" }\n${sync('onCreate = "true"')}`),
  bad(
    'logfacility unknown',
    `settings { logfacility = "nosuch", nodaemon = true }\n${sync('onCreate = "true"')}`,
  ),
  bad('a list item unknown', 'settings { "foo" }\n'),
  bad(
    'settings without arguments',
    'settings()\n',
    ownWords('settings expects a table { ... } or the name of a setting'),
  ),
  bad(
    'settings of a number',
    'settings(7)\n',
    ownWords('settings expects a table { ... } or the name of a setting'),
  ),
  bad('settings("unknown")', 'print(settings("unknown"))\n'),
  bad('settings.key = value', 'settings.foo = 1\n'),
  bad('unknown parameter', sync('foo = 1, onCreate = "true"')),
  bad('misspelt onCreate', sync('onCreated = "true"')),
  bad('delay is a string', sync('delay = "x", onCreate = "true"'), {
    differs: [differences['error-position']],
  }),
  bad('delay is negative', sync('delay = -1, onCreate = "true"'), {
    differs: [differences['error-position']],
  }),
  bad('maxProcesses is a string', sync('maxProcesses = "x", onCreate = "true"'), {
    compare: ['exit', 'log'],
  }),
  bad('maxDelays is negative', sync('maxDelays = -1, onCreate = "true", foo = 1')),
  bad('a list item that is no table', 'sync { "x", source = "$SRC", onCreate = "true" }\n'),
  bad('sync without arguments', 'sync()\n', ownWords('sync expects a table: sync { ... }')),
  bad('sync of a string', 'sync("x")\n', ownWords('sync expects a table: sync { ... }')),
  bad('a prepare that fails', sync('prepare = function(config, level) error("not so", level) end')),
  bad('a prepare that fails with its line', sync('prepare = function()\n  error("not so")\nend')),
  bad('terminate at load', 'terminate(3)\n', { compare: ['exit'] }),
  bad('os.exit at load', 'os.exit(4)\n', { compare: ['exit'] }),
  bad(
    'every category is shown before the start',
    'for _, c in ipairs { "Normal", "Warn", "Error", "Debug", "Mine" } do log(c, "text of ", c) end\n',
  ),
  bad('default.rsync without a target', 'sync { default.rsync, source = "$SRC" }\n'),
  bad(
    'default.rsyncssh without a host',
    'sync { default.rsyncssh, source = "$SRC", targetdir = "/nonexist" }\n',
  ),
  bad('default.rsyncssh without a targetdir', 'sync { default.rsyncssh, source = "$SRC", host = "h" }\n'),
  bad(
    'default.rsyncssh with a target',
    'sync { default.rsyncssh, source = "$SRC", host = "h", targetdir = "/nonexist", target = "x" }\n',
    { differs: [differences['error-position']] },
  ),
  bad('default.direct without a target', 'sync { default.direct, source = "$SRC" }\n'),
  bad(
    'default.rsync with an unknown rsync key',
    'sync { default.rsync, source = "$SRC", target = "/nonexist/t", rsync = { foo = true } }\n',
    { differs: [differences['error-position']] },
  ),
  bad(
    'default.rsync with rsync no table',
    'sync { default.rsync, source = "$SRC", target = "/nonexist/t", rsync = true }\n',
    { differs: [differences['error-position']] },
  ),
  bad(
    'default.rsync with rsync._computed',
    'sync { default.rsync, source = "$SRC", target = "/nonexist/t", rsync = { _computed = {} } }\n',
    ownWords('please do not use the internal rsync._computed parameter', 'computed-text'),
  ),
  bad(
    'default.rsync with onCreate',
    'sync { default.rsync, source = "$SRC", target = "/nonexist/t", onCreate = "true" }\n',
    { differs: [differences['error-position']] },
  ),
  bad(
    'default.rsyncssh with maxProcesses 2',
    'sync { default.rsyncssh, source = "$SRC", host = "h", targetdir = "/nonexist/t", maxProcesses = 2 }\n',
  ),
]);
