import { asBytes, fromText, type ByteString } from '../core/bytes.js';

/** Shorter values are no secrets worth hiding, and replacing them would garble every line. */
const shortest = 4;

/** Known secrets (access keys, passwords) and what hides them: the last line of defence before any output. */
export class Secrets {
  private readonly values = new Set<ByteString>();

  constructor(secrets: readonly string[] = []) {
    this.add(...secrets);
  }

  /** @param secrets text; found in output as UTF-8. */
  add(...secrets: readonly string[]): void {
    for (const secret of secrets) if (secret.length >= shortest) this.values.add(fromText(secret));
  }

  /** The same bytes with every secret replaced by `***`; the longest one first where one contains another. */
  hide(text: ByteString): ByteString {
    if (this.values.size === 0) return text;
    const found = [...this.values].filter((secret) => text.includes(secret));
    found.sort((a, b) => b.length - a.length);
    return asBytes(found.reduce((shown: string, secret) => shown.replaceAll(secret, '***'), text));
  }
}
