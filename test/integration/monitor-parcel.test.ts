import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asBytes } from '../../src/core/bytes.js';
import type { FsEvent } from '../../src/core/event.js';
import { compileRules } from '../../src/core/filter.js';
import { compare } from '../../src/monitor/parcel/compare.js';
import { createParcelMonitor } from '../../src/monitor/parcel/monitor.js';
import { take, type Snapshot } from '../../src/monitor/parcel/snapshot.js';
import { monitorContract } from '../support/monitor-contract.js';
import { Sandbox } from '../support/program.js';
import { until } from '../support/wait.js';

monitorContract('parcel', (_, listener) => createParcelMonitor({ interval: 1_000 }, listener), {
  noMoves: true,
  coarse: true,
});

describe('-monitor parcel', { timeout: 60_000 }, () => {
  let box: Sandbox;
  beforeEach(() => {
    box = new Sandbox();
  });
  afterEach(() => box.close());

  it('runs a config: files made, changed, renamed and deleted arrive', async () => {
    const target = join(box.top, 'target');
    const child = box.start(
      `settings { logfile = "$TOP/log", statusFile = "$TOP/status", statusInterval = 1 }
       sync { default.rsync, source = "$TOP/source", target = "$TOP/target", delay = 0 }`,
      { args: ['-monitor', 'parcel'] },
    );
    await box.logs(/Startup of .* finished/);
    const arrived = (name: string): string | undefined =>
      existsSync(join(target, name)) ? readFileSync(join(target, name), 'utf8') : undefined;
    mkdirSync(join(box.source, 'd/e'), { recursive: true });
    writeFileSync(join(box.source, 'd/e/f'), 'one');
    await until(() => arrived('d/e/f') === 'one', 'the file');
    writeFileSync(join(box.source, 'd/e/f'), 'longer');
    await until(() => arrived('d/e/f') === 'longer', 'the change');
    renameSync(join(box.source, 'd'), join(box.source, 'r'));
    await until(() => arrived('r/e/f') === 'longer' && !existsSync(join(target, 'd')), 'the rename');
    rmSync(join(box.source, 'r'), { recursive: true });
    await until(() => !existsSync(join(target, 'r')), 'the deletion');
    await until(() => /Parcel watching 1 directories/.test(readFileSync(box.status, 'latin1')), 'the status');
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
  });

  it('is listed', async () => {
    const child = box.run(['-monitor']);
    expect(await box.ended(child)).toBe(0);
    expect(box.stdout).toBe('Available monitors:\n  inotify\n  parcel\n');
  });
});

describe('comparisons', () => {
  it('tell anew what is below a directory put in place of another, even if it is the same file', async () => {
    const events: FsEvent[] = [];
    const box = new Sandbox();
    try {
      mkdirSync(join(box.source, 'd/e'), { recursive: true });
      writeFileSync(join(box.source, 'd/f'), 'x');
      writeFileSync(join(box.source, 'd/e/g'), 'x');
      const snapshot = async (): Promise<Snapshot> =>
        (await take({
          source: asBytes(`${box.source}/`),
          subdirs: true,
          filter: compileRules({ filters: [], excludes: [] }),
          unreadable: () => undefined,
          pause: () => Promise.resolve(true),
        }))!;
      const before = await snapshot();
      renameSync(join(box.source, 'd'), join(box.top, 'old'));
      mkdirSync(join(box.source, 'd'));
      for (const name of ['e', 'f']) renameSync(join(box.top, 'old', name), join(box.source, 'd', name));
      events.push(...compare(before, await snapshot()));
      const told = events.filter(({ kind }) => kind === 'Create').map(({ path }) => path);
      expect(told.toSorted()).toEqual(['/d/', '/d/e/', '/d/e/g', '/d/f']);
    } finally {
      await box.close();
    }
  });
});

describe('renames by inode', () => {
  it('come as moves where that is plain, of directories with all below', async () => {
    const events: FsEvent[] = [];
    const box = new Sandbox();
    const monitor = createParcelMonitor({}, (report) => {
      if (report.kind === 'events') events.push(...report.events);
    });
    try {
      mkdirSync(join(box.source, 'd/e'), { recursive: true });
      for (const name of ['a', 'd/x', 'd/e/y']) writeFileSync(join(box.source, name), name);
      const source = asBytes(`${box.source}/`);
      await monitor.watch([{ id: 0, source, subdirs: true, rules: { filters: [], excludes: [] } }]);
      renameSync(join(box.source, 'a'), join(box.source, 'b'));
      renameSync(join(box.source, 'd'), join(box.source, 'r'));
      await until(() => events.length >= 2, 'two moves');
      const moves = events.flatMap((event) =>
        event.kind === 'Move' ? [`${event.path} ${event.path2}`] : [],
      );
      expect(moves.toSorted()).toEqual(['/a /b', '/d/ /r/']);
      expect(events.filter(({ kind }) => kind === 'Create' || kind === 'Delete')).toEqual([]);
    } finally {
      await monitor.close();
      await box.close();
    }
  });
});
