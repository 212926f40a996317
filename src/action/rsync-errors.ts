import { asBytes, type BytePath, type ByteString } from '../core/bytes.js';
import type { PartialFailures } from '../core/partial.js';
import { fromBuffer } from '../sys/bytes.js';

/** More than this is not kept: the whole transfer is to be repeated then. */
const mostLines = 10_000;
const longestLine = 65_536;

/** What it says when it stops deleting. */
const stoppedDeleting = /^Deletions stopped due to --max-delete limit \((\d+) skipped\)/;

/** Lines that are about no file in particular, or about one that needs nothing. */
const harmless = /^(?:rsync error:|rsync warning:|file has vanished:|IO error encountered|\s*$)/;

/** Collects what rsync says on stderr and finds the paths in it. */
export class RsyncErrors {
  private rest = '';
  private readonly lines: string[] = [];
  private tooMuch = false;
  /** Deletions it left out at the limit of `--max-delete`; undefined: none. */
  skippedDeletions: number | undefined;

  add(bytes: Buffer): void {
    const lines = (this.rest + fromBuffer(bytes)).split('\n');
    this.rest = lines.pop()!;
    for (const line of lines) this.addLine(line);
    if (this.rest.length <= longestLine) return;
    this.tooMuch = true;
    this.rest = '';
  }

  private addLine(line: string): void {
    if (harmless.test(line)) return;
    const stopped = stoppedDeleting.exec(line);
    if (stopped !== null) {
      this.skippedDeletions = Number(stopped[1]);
      return;
    }
    if (this.lines.length < mostLines) this.lines.push(line);
    else this.tooMuch = true;
  }

  /**
   * @param source absolute, with a trailing slash
   * @param target as rsync was told: a directory, perhaps with a host before it
   */
  failures(source: BytePath, target: ByteString | undefined): PartialFailures {
    const paths = new Set<BytePath>();
    const trees = new Set<BytePath>();
    const roots = [source, ...(target === undefined ? [] : [directoryOf(target)])];
    let complete = !this.tooMuch;
    for (const line of [...this.lines, this.rest]) {
      if (harmless.test(line)) continue;
      const named = namedIn(line);
      const found = named === undefined ? [] : relative(unescaped(named), roots);
      if (found.length === 0) {
        // Others may speak here, too (ssh, a shell): only what rsync says must be understood.
        if (/^(?:rsync: |ERROR: |cannot delete )/.test(line)) complete = false;
        continue;
      }
      if (/ opendir ".*" failed: /s.test(line)) trees.add(asBytes(found[0] === '/' ? '/' : `${found[0]}/`));
      else for (const path of found) paths.add(asBytes(path));
    }
    return { paths, trees, complete };
  }
}

/** `host:/dir/` → `/dir/` */
function directoryOf(target: ByteString): ByteString {
  const remote = /^(?:\[[^\]]*\]|[^/:]*):(\/.*)$/s.exec(target);
  const directory = remote === null ? target : remote[1]!;
  return asBytes(directory.endsWith('/') ? directory : `${directory}/`);
}

/** The path a line is about, as rsync shows it. */
function namedIn(line: string): string | undefined {
  const verification = /^(?:ERROR|WARNING): (.*) failed verification -- update discarded/.exec(line);
  if (verification !== null) return verification[1];
  const gone = /^cannot delete non-empty directory: (.*)$/.exec(line);
  if (gone !== null) return gone[1];
  const call = /delete_file: (?:unlink|rmdir)\((.*)\) failed: /.exec(line);
  if (call !== null) return call[1];
  const renamed = /rename "(.*)" -> "(.*)": /.exec(line);
  if (renamed !== null) return renamed[1];
  return /"(.*)"[^"]*\(\d+\)$/.exec(line)?.[1] ?? /"(.*)"[^"]*$/.exec(line)?.[1];
}

/** rsync writes bytes it does not want to show as `\#ooo`. */
function unescaped(text: string): string {
  return text.replace(/\\#([0-3][0-7]{2})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}

/** A path below one of the roots, with the name a temporary file of rsync's stands for. */
function relative(path: string, roots: readonly string[]): string[] {
  if (path === '') return [];
  if (!path.startsWith('/')) return [`/${path}`];
  const [source] = roots;
  const root = roots.find((each) => `${path}/`.startsWith(each));
  if (root === undefined) return [];
  const below = `/${path.slice(root.length)}`.replace(/\/\.?$/, '');
  if (below === '') return ['/'];
  const temporary = root === source ? null : /^(.*\/)\.([^/]+)\.[A-Za-z0-9]{6}$/s.exec(below);
  return temporary === null ? [below] : [below, temporary[1]! + temporary[2]!];
}
