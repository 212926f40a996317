import { LsyncdError } from '../core/errors.js';

/** Is it a `qs://` target at all, be it right or wrong? */
export function isQsTarget(text: string): boolean {
  return text.startsWith('qs://');
}

/** A bucket and the prefix below it, as written. */
export interface QsTarget {
  readonly bucket: string;
  readonly prefix: string;
}

/**
 * `qs://bucket`, `qs://bucket/`, `qs://bucket/prefix`, `qs://bucket/prefix/` (spec/qingstor.md, "qsctl sync").
 * @throws LsyncdError LSY_QS_TARGET
 */
export function parseQsTarget(text: string): QsTarget {
  const wrong = (what: string): LsyncdError =>
    new LsyncdError(
      'LSY_QS_TARGET',
      `target "${text}": ${what}`,
      'write qs://bucket or qs://bucket/prefix; a bucket name has 3 to 63 characters of a-z, 0-9 and -, not at its ends',
    );
  if (!isQsTarget(text)) throw wrong('does not begin with qs://');
  const [, bucket = '', prefix = ''] = /^qs:\/\/([^/]*)\/?([^]*)$/.exec(text) ?? [];
  if (bucket === '') throw wrong('names no bucket');
  if (!/^[a-z0-9](?:[a-z0-9-]{1,61})[a-z0-9]$/.test(bucket)) throw wrong(`"${bucket}" is no bucket name`);
  return { bucket, prefix };
}

/**
 * Bytes per second of `500K`, `10M`, `1G` or plain digits; SI units, as qsctl v1 takes them.
 * @throws LsyncdError LSY_RATE_LIMIT
 */
export function parseRateLimit(text: string): number {
  const [, digits, unit = ''] = /^(\d+)([kmg]?)$/i.exec(text.trim()) ?? [];
  const rate = Number(digits) * 1000 ** ['', 'k', 'm', 'g'].indexOf(unit.toLowerCase());
  if (!(rate > 0) || !Number.isSafeInteger(rate))
    throw new LsyncdError(
      'LSY_RATE_LIMIT',
      `rate limit "${text}" is no number of bytes per second`,
      'write for example 500K, 10M or 1G',
    );
  return rate;
}

/**
 * Bytes of `64M`, `64MB`, `64MiB` or plain digits; units of 1024, as qsctl v2 takes part sizes.
 * @throws LsyncdError LSY_SIZE
 */
export function parseSize(text: string): number {
  const [, digits, unit = ''] = /^(\d+)\s*([kmgt]?)(?:i?b)?$/i.exec(text.trim()) ?? [];
  const size = Number(digits) * 1024 ** ['', 'k', 'm', 'g', 't'].indexOf(unit.toLowerCase());
  if (!(size > 0) || !Number.isSafeInteger(size))
    throw new LsyncdError('LSY_SIZE', `"${text}" is no size in bytes`, 'write for example 64M or 1G');
  return size;
}
