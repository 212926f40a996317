import { entityTooLarge, invalidArgument } from './errors.js';

/** The service's limits (spec: keys of 1 to 1023 bytes of UTF-8, 5 GB a request, 4 MiB a part but the last). */
export const limits = {
  keyBytes: 1023,
  metadataBytes: 2048,
  putBytes: 5_000_000_000,
  partBytes: 4 * 1024 * 1024,
  largestPart: 10_000,
  page: 1000,
  defaultPage: 100,
  deletions: 1000,
  jsonBytes: 8 * 1024 * 1024,
  skewMs: 15 * 60_000,
} as const;

/** @throws QsError for a key that no object can have */
export function checkKey(key: string): void {
  const bytes = Buffer.byteLength(key, 'utf8');
  if (bytes < 1 || bytes > limits.keyBytes)
    throw invalidArgument(`A key has 1 to ${limits.keyBytes} bytes, not ${bytes}.`);
}

/** @throws QsError for a request body that one request may not carry */
export function checkLength(length: number): void {
  if (length > limits.putBytes) throw entityTooLarge();
}

/** @throws QsError for a name that no bucket can have */
export function checkBucketName(name: string): void {
  if (!/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(name))
    throw invalidArgument('A bucket has 3 to 63 lower case letters, digits and hyphens.');
}
