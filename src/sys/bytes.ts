import { asBytes, type ByteString } from '../core/bytes.js';

/** Byte string → Buffer, one byte per char. */
export function toBuffer(bytes: ByteString): Buffer {
  return Buffer.from(bytes, 'latin1');
}

/** Buffer → byte string. */
export function fromBuffer(buffer: Uint8Array): ByteString {
  return asBytes(Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength).toString('latin1'));
}
