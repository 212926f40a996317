import { describe, expect, it } from 'vitest';
import { checkMonitor, parseCommandLine, usage, type RunCommand } from '../../../src/cli/options.js';

const run = (...argv: string[]) => parseCommandLine(argv) as RunCommand;

describe('the command line', () => {
  it.each(['-', '--'])('takes options with %s alike, anywhere', (dashes) => {
    expect(run(`${dashes}nodaemon`, 'x.conf', `${dashes}delay`, '3')).toMatchObject({
      kind: 'run',
      configFile: 'x.conf',
      nodaemon: true,
      delay: 3,
    });
  });

  it("takes an option's words whatever they look like", () => {
    expect(run('-logfile', '-nodaemon', '-pidfile', '--', 'c').logfile).toBe('-nodaemon');
    expect(run('-logfile', '-nodaemon', '-pidfile', '--', 'c').pidfile).toBe('--');
  });

  it('keeps quotes, blanks and numbers as they are', () => {
    const { syncs, logfile } = run('-logfile', '"a b"', '-rsync', '007', "it's", '-direct', '/a', '1e3');
    expect(logfile).toBe('"a b"');
    expect(syncs).toEqual([
      { layer: 'rsync', args: ['007', "it's"] },
      { layer: 'direct', args: ['/a', '1e3'] },
    ]);
  });

  it('keeps the order of syncs and repeats of -log and -script', () => {
    const command = run(
      '-direct',
      'a',
      'b',
      '-rsyncssh',
      's',
      'h',
      't',
      '-log',
      'Exec',
      '-log',
      'all',
      '-direct',
      'c',
      'd',
    );
    expect(command.syncs.map(({ layer }) => layer)).toEqual(['direct', 'rsyncssh', 'direct']);
    expect(command.log).toEqual(['Exec', 'all']);
  });

  it('the last of several wins', () => {
    expect(run('-delay', '1', '-delay', '2.5', 'c').delay).toBe(2.5);
  });

  it.each([
    [['-foo', 'c'], 'unknown option command line option -foo'],
    [['-rsync', 'a'], 'rsync needs 2 arguments'],
    [['-rsyncssh', 'a', 'b'], 'rsyncssh needs 3 arguments'],
    [['a', 'b'], 'There can only be one config file in the command line.'],
    [['-rsync', 'a', 'b', 'c'], 'There cannot be command line syncs and a config file together.'],
    [['-log', 'lower', 'c'], "'lower' is not a valid logging category"],
    [['-delay', 'x', 'c'], "delay must be a number of seconds, not 'x'"],
    [['-runner', 'f', 'c'], 'option -runner has no meaning here'],
    [['-qsctl', 'maybe', 'c'], "qsctl must be 'native' or 'spawn', not 'maybe'"],
  ])('%j: %s', (argv, text) => {
    expect(() => parseCommandLine(argv)).toThrow(text);
  });

  it('help, version, monitors, nothing', () => {
    expect(parseCommandLine(['-help', '-foo'])).toEqual({ kind: 'help', code: 0 });
    expect(parseCommandLine(['--version'])).toEqual({ kind: 'version' });
    expect(parseCommandLine(['-monitor'])).toEqual({ kind: 'monitors' });
    expect(parseCommandLine([])).toEqual({ kind: 'help', code: 255 });
  });

  it('an unknown monitor is refused by name', () => {
    expect(() => checkMonitor(run('-monitor', 'foo', 'c'))).toThrow('event monitor "foo" unknown.');
    expect(() => checkMonitor(run('-monitor', 'parcel', 'c'))).not.toThrow();
  });

  it('the usage names every option with one dash', () => {
    for (const option of ['-nodaemon', '-rsyncssh SOURCE HOST TARGETDIR', '-delay SECS', '-version'])
      expect(usage()).toMatch(new RegExp(`^ +${option} `, 'm'));
    expect(usage()).not.toMatch(/^ +--/m);
  });
});
