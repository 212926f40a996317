import { createHmac } from 'node:crypto';

/** What credentials and config files say about an account. */
export interface AccountSettings {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** URL or host of the service; wins over host, port and protocol. */
  readonly endpoint?: string;
  readonly host?: string;
  readonly port?: number;
  readonly protocol?: Protocol;
  readonly zone?: string;
  /** Attempts after the first one. */
  readonly retries?: number;
  readonly timeoutMs?: number;
  readonly virtualHostStyle: boolean;
  /** Where the keys come from, for messages. */
  readonly source: string;
  readonly warnings: readonly string[];
}

export type Protocol = 'http' | 'https';

/**
 * An account and how to reach its service. The keys live in private fields: they show neither in
 * `console.log`, `util.inspect` nor JSON, and nothing hands them out; the object signs instead.
 */
export class QingStorAccount {
  readonly #id: string;
  readonly #secret: string;
  readonly endpoint: string | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly protocol: Protocol | undefined;
  readonly zone: string | undefined;
  readonly retries: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly virtualHostStyle: boolean;
  readonly source: string;

  /** To be shown once at start, e.g. a credentials file others can read. */
  readonly warnings: readonly string[];

  constructor(settings: AccountSettings) {
    this.#id = settings.accessKeyId;
    this.#secret = settings.secretAccessKey;
    this.endpoint = settings.endpoint;
    this.host = settings.host;
    this.port = settings.port;
    this.protocol = settings.protocol;
    this.zone = settings.zone;
    this.retries = settings.retries;
    this.timeoutMs = settings.timeoutMs;
    this.virtualHostStyle = settings.virtualHostStyle;
    this.source = settings.source;
    this.warnings = settings.warnings;
  }

  /** The Authorization header for a string to sign (spec/qingstor.md, "Signature"). */
  authorize(stringToSign: string): string {
    return `QS ${this.#id}:${createHmac('sha256', this.#secret).update(stringToSign, 'utf8').digest('base64')}`;
  }

  /** Text from a server with whatever it repeats of the keys blotted out. */
  redact(text: string): string {
    return text.replaceAll(this.#secret, '***').replaceAll(this.#id, '***');
  }
}
