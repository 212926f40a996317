/** How much may be deleted at the target in one go (`maxDelete`), and what was held back because it was more. */
import type { BytePath } from './bytes.js';

/** `maxDelete = 100`, or `"10%"` of what the target holds. */
export type MaxDelete =
  { readonly kind: 'count'; readonly most: number } | { readonly kind: 'percent'; readonly most: number };

/** What a run may delete. */
export interface DeletionLimit {
  readonly most: MaxDelete;
  /** So many more, since somebody gave leave. */
  readonly allowed: number;
}

/** Deletions a run did not carry out, none of them. */
export interface HeldDeletions {
  readonly reason: 'maxDelete' | 'empty source';
  readonly count: number;
  /** What the target holds in all, where that is known. */
  readonly of?: number;
  readonly paths: readonly BytePath[];
}

/** Reads what a config says; undefined when it is neither a count nor a percentage. */
export function parseMaxDelete(value: string | number): MaxDelete | undefined {
  const [, digits, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(String(value).trim()) ?? [];
  const most = Number(digits);
  if (percent === '%') return most <= 100 ? { kind: 'percent', most } : undefined;
  return Number.isInteger(most) ? { kind: 'count', most } : undefined;
}

/** As the config says it. */
export function maxDeleteText({ kind, most }: MaxDelete): string {
  return kind === 'count' ? String(most) : `"${most}%"`;
}

/** True when so many deletions are more than is allowed. @param of what the target holds in all */
export function exceeds({ most, allowed }: DeletionLimit, count: number, of: number): boolean {
  const limit = most.kind === 'count' ? most.most : (of * most.most) / 100;
  return count - allowed > limit;
}
