import { describe, expect, it } from 'vitest';
import { asBytes, fromText } from '../../../src/core/bytes.js';
import { stateDirectory } from '../../../src/daemon/state-dir.js';

describe('the state directory', () => {
  const dir = (setting: string | undefined, env: Record<string, string>, uid = 1000): string =>
    stateDirectory({
      setting: setting === undefined ? undefined : asBytes(setting),
      env,
      uid,
      home: '/home/u',
    });

  it.each([
    ['the setting wins', fromText('/srv/ä'), { XDG_STATE_HOME: '/x' }, 0, '/srv/ä'],
    ['then XDG_STATE_HOME', undefined, { XDG_STATE_HOME: '/x' }, 0, '/x/lsyncd-ts'],
    ['a relative one does not count', undefined, { XDG_STATE_HOME: 'x' }, 0, '/var/lib/lsyncd-ts'],
    ['root has one for the machine', undefined, {}, 0, '/var/lib/lsyncd-ts'],
    ['others have one at home', undefined, {}, 1000, '/home/u/.local/state/lsyncd-ts'],
  ])('%s', (_, setting, env, uid, wanted) => {
    expect(dir(setting, env, uid)).toBe(wanted);
  });

  it.each(['', '/inv\xff'])('%j is refused', (setting) => {
    expect(() => dir(setting, {})).toThrow(/stateDir .* cannot be used/);
  });
});
