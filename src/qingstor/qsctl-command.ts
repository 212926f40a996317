import { LsyncdError } from '../core/errors.js';
import type { Globs } from './glob.js';
import { splitCommand, type CommandWord } from './qsctl-words.js';
import { isQsTarget, parseQsTarget, parseRateLimit, parseSize, type QsTarget } from './qs-target.js';

/** qsctl's major version; its options differ. */
export type Generation = 1 | 2;

/** What a `qsctl sync` command line says. */
export interface QsctlSync {
  /** The version its flags belong to; undefined when both know them. */
  readonly generation: Generation | undefined;
  readonly target: QsTarget;
  readonly delete: boolean;
  readonly globs: Globs;
  readonly recursive: boolean;
  readonly update: boolean;
  readonly existing: boolean;
  readonly ignoreExisting: boolean;
  readonly config?: string;
  readonly zone?: string;
  readonly workers?: number;
  /** Bytes per second. */
  readonly rateLimit?: number;
  readonly partSize?: number;
  readonly partThreshold?: number;
}

/** The values of the variables that are the same for every event. */
export interface CommandContext {
  readonly source: string;
  readonly target: string;
}

/** What the native engine is to do, or why the command must be spawned. */
export type Recognized = { readonly native: QsctlSync } | { readonly spawn: string };

interface Flag {
  readonly takes: 'value' | 'nothing';
  /** The only version that knows it. */
  readonly generation?: Generation;
  /** Why it cannot be done natively. */
  readonly refuse?: string;
}

type Values = ReadonlyMap<string, string>;
type SetFlag = (name: string, given: string | undefined, shown: string) => void;

const goPattern = 'it is a regular expression of Go, which differs from those here';
const flags: Readonly<Record<string, Flag>> = {
  config: { takes: 'value' },
  zone: { takes: 'value' },
  'no-progress': { takes: 'nothing' },
  delete: { takes: 'nothing', generation: 1 },
  exclude: { takes: 'value', generation: 1 },
  include: { takes: 'value', generation: 1 },
  'rate-limit': { takes: 'value', generation: 1 },
  workers: { takes: 'value', generation: 1 },
  recursive: { takes: 'nothing', generation: 2 },
  update: { takes: 'nothing', generation: 2 },
  existing: { takes: 'nothing', generation: 2 },
  'ignore-existing': { takes: 'nothing', generation: 2 },
  'part-threshold': { takes: 'value', generation: 2 },
  'part-size': { takes: 'value', generation: 2 },
  'dry-run': { takes: 'nothing', generation: 2, refuse: 'it only shows what would be done' },
  'exclude-regexp': { takes: 'value', generation: 2, refuse: goPattern },
  'include-regexp': { takes: 'value', generation: 2, refuse: goPattern },
};
const shorts: Readonly<Record<string, string>> = {
  c: 'config',
  z: 'zone',
  r: 'recursive',
  u: 'update',
  n: 'dry-run',
};

class Refusal extends Error {}

/**
 * Is a layer 3 string a `qsctl sync` that the native engine can do exactly?
 * @param command the string as configured, text
 * @returns what it says, or why it must be spawned
 */
export function recognizeQsctl(command: string, context: CommandContext): Recognized {
  const split = splitCommand(command);
  if ('reason' in split) return { spawn: split.reason };
  const [binary = [], ...rest] = split.words;
  const [name] = binary;
  if (
    binary.length !== 1 ||
    name === undefined ||
    !('text' in name) ||
    name.text.split('/').at(-1) !== 'qsctl'
  )
    return { spawn: 'its binary is not qsctl' };
  try {
    return { native: readWords(rest, context) };
  } catch (error) {
    if (error instanceof Refusal) return { spawn: error.message };
    if (error instanceof LsyncdError) return { spawn: error.shown };
    throw error;
  }
}

function readWords(words: readonly CommandWord[], context: CommandContext): QsctlSync {
  const [first = [], ...rest] = words;
  const subcommand = first.map((part) => ('text' in part ? part.text : `^${part.variable}`)).join('');
  if (subcommand !== 'sync') throw new Refusal(`only "qsctl sync" is native, not "qsctl ${subcommand}"`);
  const args = rest.map((word) => fillIn(word, context));
  const { values, positional } = readFlags(args);
  const [source, target] = positional;
  if (positional.length !== 2 || source === undefined || target === undefined)
    throw new Refusal('it does not have one source and one target');
  const plain = (path: string): string => path.replace(/\/+$/, '');
  if (plain(source) !== plain(context.source)) throw new Refusal('it does not sync from the whole ^source');
  if (!isQsTarget(target)) throw new Refusal(`its target "${target}" does not begin with qs://`);
  return interpret(values, parseQsTarget(target));
}

