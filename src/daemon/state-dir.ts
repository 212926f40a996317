import { join, resolve } from 'node:path';
import { toText, toTextStrict, type ByteString } from '../core/bytes.js';
import { LsyncdError } from '../core/errors.js';

/** What says where the state is kept. */
export interface StateDirSources {
  /** `settings.stateDir`. */
  readonly setting: ByteString | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Effective user. */
  readonly uid: number;
  readonly home: string;
}

/**
 * The directory for what must outlive the program: the setting; `$XDG_STATE_HOME/lsyncd-ts`; `/var/lib/lsyncd-ts` for
 * root, `~/.local/state/lsyncd-ts` for others. It may not exist yet.
 * @throws LsyncdError LSY_STATE_DIR for a setting that is not UTF-8
 */
export function stateDirectory({ setting, env, uid, home }: StateDirSources): string {
  if (setting !== undefined) {
    const text = toTextStrict(setting);
    if (text === undefined || text === '')
      throw new LsyncdError(
        'LSY_STATE_DIR',
        `stateDir "${toText(setting)}" cannot be used`,
        'give the path of a directory, in UTF-8',
      );
    return resolve(text);
  }
  const state = env['XDG_STATE_HOME'];
  // The XDG specification has relative paths ignored.
  if (state?.startsWith('/') === true) return join(state, 'lsyncd-ts');
  return uid === 0 ? '/var/lib/lsyncd-ts' : join(home, '.local/state/lsyncd-ts');
}
