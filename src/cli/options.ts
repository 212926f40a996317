import yargs from 'yargs';
import { toText, type ByteString } from '../core/bytes.js';
import type { CommandLineSync } from '../config/command-line.js';
import { LsyncdError } from '../core/errors.js';
import { checkCategory } from '../report/categories.js';
import { toByteArguments } from './arguments.js';
import { items, optionForms, type Item } from './grammar.js';

/** What the user asked for. */
export type CommandLine =
  /** Usage on stdout; status 0 for `-help`, 255 when nothing was asked for. */
  | { readonly kind: 'help'; readonly code: 0 | 255 }
  | { readonly kind: 'version' }
  /** List the monitors. */
  | { readonly kind: 'monitors' }
  | RunCommand;

export interface RunCommand {
  readonly kind: 'run';
  /** Present, or else `syncs` is not empty. */
  readonly configFile?: ByteString;
  readonly syncs: readonly CommandLineSync[];
  /** Seconds. */
  readonly delay?: number;
  readonly insist: boolean;
  /** Valid arguments of `-log`. */
  readonly log: readonly string[];
  readonly logfile?: ByteString;
  readonly monitor?: string;
  readonly nodaemon: boolean;
  readonly onepass: boolean;
  readonly pidfile?: ByteString;
  readonly sshopts?: ByteString;
  readonly scripts: readonly ByteString[];
  readonly qsctl?: 'native' | 'spawn';
}

const flags = Object.keys(optionForms).filter((name) => optionForms[name]!.takes.length === 0);
const lists = Object.keys(optionForms).filter((name) => optionForms[name]!.takes.length > 0);

/** Usage lines before the list of options. */
const synopsis = [
  'Usage:',
  '  lsyncd-ts [OPTIONS] CONFIG-FILE',
  '  lsyncd-ts [OPTIONS] -rsync SOURCE TARGET',
  '  lsyncd-ts [OPTIONS] -rsyncssh SOURCE HOST TARGETDIR',
  '  lsyncd-ts [OPTIONS] -direct SOURCE TARGETDIR',
].join('\n');

const columns = 100;

function parser(argv: readonly string[]): ReturnType<typeof yargs> {
  let made = yargs([...argv])
    .locale('en')
    .help(false)
    .version(false)
    .exitProcess(false)
    .showHelpOnFail(false)
    .fail((message, error: Error | undefined) => {
      throw error ?? new LsyncdError('LSY_OPTION', message);
    })
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'boolean-negation': false,
      'greedy-arrays': false,
    })
    .scriptName('lsyncd-ts')
    .usage(synopsis)
    .wrap(columns);
  for (const name of flags) made = made.option(name, { type: 'boolean' });
  for (const name of lists) made = made.option(name, { type: 'string', array: true });
  return made;
}

/** The usage text, with a line break at the end. */
export function usage(): string {
  // Shown with their arguments and one dash, as lsyncd's options are written everywhere.
  let made = yargs([]).locale('en').help(false).version(false).usage(synopsis).wrap(columns);
  for (const [name, { takes, describe }] of Object.entries(optionForms)) {
    made = made.option([name, ...takes].join(' '), { describe, type: undefined as never });
  }
  let text = '';
  made.showHelp((shown: string) => (text = shown));
  return `${text.replace(/^( +)--/gm, '$1-').replace(/^(?=lsyncd-ts )/gm, '  ')}\n`;
}

/**
 * The command line as data (spec/cli.md). Words are kept byte-exactly, see `toByteArguments`.
 * @param argv the program's arguments as Node gives them (`process.argv.slice(2)`).
 * @throws LsyncdError, exit status 255, with lsyncd's text.
 */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const words = toByteArguments(argv);
  const all = [...items(argv)];
  // lsyncd looks at its log categories first of all, then at the words in their order.
  for (const { option, words: at, error } of all) {
    if (option === 'log' && error === undefined) checkCategory(argv[at[0]!]!);
  }
  for (const { option, words: at, error } of all) {
    if (error !== undefined) throw error;
    if (option === 'help') return { kind: 'help', code: 0 };
    if (option === 'version') return { kind: 'version' };
    if (option === 'monitor' && at.length === 0) return { kind: 'monitors' };
  }
  return runCommand(words, parseNormalised(all));
}

/** What yargs makes of the normalised words: positions in the original command line, never the words. */
interface Parsed {
  readonly has: (name: string) => boolean;
  /** Positions of every argument of an option, in order. */
  readonly at: (name: string) => readonly number[];
  readonly free: readonly number[];
}

