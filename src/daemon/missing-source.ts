import { asBytes, type BytePath, type ByteString } from '../core/bytes.js';

/** The sync concerned. */
interface Sourced {
  readonly name: ByteString;
  readonly source: BytePath;
}

/** Whether a sync's source is there, in words for log and status file. */
export class MissingSource {
  gone = false;
  /** Changes with `lines`. */
  version = 0;

  /** It has gone; gives the log line. */
  leaves({ name, source }: Sourced): string {
    this.gone = true;
    this.version++;
    return `The source directory ${source} of ${name} is gone: nothing is deleted at the target, it is looked for.`;
  }

  /** It is back; gives the log line. */
  returns({ name, source }: Sourced): string {
    this.gone = false;
    this.version++;
    return `The source directory ${source} of ${name} is back.`;
  }

  /** Lines for the status file. */
  *lines({ source }: Sourced): Generator<ByteString> {
    if (this.gone)
      yield asBytes(`Source missing: ${source}, nothing is deleted at the target, looked for every 10 s`);
  }
}
