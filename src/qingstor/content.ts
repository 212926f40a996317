import type { BytePath } from '../core/bytes.js';
import { SourceFile } from './source.js';
import { StoreError } from './store.js';
import { BodyError } from './transport.js';

/**
 * Is a file's content that of an object? By the object's ETag where that is an MD5; false when nothing can be told.
 * For where neither size nor time tell: another file with an old time may have taken the place.
 */
export async function hasContent(path: BytePath, etag: string, signal: AbortSignal): Promise<boolean> {
  if (!/^[0-9a-f]{32}$/i.test(etag)) return false;
  try {
    return (await md5Of(path, signal)) === etag.toLowerCase();
  } catch (error) {
    signal.throwIfAborted();
    // The upload that follows says what is wrong.
    if (error instanceof StoreError || error instanceof BodyError) return false;
    throw error;
  }
}

async function md5Of(path: BytePath, signal: AbortSignal): Promise<string> {
  const file = await SourceFile.open(path);
  try {
    const range = file.range(0, file.size, undefined, signal);
    let read = 0;
    for await (const chunk of range) {
      signal.throwIfAborted();
      read += chunk.length;
    }
    return read === file.size ? range.md5.toString('hex') : '';
  } finally {
    await file.close();
  }
}
