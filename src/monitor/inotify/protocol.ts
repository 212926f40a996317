import type { FilterRules } from '../../core/filter.js';
import type { InotifyMode, MonitorReport, WatchEntry, WatchRoot } from '../monitor.js';

/** What the worker thread is started with. */
export interface WorkerStart {
  readonly mode: InotifyMode;
  /** An eventfd the front writes to after posting a command. */
  readonly wakeFd: number;
  readonly debug: boolean;
  /** One Int32; not zero: end at once, whatever is under way. */
  readonly stop: SharedArrayBuffer;
}

/** Front → worker. */
export type WorkerCommand =
  | { readonly kind: 'watch'; readonly request: number; readonly roots: readonly WatchRoot[] }
  | { readonly kind: 'rules'; readonly id: number; readonly rules: FilterRules }
  | { readonly kind: 'watches'; readonly request: number };

/** An error a user can meet, as it crosses the thread border. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly remedy: string | undefined;
}

/** Worker → front. */
export type WorkerMessage =
  | { readonly kind: 'report'; readonly report: MonitorReport }
  | { readonly kind: 'watching'; readonly request: number; readonly refusal?: Refusal }
  | { readonly kind: 'watches'; readonly request: number; readonly watches: readonly WatchEntry[] }
  /** It could not start; it ends. */
  | { readonly kind: 'refused'; readonly refusal: Refusal };
