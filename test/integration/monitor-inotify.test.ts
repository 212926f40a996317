import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  accessSync,
  constants,
} from 'node:fs';
import { join } from 'node:path';
import koffi from 'koffi';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createInotifyMonitor } from '../../src/monitor/inotify/monitor.js';
import { monitorContract } from '../support/monitor-contract.js';
import { readTree } from '../support/monitor/files.js';
import { Mirror } from '../support/monitor/mirror.js';
import { Observed } from '../support/monitor/observed.js';

monitorContract('inotify', createInotifyMonitor);

const isRoot = process.getuid?.() === 0;
const queueLimit = '/proc/sys/fs/inotify/max_queued_events';

function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

describe('inotify monitor', () => {
  let seen: Observed;
  beforeEach(() => {
    seen = new Observed(createInotifyMonitor);
  });
  afterEach(() => seen.close());
  const same = (id = 0): void => {
    const { target, source } = seen.compare(id);
    expect(target).toEqual(source);
  };

  it('loses nothing while the main thread is busy', async () => {
    const root = seen.root('s');
    await seen.watch();
    const count = 50_000;
    const child = spawn('sh', ['-c', `cd "$1" && seq ${count} | xargs touch`, 'sh', root], {
      stdio: 'ignore',
    });
    const closed = once(child, 'close');
    // Nothing runs in this thread: neither messages nor timers.
    const { pid } = child;
    const running = () =>
      existsSync(`/proc/${pid}`) && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    for (let waited = 0; running() || waited < 3000; waited += 50) Atomics.wait(sleeper, 0, 0, 50);
    await closed;
    await seen.told();
    expect(seen.count('overflow')).toBe(0);
    const created = new Set(seen.events().flatMap(({ kind, path }) => (kind === 'Create' ? [path] : [])));
    expect(created.size).toBe(count);
  }, 60_000);

  it('watches 10,000 directories', async () => {
    const root = seen.root('s');
    for (let i = 0; i < 100; i++)
      for (let j = 0; j < 99; j++) mkdirSync(join(root, `${i}`, `${j}`), { recursive: true });
    await seen.watch();
    expect((await seen.watched()).length).toBe(10_001);
    writeFileSync(join(root, '99', '98', 'f'), 'x');
    renameSync(join(root, '50'), join(root, 'fifty'));
    writeFileSync(join(root, 'fifty', '98', 'f'), 'x');
    await seen.told();
    expect(seen.take().filter((event) => !event.startsWith('Modify'))).toEqual([
      'Create /99/98/f',
      'Move /50/ -> /fifty/',
      'Create /fifty/98/f',
    ]);
  }, 60_000);

  it('keeps the order when both halves of moves are far apart in many', async () => {
    const root = seen.root('s');
    mkdirSync(join(root, 'd'));
    for (let i = 0; i < 2000; i++) writeFileSync(join(root, `${i}`), '');
    await seen.watch();
    for (let i = 0; i < 2000; i++)
      renameSync(join(root, `${i}`), i % 2 === 0 ? join(root, 'd', `${i}`) : seen.path(`${i}`));
    await seen.told();
    const expected = Array.from({ length: 2000 }, (_, i) =>
      i % 2 === 0 ? `Move /${i} -> /d/${i}` : `Delete /${i}`,
    );
    expect(seen.take()).toEqual(expected);
  });

  it('sees through names that are exchanged', async () => {
    const renameat2 = koffi
      .load('libc.so.6')
      .func('int renameat2(int, const char *, int, const char *, unsigned int)');
    const exchange = (a: string, b: string): void => {
      expect(renameat2(-100, a, -100, b, 2)).toBe(0);
    };
    const root = seen.root('s');
    const at = (...names: string[]): string => join(root, ...names);
    mkdirSync(at('a', 'x'), { recursive: true });
    mkdirSync(at('b', 'y'), { recursive: true });
    writeFileSync(at('a', 'x', '1'), '1');
    writeFileSync(at('b', 'y', '2'), '2');
    writeFileSync(at('f'), 'f');
    writeFileSync(at('g'), 'g');
    await seen.watch();
    exchange(at('a'), at('b'));
    exchange(at('f'), at('g'));
    await seen.told();
    same();
    exchange(at('a'), at('f'));
    await seen.told();
    same();
    writeFileSync(at('f', 'y', '2'), 'changed');
    writeFileSync(at('b', 'x', '1'), 'changed');
    await seen.told();
    same();
    expect(new Set(await seen.watched()).size).toBe(5);
  });

  it('is not led astray by links in the place of directories', async () => {
    const root = seen.root('s');
    mkdirSync(seen.path('elsewhere', 'deep'), { recursive: true });
    await seen.watch();
    for (let i = 0; i < 200; i++) {
      mkdirSync(join(root, 'd'));
      rmSync(join(root, 'd'), { recursive: true });
      symlinkSync(seen.path('elsewhere'), join(root, 'd'));
      if (i < 199) rmSync(join(root, 'd'));
    }
    await seen.told();
    same();
    expect(await seen.watched()).toEqual([`${root}/`]);
  });

  it.skipIf(!isRoot || !writable(queueLimit))(
    'after an overflow everything is watched again under its right name (needs root)',
    async () => {
      const root = seen.root('s');
      mkdirSync(join(root, 'a', 'b', 'c'), { recursive: true });
      const before = readFileSync(queueLimit, 'utf8');
      // The limit counts for instances made while it is set.
      writeFileSync(queueLimit, '8');
      try {
        await seen.close();
        seen = new Observed(createInotifyMonitor);
        seen.root('s');
        mkdirSync(seen.path('s', 'a', 'b', 'c'), { recursive: true });
        await seen.watch();
      } finally {
        writeFileSync(queueLimit, before);
      }
      const at = (...names: string[]): string => seen.path('s', ...names);
      for (let round = 0; seen.count('overflow') === 0; round++) {
        for (let i = 0; i < 200; i++) mkdirSync(at(`${round}-${i}`, 'x', 'y'), { recursive: true });
        renameSync(at('a'), at(`moved${round}`));
        mkdirSync(at('a', 'b'), { recursive: true });
        rmSync(at(`${round}-0`), { recursive: true });
        await seen.monitor.watches();
      }
      // What was asked for twice has been answered after all that had happened before.
      await seen.monitor.watches();
      await seen.monitor.watches();
      const directories = (): string[] =>
        [...readTree(seen.roots[0]!.source).keys()]
          .filter((path) => path.endsWith('/'))
          .map((path) => at(path.slice(1)));
      expect((await seen.watched()).sort()).toEqual([`${at()}/`, ...directories()].sort());
      // From here on events suffice again, if they come slowly enough for this queue.
      seen.mirrors[0] = new Mirror(seen.roots[0]!.source, readTree(seen.roots[0]!.source));
      const overflows = seen.count('overflow');
      for (const directory of directories().slice(0, 50)) {
        writeFileSync(join(directory, 'f'), 'x');
        await seen.told();
      }
      expect(seen.count('overflow')).toBe(overflows);
      same();
    },
  );

  it.skipIf(!isRoot)(
    'sees what a mount hides and shows, twice mounted directories at both places (needs root)',
    async () => {
      const root = seen.root('s');
      const at = (...names: string[]): string => join(root, ...names);
      mkdirSync(at('d', 'x'), { recursive: true });
      mkdirSync(at('twin'));
      const mounted = spawnSync('/bin/mount', ['--bind', at('d'), at('twin')]).status === 0;
      if (!mounted) return;
      try {
        await seen.watch();
        writeFileSync(at('d', 'x', 'f'), 'x');
        await seen.told();
        expect(seen.take().sort()).toEqual(
          ['Create /d/x/f', 'Create /twin/x/f', 'Modify /d/x/f', 'Modify /twin/x/f'].sort(),
        );
        renameSync(at('d', 'x'), at('d', 'y'));
        writeFileSync(at('twin', 'y', 'f'), 'y');
        await seen.told();
        same();
      } finally {
        spawnSync('/bin/umount', [at('twin')]);
      }
    },
  );

  it('shows what it does when asked to', async () => {
    await seen.close();
    seen = new Observed(createInotifyMonitor, 'CloseWrite', true);
    const root = seen.root('s');
    await seen.watch();
    writeFileSync(join(root, 'f'), '');
    renameSync(join(root, 'f'), join(root, 'g'));
    await seen.told();
    const log = seen.reports.flatMap((report) => (report.kind === 'log' ? [report.message] : []));
    expect(log).toContain(`addwatch( ${root}/ )-> 1 `);
    expect(log).toContain('got event Create f(1)');
    expect(log).toContain('got event Move f(1) to g(1)');
  });
});