/**
 * Hands yargs the command line in the one form in which it takes any word for an argument (`--x=WORD`), with
 * positions for words: it would strip quotes, read numbers and knows text only.
 */
function parseNormalised(all: readonly Item[]): Parsed {
  const normalised = all.flatMap(({ option, words }) => {
    if (option === undefined) return words.map(String);
    return words.length === 0 ? [`--${option}`] : words.map((at) => `--${option}=${at}`);
  });
  const parsed = parser(normalised).parseSync() as Record<string, unknown>;
  return {
    has: (name) => parsed[name] === true,
    at: (name) => ((parsed[name] ?? []) as readonly string[]).map(Number),
    free: (parsed['_'] as readonly unknown[]).map(Number),
  };
}

function runCommand(words: readonly ByteString[], parsed: Parsed): CommandLine {
  const given = (name: string): ByteString[] => parsed.at(name).map((at) => words[at]!);
  const last = (name: string): ByteString | undefined => given(name).at(-1);
  const config = parsed.free.map((at) => words[at]!);
  const syncs = commandLineSyncs(words, parsed);
  if (config.length > 1) {
    throw new LsyncdError('LSY_TWO_CONFIGS', 'There can only be one config file in the command line.');
  }
  if (config.length > 0 && syncs.length > 0) {
    const text = 'There cannot be command line syncs and a config file together.';
    throw new LsyncdError('LSY_CONFIG_AND_SYNCS', text);
  }
  if (given('runner').length > 0) throw noRunner();
  const qsctl = qsctlMode(last('qsctl'));
  const delay = seconds(last('delay'));
  if (config.length + syncs.length === 0) return { kind: 'help', code: 255 };
  return defined({
    kind: 'run',
    configFile: config[0],
    syncs,
    delay,
    insist: parsed.has('insist'),
    log: given('log').map(toText),
    logfile: last('logfile'),
    monitor: optionalText(last('monitor')),
    nodaemon: parsed.has('nodaemon'),
    onepass: parsed.has('onepass'),
    pidfile: last('pidfile'),
    sshopts: last('sshopts'),
    scripts: given('script'),
    qsctl,
  }) as RunCommand;
}

function commandLineSyncs(words: readonly ByteString[], parsed: Parsed): CommandLineSync[] {
  const found: { readonly at: number; readonly sync: CommandLineSync }[] = [];
  for (const layer of ['rsync', 'rsyncssh', 'direct'] as const) {
    const positions = parsed.at(layer);
    const count = optionForms[layer]!.takes.length;
    for (let i = 0; i < positions.length; i += count) {
      const mine = positions.slice(i, i + count);
      found.push({ at: mine[0]!, sync: { layer, args: mine.map((at) => words[at]!) } });
    }
  }
  return found.sort((a, b) => a.at - b.at).map(({ sync }) => sync);
}

function qsctlMode(mode: ByteString | undefined): 'native' | 'spawn' | undefined {
  if (mode === undefined || mode === 'native' || mode === 'spawn') return mode as 'native' | undefined;
  throw new LsyncdError('LSY_OPTION', `qsctl must be 'native' or 'spawn', not '${toText(mode)}'`);
}

function seconds(word: ByteString | undefined): number | undefined {
  if (word === undefined) return undefined;
  if (/^(?:\d+(?:\.\d*)?|\.\d+)$/.test(word)) return Number(word);
  throw new LsyncdError('LSY_OPTION', `delay must be a number of seconds, not '${toText(word)}'`);
}

function noRunner(): LsyncdError {
  return new LsyncdError(
    'LSY_RUNNER',
    'option -runner has no meaning here: lsyncd-ts has no Lua core that could be replaced',
    'leave it away',
  );
}

function optionalText(word: ByteString | undefined): string | undefined {
  return word === undefined ? undefined : toText(word);
}

/** Leaves out what is undefined. */
function defined(record: object): object {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

/** Monitors this version has. */
export const monitors: readonly string[] = ['inotify', 'parcel'];

/** @throws LsyncdError with lsyncd's text for a monitor there is not */
export function checkMonitor({ monitor }: RunCommand): void {
  if (monitor !== undefined && !monitors.includes(monitor))
    throw new LsyncdError(
      'LSY_MONITOR',
      `event monitor "${monitor}" unknown.`,
      `there are ${monitors.join(', ')}`,
    );
}
