/** qsctl v1's `--exclude` and `--include`. */
export interface Globs {
  readonly exclude?: string;
  readonly include?: string;
}

/**
 * Does the pattern match the whole text? `?` is any one character, `*` any run, also across `/`; all else stands for
 * itself (spec/qingstor.md, "qsctl sync"). Linear in the text per star: patterns like `*a*a*a*b` do not explode.
 */
export function globMatches(pattern: string, text: string): boolean {
  const p = Array.from(pattern);
  const t = Array.from(text);
  let pi = 0;
  let star = -1;
  let retry = 0;
  for (let ti = 0; ti < t.length;) {
    if (p[pi] === '*') {
      star = pi++;
      retry = ti;
    } else if (pi < p.length && (p[pi] === '?' || p[pi] === t[ti])) {
      pi++;
      ti++;
    } else if (star >= 0) {
      pi = star + 1;
      ti = ++retry;
    } else return false;
  }
  while (p[pi] === '*') pi++;
  return pi === p.length;
}

/** Is a key (relative to the prefix; markers with their slash) left alone? Excluded unless also included. */
export function globsExclude(globs: Globs, relativeKey: string): boolean {
  if (globs.exclude === undefined || !globMatches(globs.exclude, relativeKey)) return false;
  return globs.include === undefined || !globMatches(globs.include, relativeKey);
}
