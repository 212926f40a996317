import { asBytes, type ByteString } from '../core/bytes.js';

const hidden = '***';
const secretName =
  '(?:pass(?:word|wd|phrase)?|secret(?:[-_]?(?:access)?[-_]?key)?|access[-_]?key(?:[-_]?id)?|token)';

/** A word of a shell's, perhaps in quotes. */
const shellWord = `(?:'[^']*'|"[^"]*"|['"]?[^\\s'"]+)`;

/** What in a word is a secret: expression → what is shown of it. */
const secretParts: readonly (readonly [RegExp, string])[] = [
  // --password=x as a word of its own: all of it, whatever it holds
  [new RegExp(`^(--?${secretName}=)[^]+`, 'i'), `$1${hidden}`],
  // --password=x, RSYNC_PASSWORD=x, SSHPASS=x, secret_access_key=x; but not --password-file=/p
  [new RegExp(`((?:^|[\\s'"-]|[A-Za-z0-9]_)(?:ssh)?${secretName}=)${shellWord}`, 'gi'), `$1${hidden}`],
  // scheme://user:x@host
  [/([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s@/]+@/gi, `$1${hidden}@`],
  // sshpass -p x, sshpass -px
  [new RegExp(`(\\bsshpass\\s(?:.*?\\s)??-p\\s*)${shellWord}`, 'g'), `$1${hidden}`],
  // Authorization: scheme x
  [/((?:proxy-)?authorization:\s*)[^\r\n'"]+/gi, `$1${hidden}`],
];

/** An option whose next word is a secret. */
const secretOption = new RegExp(`^--?${secretName}$`, 'i');

/** Hides passwords in a command's words; the number of words stays. */
function hidePasswords(binary: ByteString, args: readonly ByteString[]): string[] {
  const sshpass = /(?:^|\/)sshpass$/.test(binary);
  return args.map((arg, i) => {
    const before = args[i - 1] ?? '';
    if (secretOption.test(before) || (sshpass && before === '-p')) return hidden;
    if (sshpass && i === 0 && /^-p./.test(arg)) return `-p${hidden}`;
    return secretParts.reduce((shown, [part, instead]) => shown.replace(part, instead), String(arg));
  });
}

/**
 * The `Exec` line of a child (spec/output.md, "Log"): `rsync [--delete] [/s/] [/t/]`, text for its standard
 * input as `[<] [text]` before the arguments, NULs as line breaks, passwords as `***`.
 */
export function formatExec(binary: ByteString, args: readonly ByteString[], stdin?: ByteString): ByteString {
  const piped = stdin === undefined ? [] : ['<', stdin];
  const words = [...piped, ...hidePasswords(binary, args)].map((word) => ` [${word}]`);
  return asBytes((binary + words.join('')).replaceAll('\0', '\n'));
}
