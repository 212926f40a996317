import { asBytes, type ByteString } from '../core/bytes.js';
import { fromBuffer } from '../sys/bytes.js';

const keptLines = 5;
const keptBytes = 4_096;

/** The last lines of a stream, in bounded memory. */
export class LineTail {
  private kept: Buffer = Buffer.alloc(0);

  add(bytes: Buffer): void {
    const all = Buffer.concat([this.kept, bytes]);
    this.kept = Buffer.from(all.subarray(Math.max(0, all.length - keptBytes)));
  }

  /** The last lines, without the line break at the end. */
  get text(): ByteString {
    const lines = fromBuffer(this.kept).replace(/\n+$/, '').split('\n');
    return asBytes(lines.slice(-keptLines).join('\n'));
  }
}
