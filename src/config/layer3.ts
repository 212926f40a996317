import { asBytes, type ByteString } from '../core/bytes.js';

/** Which of a move's two events a variable speaks of; `origin` for everything else. */
export type MoveEnd = 'origin' | 'destination';

/** Gives an event field's value. */
export type Lookup = (field: string, end: MoveEnd) => ByteString;

type Piece = { readonly literal: string } | { readonly field: string; readonly end: MoveEnd };

/** A string that begins with `/`: run without a shell. */
export interface BinaryCommand {
  readonly form: 'binary';
  readonly text: ByteString;
  readonly words: readonly (readonly Piece[])[];
}

/** Everything else: run by a shell. */
export interface ShellCommand {
  readonly form: 'shell';
  readonly text: ByteString;
  readonly pieces: readonly Piece[];
}

const plain =
  'sourcePathname|sourcePathdir|sourcePath|source|targetPathname|targetPathdir|targetPath|target|pathname|pathdir|path';
const movable =
  'sourcePathname|sourcePathdir|sourcePath|targetPathname|targetPathdir|targetPath|pathname|pathdir|path';
const variable = new RegExp(`\\^(?:([od])\\.(${movable})|(${plain}))`, 'g');

function pieces(text: string): Piece[] {
  const out: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(variable)) {
    if (match.index > from) out.push({ literal: text.slice(from, match.index) });
    out.push({ field: match[2] ?? match[3]!, end: match[1] === 'd' ? 'destination' : 'origin' });
    from = match.index + match[0].length;
  }
  if (from < text.length) out.push({ literal: text.slice(from) });
  return out;
}

/** Words split at blanks and line breaks (not at tabs, as seen with lsyncd 2.2.3); double quotes group and stay part of their word. */
function words(text: string): string[] {
  return text.match(/(?:[^ \n"]|"[^"]*"?)+/g) ?? [];
}

/** Takes a layer 3 string apart. Blanks around it are cut first. */
export function parseLayer3(raw: ByteString): BinaryCommand | ShellCommand {
  const text = asBytes(raw.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, ''));
  if (text.startsWith('/')) return { form: 'binary', text, words: words(text).map(pieces) };
  const command = text.startsWith('^') && text.search(variable) !== 0 ? text.slice(1) : text;
  return { form: 'shell', text: asBytes(command), pieces: pieces(command) };
}

/** The words of a binary form, variables filled in inside words. */
export function fillWords(command: BinaryCommand, lookup: Lookup): ByteString[] {
  return command.words.map((word) =>
    asBytes(
      word.map((piece) => ('literal' in piece ? piece.literal : lookup(piece.field, piece.end))).join(''),
    ),
  );
}

/** A shell form: the command with each variable as a quoted positional parameter, and the parameters. */
export function shellCommand(
  command: ShellCommand,
  lookup: Lookup,
): { readonly script: ByteString; readonly args: readonly ByteString[]; readonly shown: ByteString } {
  const args: ByteString[] = [];
  let script = '';
  let shown = '';
  for (const piece of command.pieces) {
    if ('literal' in piece) {
      script += piece.literal;
      shown += piece.literal;
    } else {
      const value = lookup(piece.field, piece.end);
      args.push(value);
      script += args.length < 10 ? `"$${args.length}"` : `"\${${args.length}}"`;
      shown += value;
    }
  }
  return { script: asBytes(script), args, shown: asBytes(shown) };
}
