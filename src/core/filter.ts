/**
 * Filters and excludes: which paths of a sync's source are none of its business
 * (spec/events.md, "Filters and excludes"). The rules are plain data, so that they can be sent to a worker;
 * `compileRules` makes them testable.
 */
import { asBytes, type BytePath, type ByteString } from './bytes.js';
import { LsyncdError } from './errors.js';
import { isDirPath, type FsEvent } from './event.js';

/** A sync’s rules, as scripts and the status file show them: byte strings. */
export interface FilterRules {
  /** `+ PATTERN` and `- PATTERN`: the first that matches decides. */
  readonly filters: readonly string[];
  /** Patterns, asked when no filter matches: any match is out. */
  readonly excludes: readonly string[];
}

/** What the rules say of a path. */
export interface FilterVerdict {
  readonly out: boolean;
  /** The rule that decided; none when no rule matched. */
  readonly rule?: string;
}

/** Rules made testable. */
export interface Filter {
  readonly rules: FilterRules;
  /** There are no rules: nothing is ever out. */
  readonly empty: boolean;
  /** The root `/` is never out. */
  test(path: BytePath): FilterVerdict;
  /** Is this path none of the sync's business? */
  excludes(path: BytePath): boolean;
}

/** A rule of a filter. */
export interface FilterRule {
  readonly out: boolean;
  readonly pattern: ByteString;
  /** In the form of `FilterRules.filters`. */
  readonly rule: ByteString;
}

const IN: FilterVerdict = { out: false };
const root = '/';

/** Compiled patterns are shared: `addExclude` and the like recompile whole rule sets again and again. */
const cache = new Map<string, RegExp>();
const cacheLimit = 10_000;

/**
 * Pattern → expression over byte strings. A pattern is looked for anywhere, beginning at a slash; a leading
 * slash ties it to the start; without a trailing slash it must end at a slash or at the path's end.
 */
export function compilePattern(pattern: string): RegExp {
  const known = cache.get(pattern);
  if (known !== undefined) return known;
  // The `v` flag is not used: a byte string's chars are code points below 256, a plain expression is exact.
  const body = pattern.replace(/\*+|\?|[\\^$.|+()[\]{}/-]/g, (token) => {
    if (token === '?') return '[^/]';
    if (token === '*') return '[^/]*';
    if (token.startsWith('*')) return '[^]*';
    return `\\${token}`;
  });
  const start = pattern.startsWith('/') ? '^' : '\\/';
  const end = pattern.endsWith('/') ? '' : '(?:\\/|$)';
  // An empty pattern (a lone `-` in a file) names nothing.
  const compiled = pattern === '' ? /(?!)/ : new RegExp(start + body + end);
  if (cache.size >= cacheLimit) cache.clear();
  cache.set(pattern, compiled);
  return compiled;
}

/** Makes rules testable. Cheap when there are none. */
export function compileRules(rules: FilterRules): Filter {
  const filters = rules.filters.map((rule) => {
    const { out, pattern } = parseFilterRule(rule);
    return { verdict: { out, rule }, expression: compilePattern(pattern) };
  });
  const excludes = rules.excludes.map((pattern) => ({
    verdict: { out: true, rule: pattern },
    expression: compilePattern(pattern),
  }));
  const tests = [...filters, ...excludes];
  const test = (path: BytePath): FilterVerdict => {
    if (tests.length === 0 || path === root) return IN;
    for (const { expression, verdict } of tests) if (expression.test(path)) return verdict;
    return IN;
  };
  return { rules, empty: tests.length === 0, test, excludes: (path) => test(path).out };
}

/**
 * `+ PATTERN` / `- PATTERN` → the rule. Blanks before the sign and between sign and pattern do not count, those
 * at the end do (seen with lsyncd 2.2.3).
 * @throws LsyncdError LSY_FILTER_RULE for anything else.
 */
export function parseFilterRule(text: string): FilterRule {
  const match = /^\s*([+-])\s*([^]*)$/.exec(text);
  if (match === null) throw new LsyncdError('LSY_FILTER_RULE', `Unknown filter rule: "${text}"`);
  const sign = match[1]!;
  const pattern = match[2]!;
  return { out: sign === '-', pattern: asBytes(pattern), rule: asBytes(`${sign} ${pattern}`) };
}

/**
 * A `filterFrom` file's bytes → rules for `FilterRules.filters`. Blank lines and `#` comments are skipped.
 * @throws LsyncdError LSY_FILTER_RULE
 */
export function parseFilterLines(fileBytes: ByteString): ByteString[] {
  return linesOf(fileBytes)
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => parseFilterRule(line).rule);
}

/**
 * An `excludeFrom` file's bytes → patterns. Blank lines, `#` comments and lines beginning with `+` are skipped;
 * a leading `-` is cut with the blanks after it.
 */
export function parseExcludeLines(fileBytes: ByteString): ByteString[] {
  return linesOf(fileBytes)
    .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('+'))
    .map((line) => asBytes(line.replace(/^-\s*/, '')))
    .filter((pattern) => pattern !== '');
}

/** Lines without the blanks before them; those at the end belong to the pattern. */
function linesOf(fileBytes: ByteString): ByteString[] {
  return fileBytes.split('\n').map((line) => asBytes(line.replace(/^[ \t\r\f\v]+/, '')));
}

/**
 * What is left of an event once the rules have seen it: a move with only its origin excluded becomes the
 * `Create` of its destination, with only its destination excluded the `Delete` of its origin, with both nothing.
 * The caller has to scan the directory when a directory's `Move` came out as a `Create`
 * (`becameCreate(event, admitted)`): nothing below it is known to the sync yet.
 */
export function admitEvent(filter: Filter, event: FsEvent): FsEvent | undefined {
  if (filter.empty) return event;
  const out = filter.excludes(event.path);
  if (event.kind !== 'Move') return out ? undefined : event;
  const out2 = filter.excludes(event.path2);
  if (out) return out2 ? undefined : { kind: 'Create', path: event.path2 };
  return out2 ? { kind: 'Delete', path: event.path } : event;
}

/** True when `admitEvent` turned a directory's move into its creation: its content must be scanned. */
export function becameCreate(event: FsEvent, admitted: FsEvent | undefined): boolean {
  return event.kind === 'Move' && admitted?.kind === 'Create' && isDirPath(admitted.path);
}
