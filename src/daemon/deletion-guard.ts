import type { NativeResult } from '../action/native.js';
import { asBytes, type BytePath, type ByteString } from '../core/bytes.js';
import { maxDeleteText, type DeletionLimit, type HeldDeletions, type MaxDelete } from '../core/max-delete.js';

export interface GuardParts {
  /** The sync's. */
  readonly name: ByteString;
  readonly source: BytePath;
  readonly target: ByteString;
  readonly most: MaxDelete | undefined;
  readonly allowEmptySource: boolean;
  readonly log: (category: 'Normal' | 'Error', text: string) => void;
}

/** What is carried out once leave is given. */
export interface Released {
  /** Everything is to be compared (or transferred) anew. */
  readonly whole: boolean;
  /** What was to be deleted. */
  readonly paths: readonly BytePath[];
  readonly reason: HeldDeletions['reason'];
}

/** Nothing may be deleted. */
const nothing: DeletionLimit = { most: { kind: 'count', most: 0 }, allowed: 0 };

/**
 * Deletions of one sync that wait for somebody's leave, since they were more than `maxDelete` or would have emptied
 * the target. Until then the sync deletes nothing and does everything else.
 */
export class DeletionGuard {
  /** Changes with `lines`. */
  version = 0;
  private held: Omit<HeldDeletions, 'paths'> | undefined;
  private whole = false;
  private readonly paths = new Set<BytePath>();
  private allowed = 0;
  private emptyAllowed: boolean;

  constructor(private readonly parts: GuardParts) {
    this.emptyAllowed = parts.allowEmptySource;
  }

  /** Why deletions wait; undefined: none do. */
  get reason(): HeldDeletions['reason'] | undefined {
    return this.held?.reason;
  }

  get most(): MaxDelete | undefined {
    return this.parts.most;
  }

  /** May the target be emptied like its source? */
  get allowsEmpty(): boolean {
    return this.emptyAllowed;
  }

  /** For a comparison of everything: it finds out anew what is to be deleted. */
  get fullLimit(): DeletionLimit | undefined {
    const { most } = this.parts;
    return most === undefined ? undefined : { most, allowed: this.allowed };
  }

  /** For a batch of changed paths. */
  get limit(): DeletionLimit | undefined {
    return this.held === undefined ? this.fullLimit : nothing;
  }

  /**
   * A native run has ended.
   * @param compared everything was compared, and what the source has not could have been deleted
   * @param idle nothing is queued any more
   */
  ran({ stats, held, failures }: NativeResult, compared: boolean, idle: boolean): void {
    const unfinished = failures.some(({ path }) => path === undefined);
    if (held !== undefined) this.hold(held, compared);
    else if (compared && !unfinished) this.settled();
    this.spent(stats.deletions, idle && !unfinished);
  }

  /** Deletions wait from now on. @param whole their paths need not be kept: a comparison will find them again */
  hold(held: HeldDeletions, whole: boolean): void {
    const known = this.held;
    this.version++;
    this.whole ||= whole;
    if (!whole) for (const path of held.paths) this.paths.add(path);
    const before = whole ? 0 : (known?.count ?? 0);
    this.held = {
      ...held,
      count: before + held.count,
      reason: whole ? held.reason : (known?.reason ?? held.reason),
    };
    if (known?.reason !== this.held.reason) this.parts.log('Error', this.story());
  }

  /** One more path that would have been deleted, while others wait already. */
  add(path: BytePath): void {
    if (this.held === undefined || this.paths.has(path)) return;
    this.hold({ reason: this.held.reason, count: 1, paths: [path] }, false);
  }

  /** There is nothing to be held back. */
  settled(): void {
    if (this.held === undefined) return;
    this.parts.log('Normal', `${this.parts.name}: no deletions wait any more.`);
    this.forget();
  }

  /** What waited is found out anew. */
  forget(): void {
    this.version++;
    this.held = undefined;
    this.whole = false;
    this.paths.clear();
  }

  /** Leave is given; undefined when nothing waits. */
  permit(): Released | undefined {
    if (this.held === undefined) return undefined;
    const { count, reason } = this.held;
    const released = { whole: this.whole, paths: [...this.paths], reason };
    this.parts.log('Normal', `${this.parts.name}: leave given for ${count} deletions.`);
    this.allowed = count;
    if (reason === 'empty source') this.emptyAllowed = true;
    this.forget();
    return released;
  }

  /** Deletions were carried out; the leave for more of them ends when nothing is left to be done. */
  spent(deletions: number, idle: boolean): void {
    this.allowed = idle ? 0 : Math.max(0, this.allowed - deletions);
    if (idle) this.emptyAllowed = this.parts.allowEmptySource;
  }

  /** What waits, for a successor after a reload. */
  waiting(): readonly BytePath[] {
    return [...this.paths];
  }

  /** Lines for the status file. */
  *lines(): Generator<ByteString> {
    const { held, parts } = this;
    if (held === undefined) return;
    const { source, target, most } = parts;
    const goOn = 'SIGUSR2 has them carried out';
    if (held.reason === 'empty source')
      yield asBytes(`Source empty: ${source}, nothing is deleted at ${target}${ofAll(held.of)}; ${goOn}`);
    else
      yield asBytes(
        `Deletions paused: ${held.count}${ofAll(held.of)}, maxDelete is ${maxDeleteText(most!)}; ${goOn}`,
      );
  }

  private story(): string {
    const { name, source, target, most } = this.parts;
    const { reason, count, of } = this.held!;
    const usr2 = `send SIGUSR2 (kill -USR2 ${process.pid})`;
    if (reason === 'empty source')
      return (
        `${name}: the source ${source} is empty${of === undefined ? '' : ` while ${target} holds ${of} objects`}: nothing is deleted there. ` +
        `Is a file system not mounted? What comes in ${source} is synced. ` +
        `If it is meant to be empty: ${usr2}, or set allowEmptySource = true.`
      );
    return (
      `${name}: ${count}${ofAll(of)} are to be deleted at ${target}, maxDelete is ${maxDeleteText(most!)}: ` +
      'deletions pause, everything else goes on. ' +
      `If that is meant: ${usr2}, or raise maxDelete and send SIGHUP.`
    );
  }
}

const ofAll = (of: number | undefined): string => (of === undefined ? '' : ` of ${of}`);
