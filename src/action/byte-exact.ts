import { toTextStrict, type ByteString } from '../core/bytes.js';

/** A command in the form Node takes: text, which it passes on as UTF-8. */
export interface TextCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** True when `file` is sh, which rebuilds the words. */
  readonly rebuilt: boolean;
}

/** `printf %b` turns these back; everything else stands for itself. */
const escaped = /[\\\x80-\xff]/g;

/** One parameter holds 128 KiB at most, and escapes take five times the place. */
const pieceOfWord = /[^]{1,20000}/g;

const octal = (char: string): string => `\\0${char.charCodeAt(0).toString(8).padStart(3, '0')}`;

/**
 * Node's child_process knows arguments only as text. Words that are valid UTF-8 pass as they are; when one is
 * not, `sh` gets all words as positional parameters, rebuilds the odd ones from octal escapes and becomes the
 * command by `exec`, so that the child is the same process and gets the same bytes.
 * @param words the binary and its arguments, without NUL.
 */
export function textCommand(words: readonly [ByteString, ...ByteString[]]): TextCommand {
  const texts = words.map(toTextStrict);
  if (texts.every((text) => text !== undefined)) {
    return { file: texts[0]!, args: texts.slice(1), rebuilt: false };
  }
  let script = '';
  const passed: string[] = [];
  const place = (word: string): string => `"\${${passed.push(word)}}"`;
  const rebuilt = texts.map((text, i) => {
    if (text !== undefined) return place(text);
    const pieces = words[i]!.match(pieceOfWord)!.map((piece) => place(piece.replace(escaped, octal)));
    // The x keeps line breaks at the end, which command substitution would cut.
    script += `v${i}=$(printf '%b' ${pieces.join(' ')}; printf x); v${i}=\${v${i}%x}; `;
    return `"$v${i}"`;
  });
  return {
    file: '/bin/sh',
    args: ['-c', `${script}exec ${rebuilt.join(' ')}`, 'sh', ...passed],
    rebuilt: true,
  };
}
