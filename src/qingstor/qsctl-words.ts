/**
 * A layer 3 string → the words its binary would get (spec/config.md, "Layers"), without running anything. Variables
 * stay as `Hole`s. What only a shell can tell (expansion, operators) is refused with the reason.
 */

/** A piece of a word: its text, or a variable that differs from event to event. */
export type WordPart = { readonly text: string } | Hole;

/** A variable's place. */
export interface Hole {
  /** Without its caret: `source`, `o.pathname`. */
  readonly variable: string;
  /** Its value would stand outside of quotes: the shell splits it. */
  readonly bare: boolean;
}

/** A word of a command line, in pieces. */
export type CommandWord = readonly WordPart[];

/** A command line's words, or why they cannot be told. */
export type SplitCommand = { readonly words: readonly CommandWord[] } | { readonly reason: string };

const variable =
  /\^(?:[od]\.)?(?:sourcePathname|sourcePathdir|sourcePath|source|targetPathname|targetPathdir|targetPath|target|pathname|pathdir|path)/y;

/** Takes a layer 3 string's words apart as lsyncd (binary form) or `sh` (shell form) would. */
export function splitCommand(raw: string): SplitCommand {
  const text = raw.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, '');
  if (text.startsWith('/')) return { words: binaryWords(text) };
  return shellWords(text.startsWith('^') && variableAt(text, 0) === undefined ? text.slice(1) : text);
}

function variableAt(text: string, at: number): string | undefined {
  variable.lastIndex = at;
  return variable.exec(text)?.[0];
}

/** Split at blanks; double quotes group and stay part of the word. */
function binaryWords(text: string): CommandWord[] {
  return (text.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? []).map((word) => {
    const parts = new Word();
    for (let at = 0; at < word.length;) {
      const found = variableAt(word, at);
      if (found === undefined) parts.add(word[at]!);
      else parts.hole(found, false);
      at += found?.length ?? 1;
    }
    return parts.parts;
  });
}

/** One word being put together. */
class Word {
  readonly parts: WordPart[] = [];

  add(text: string): void {
    const last = this.parts.at(-1);
    if (last !== undefined && 'text' in last) this.parts[this.parts.length - 1] = { text: last.text + text };
    else this.parts.push({ text });
  }

  hole(variableName: string, bare: boolean): void {
    this.parts.push({ variable: variableName.slice(1), bare });
  }
}

const operators = new Map([
  [';', 'a shell operator'],
  ['&', 'a shell operator'],
  ['|', 'a shell operator'],
  ['<', 'a redirection'],
  ['>', 'a redirection'],
  ['(', 'a shell operator'],
  [')', 'a shell operator'],
  ['\n', 'more than one line'],
  ['$', 'a shell expansion'],
  ['`', 'a shell expansion'],
  ['*', 'a pattern for the shell'],
  ['?', 'a pattern for the shell'],
  ['[', 'a pattern for the shell'],
]);

function shellWords(text: string): SplitCommand {
  const words: CommandWord[] = [];
  let word: Word | undefined;
  for (let at = 0; at < text.length;) {
    const char = text[at]!;
    if (char === ' ' || char === '\t') {
      if (word !== undefined) words.push(word.parts);
      word = undefined;
      at++;
      continue;
    }
    // A continued line is neither a word nor the end of one.
    if (char === '\\' && text[at + 1] === '\n') {
      at += 2;
      continue;
    }
    if (operators.has(char)) return { reason: `it has ${operators.get(char)!} (${JSON.stringify(char)})` };
    if (word === undefined && char === '#') return { reason: 'it has a comment' };
    // `~/…` stays: the shell's home directory is the one qsctl, too, takes it for.
    if (word === undefined && char === '~' && text[at + 1] !== '/')
      return { reason: 'it has a shell expansion ("~")' };
    word ??= new Word();
    const next = quoted(text, at, word) ?? plain(text, at, word);
    if (typeof next === 'string') return { reason: next };
    at = next;
  }
  if (word !== undefined) words.push(word.parts);
  return { words };
}

/** An unquoted character or variable; gives where to go on. */
function plain(text: string, at: number, word: Word): number {
  const found = variableAt(text, at);
  // lsyncd writes "$1", in quotes, for a variable of the shell form.
  if (found === undefined) word.add(text[at]!);
  else word.hole(found, false);
  return at + (found?.length ?? 1);
}

/** A quoted stretch, taken into the word; undefined when none begins here, a text when it can't be told. */
function quoted(text: string, at: number, word: Word): number | string | undefined {
  const quote = text[at];
  if (quote === '\\') {
    if (at + 1 >= text.length) return 'it ends in a backslash';
    word.add(text[at + 1]!);
    return at + 2;
  }
  if (quote === "'") {
    const end = text.indexOf("'", at + 1);
    if (end < 0) return 'a quote is not closed';
    const inside = text.slice(at + 1, end);
    if (/\^(?:[od]\.)?(?:source|target|path)/.test(inside)) return 'a variable stands in single quotes';
    word.add(inside);
    return end + 1;
  }
  return quote === '"' ? doubleQuoted(text, at + 1, word) : undefined;
}

function doubleQuoted(text: string, start: number, word: Word): number | string {
  word.add('');
  for (let at = start; at < text.length;) {
    const char = text[at]!;
    if (char === '"') return at + 1;
    if (char === '$' || char === '`') return `it has a shell expansion (${JSON.stringify(char)})`;
    if (char === '\\' && /[$`"\\\n]/.test(text[at + 1] ?? '')) {
      if (text[at + 1] !== '\n') word.add(text[at + 1]!);
      at += 2;
      continue;
    }
    const found = variableAt(text, at);
    // "$1" inside quotes ends them: its value stands bare.
    if (found === undefined) word.add(char);
    else word.hole(found, true);
    at += found?.length ?? 1;
  }
  return 'a quote is not closed';
}
