import { readFileSync, readlinkSync } from 'node:fs';
import { asBytes, fromText, toText, type ByteString } from '../core/bytes.js';
import { fromBuffer } from '../sys/bytes.js';

/** Node decodes arguments as UTF-8 and puts this where bytes are no UTF-8. */
const replacement = '\ufffd';

/**
 * Arguments of this process as bytes. Node's `process.argv` has lost bytes that are not UTF-8; then they are
 * read from the kernel's copy (`/proc/self/cmdline`), as long as that is still what the process started with.
 * @param argv the last words of the command line, as Node decoded them.
 */
export function toByteArguments(argv: readonly string[]): ByteString[] {
  const texts = argv.map(fromText);
  if (!argv.some((word) => word.includes(replacement))) return texts;
  const raw = kernelArguments().slice(-argv.length);
  return raw.length === argv.length && raw.every((word, i) => toText(word) === argv[i]) ? raw : texts;
}

function kernelArguments(): ByteString[] {
  try {
    const all = fromBuffer(readFileSync('/proc/self/cmdline'));
    return all.replace(/\0$/, '').split('\0').map(asBytes);
  } catch {
    return [];
  }
}

/** The working directory as bytes, without a trailing slash (but `/`). */
export function workingDirectory(): ByteString {
  try {
    return fromBuffer(readlinkSync('/proc/self/cwd', { encoding: 'buffer' }));
  } catch {
    return fromText(process.cwd());
  }
}
