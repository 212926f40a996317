import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  chmodSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asBytes, fromText } from '../../../src/core/bytes.js';
import { renderStatus, StatusWriter, type StatusSnapshot } from '../../../src/report/status.js';

const date = new Date(2026, 10, 22, 22, 23, 33);

function snapshot(over: Partial<StatusSnapshot> = {}): StatusSnapshot {
  return {
    syncs: [
      {
        name: asBytes('Sync1'),
        source: asBytes('/srv/www/'),
        delays: [{ status: 'active', etype: 'Init', path: asBytes('') }],
        rules: { filters: [], excludes: [] },
      },
    ],
    monitor: 'inotify',
    watches: [
      { id: 1, path: asBytes('/srv/www/') },
      { id: 2, path: asBytes('/srv/www/sub/') },
    ],
    ...over,
  };
}

describe('the status file', () => {
  it('has the form of spec/output.md, byte for byte', () => {
    expect(renderStatus(snapshot(), date)).toBe(
      [
        'Lsyncd status report at Sun Nov 22 22:23:33 2026',
        '',
        'Sync1 source=/srv/www/',
        'There are 1 delays',
        'active Init ',
        'Filtering:',
        '  nothing.',
        '',
        '',
        'Inotify watching 2 directories',
        '  1: /srv/www/',
        '  2: /srv/www/sub/',
        '',
      ].join('\n'),
    );
  });

  it('shows tunnels after the syncs, before the watches', () => {
    const tunnels = [
      { name: asBytes('vpn'), status: 'UP', running: 1 },
      { name: asBytes('pool'), status: 'CONNECTING', running: 2 },
    ] as const;
    expect(renderStatus(snapshot({ tunnels }), date)).toContain(
      [
        '  nothing.',
        '',
        '',
        'Tunnel: name=vpn status=UP',
        'Running processes: 1',
        'Tunnel: name=pool status=CONNECTING',
        'Running processes: 2',
        'Inotify watching 2 directories',
      ].join('\n'),
    );
  });

  it('shows moves, filters and excludes', () => {
    const text = renderStatus(
      snapshot({
        syncs: [
          {
            name: asBytes('S'),
            source: asBytes('/s/'),
            delays: [{ status: 'wait', etype: 'Move', path: asBytes('/a'), path2: asBytes('/b') }],
            rules: { filters: [asBytes('+ /x')], excludes: [asBytes('*.tmp')] },
          },
        ],
      }),
      date,
    );
    expect(text).toContain('wait   Move /a -> /b\nFiltering:\n+ /x\nFrom excludes:\n- *.tmp\n\n\n');
  });

  it('writes names that are no UTF-8 as they are', () => {
    const name = asBytes('/s\xff/');
    expect(renderStatus(snapshot({ watches: [{ id: 1, path: name }] }), date)).toContain('  1: /s\xff/');
  });
});

describe('writing it', () => {
  let dir: string;
  let path: string;
  let warnings: string[];
  const writer = (interval = 10) =>
    new StatusWriter({
      path: fromText(path),
      interval,
      warn: (message) => warnings.push(message),
      clock: () => date,
    });

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'lsyncd-status-'));
    path = join(dir, 'status');
    warnings = [];
  });
  afterEach(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  it('is due when something has changed, and at most once an interval', () => {
    const status = writer();
    expect(status.due()).toBeUndefined();
    status.changed(1_000);
    expect(status.due()).toBe(1_000);
    status.write(snapshot(), 1_000);
    expect(status.due()).toBeUndefined();
    status.changed(2_000);
    expect(status.due()).toBe(11_000);
  });

  it('replaces the file as a whole and leaves no temporary behind', () => {
    writeFileSync(path, 'old');
    const before = lstatSync(path).ino;
    writer().write(snapshot(), 0);
    expect(lstatSync(path).ino).not.toBe(before);
    expect(readFileSync(path, 'latin1')).toBe(renderStatus(snapshot(), date));
    expect(readdirSync(dir)).toEqual(['status']);
  });

  it('does not write what it says already, unless the file has gone', () => {
    const status = writer();
    status.write(snapshot(), 0);
    const first = lstatSync(path).ino;
    status.write(snapshot(), 20_000);
    expect(lstatSync(path).ino).toBe(first);
    rmSync(path);
    status.write(snapshot(), 40_000);
    expect(existsSync(path)).toBe(true);
  });

  it('replaces what a symbolic link leads to, not the link', () => {
    const real = join(dir, 'real');
    writeFileSync(real, 'old');
    symlinkSync(real, path);
    writer().write(snapshot(), 0);
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(readFileSync(real, 'latin1')).toContain('Lsyncd status report');
  });

  it('in a directory anyone may write to, replaces the link itself', () => {
    const real = join(dir, 'real');
    const shared = mkdtempSync(join(dir, 'shared-'));
    chmodSync(shared, 0o777);
    writeFileSync(real, 'keep me');
    path = join(shared, 'status');
    symlinkSync(real, path);
    writer().write(snapshot(), 0);
    expect(lstatSync(path).isSymbolicLink()).toBe(false);
    expect(readFileSync(real, 'latin1')).toBe('keep me');
  });

  it('warns once about a place it can not write to, and tries again an interval later', () => {
    path = join(dir, 'missing', 'status');
    const status = writer();
    status.write(snapshot(), 1_000);
    status.write(snapshot(), 12_000);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`Cannot write status file '${path}'`);
    expect(status.due()).toBe(22_000);
  });
});
