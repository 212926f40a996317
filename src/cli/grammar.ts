import { LsyncdError } from '../core/errors.js';

export interface OptionForm {
  /** Names of the words it takes. */
  readonly takes: readonly string[];
  readonly describe: string;
  /** May stand without its words. */
  readonly optional?: boolean;
}

/** An option with the positions of its words, or a free word. */
export interface Item {
  /** Undefined for a free word. */
  readonly option: string | undefined;
  readonly words: readonly number[];
  readonly error?: LsyncdError;
}

/** All options (spec/cli.md, "Synopsis"), and our own `-qsctl`. */
export const optionForms: Readonly<Record<string, OptionForm>> = {
  delay: { takes: ['SECS'], describe: 'Seconds events are collected before acting; overrides every sync' },
  direct: { takes: ['SOURCE', 'TARGETDIR'], describe: 'Adds a sync by local copying' },
  help: { takes: [], describe: 'Shows this text' },
  insist: { takes: [], describe: 'Keeps retrying a startup that fails for the moment' },
  log: { takes: ['CATEGORY'], describe: 'Shows a category of messages; "all" of them or "scarce" ones only' },
  logfile: { takes: ['FILE'], describe: 'Logs to this file' },
  monitor: {
    takes: ['NAME'],
    describe: 'Picks the event monitor; lists them without a name',
    optional: true,
  },
  nodaemon: { takes: [], describe: 'Stays in the foreground and logs to the console' },
  onepass: { takes: [], describe: 'Does the startup syncs, then exits' },
  pidfile: { takes: ['FILE'], describe: 'Writes the process id to this file' },
  qsctl: { takes: ['MODE'], describe: 'How qsctl commands run: "native" (default) or "spawn"' },
  rsync: { takes: ['SOURCE', 'TARGET'], describe: 'Adds a sync by rsync' },
  rsyncssh: { takes: ['SOURCE', 'HOST', 'TARGETDIR'], describe: 'Adds a sync by rsync, moving through ssh' },
  runner: { takes: ['FILE'], describe: "lsyncd's own Lua core: there is none here" },
  script: { takes: ['FILE'], describe: 'Runs a Lua file before the config' },
  sshopts: { takes: ['STRING'], describe: 'Further ssh options for -rsyncssh' },
  version: { takes: [], describe: 'Shows the version' },
};

/**
 * Cuts a command line into options with their arguments: `-x` and `--x` mean the same, an option takes its
 * number of words whatever they are, there are no one-letter options, no `=` forms and no clusters.
 */
export function* items(argv: readonly string[]): Generator<Item> {
  for (let at = 0; at < argv.length;) {
    const word = argv[at]!;
    if (!word.startsWith('-')) {
      yield { option: undefined, words: [at++] };
      continue;
    }
    const name = word.replace(/^--?/, '');
    const form = Object.hasOwn(optionForms, name) ? optionForms[name] : undefined;
    at++;
    if (form === undefined) {
      const text = `unknown option command line option ${word}`;
      yield { option: name, words: [], error: new LsyncdError('LSY_UNKNOWN_OPTION', text) };
      continue;
    }
    const count = form.takes.length;
    const words = Array.from({ length: Math.min(count, argv.length - at) }, (_, i) => at + i);
    at += words.length;
    if (words.length < count && form.optional === undefined) {
      const text = `${name} needs ${count} arguments`;
      yield { option: name, words, error: new LsyncdError('LSY_OPTION_ARGUMENTS', text) };
    } else yield { option: name, words };
  }
}