/** A word with its variables' values. Only the source and the target are the same for every event. */
function fillIn(word: CommandWord, { source, target }: CommandContext): string {
  return word
    .map((part) => {
      if ('text' in part) return part.text;
      const value = part.variable === 'source' ? source : part.variable === 'target' ? target : undefined;
      if (value === undefined) throw new Refusal(`^${part.variable} differs from event to event`);
      if (part.bare && !/^[\w@%+=:,./-]+$/.test(value))
        throw new Refusal(`"^${part.variable}" in quotes would be split by the shell`);
      return value;
    })
    .join('');
}

function readFlags(args: readonly string[]): { values: Values; positional: readonly string[] } {
  const values = new Map<string, string>();
  const positional: string[] = [];
  const queue = [...args];
  const set: SetFlag = (name, given, shown) => {
    const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
    if (flag === undefined) throw new Refusal(`its flag ${shown} is not known here`);
    if (flag.refuse !== undefined) throw new Refusal(`its flag ${shown}: ${flag.refuse}`);
    if (flag.takes === 'nothing' && given !== undefined)
      throw new Refusal(`its flag ${shown} takes no value`);
    const value = flag.takes === 'nothing' ? '' : (given ?? queue.shift());
    if (value === undefined) throw new Refusal(`its flag ${shown} lacks its value`);
    // A word that looks like a flag is none as a value for v1, but is for v2.
    if (given === undefined && value.startsWith('-')) throw new Refusal(`its flag ${shown} lacks its value`);
    values.set(name, value);
  };
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    const long = /^--([^=]+)(?:=([^]*))?$/.exec(word);
    if (long !== null) set(long[1]!, long[2], `--${long[1]!}`);
    else if (/^-[^-]/.test(word)) readShorts(word.slice(1), set);
    else if (word.startsWith('-')) throw new Refusal(`its word "${word}" is not known here`);
    else positional.push(word);
  }
  return { values, positional };
}

/** `-r`, `-ru`, `-c FILE`, `-cFILE`. */
function readShorts(letters: string, set: SetFlag): void {
  for (let i = 0; i < letters.length; i++) {
    const letter = letters[i]!;
    const name = Object.hasOwn(shorts, letter) ? shorts[letter]! : letter;
    const rest = letters.slice(i + 1);
    const valued = Object.hasOwn(flags, name) && flags[name]!.takes === 'value';
    set(name, valued && rest !== '' ? rest : undefined, `-${letter}`);
    if (valued) return;
  }
}

function interpret(values: Values, target: QsTarget): QsctlSync {
  const of = (generation: Generation): string | undefined =>
    [...values.keys()].find((name) => flags[name]?.generation === generation);
  const [one, two] = [of(1), of(2)];
  if (one !== undefined && two !== undefined)
    throw new Refusal(`--${one} is of qsctl 1, --${two} of qsctl 2: no qsctl knows both`);
  if (values.has('existing') && values.has('ignore-existing'))
    throw new Refusal('--existing and --ignore-existing together leave nothing to do');
  if (two !== undefined && target.prefix !== '' && !target.prefix.endsWith('/'))
    throw new Refusal('qsctl 2 takes only a bucket or a prefix that ends in / as its target');
  const workers = values.get('workers');
  if (workers !== undefined && !/^[1-9]\d{0,3}$/.test(workers))
    throw new Refusal(`--workers "${workers}" is no number of transfers`);
  const value = <K extends string, T>(
    key: K,
    name: string,
    parse: (given: string) => T,
  ): Partial<Record<K, T>> => {
    const given = values.get(name);
    return given === undefined ? {} : ({ [key]: parse(given) } as Record<K, T>);
  };
  const text = (given: string): string => given;
  return {
    generation: one !== undefined ? 1 : two !== undefined ? 2 : undefined,
    target,
    delete: values.has('delete'),
    globs: { ...value('exclude', 'exclude', text), ...value('include', 'include', text) },
    recursive: values.has('recursive'),
    update: values.has('update'),
    existing: values.has('existing'),
    ignoreExisting: values.has('ignore-existing'),
    ...value('config', 'config', text),
    ...value('zone', 'zone', text),
    ...value('workers', 'workers', Number),
    ...value('rateLimit', 'rate-limit', parseRateLimit),
    ...value('partSize', 'part-size', parseSize),
    ...value('partThreshold', 'part-threshold', parseSize),
  };
}
