import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { excludes, type ContractSetup } from './contract-setup.js';
import { until, type Observed } from './observed.js';

/** Several syncs, their excludes, and roots that come and go. */
export function syncsContract(setup: ContractSetup): void {
  const { withMoves, limits, same } = setup;
  let seen: Observed;
  beforeEach(() => {
    seen = setup.seen();
  });
  withMoves('tells moves between syncs as deletion here and creation there', async () => {
    const [one, two] = [seen.root('one'), seen.root('two')];
    mkdirSync(join(one, 'd', 'e'), { recursive: true });
    writeFileSync(join(one, 'd', 'e', 'f'), 'f');
    writeFileSync(join(one, 'g'), 'g');
    await seen.watch();
    renameSync(join(one, 'g'), join(two, 'h'));
    renameSync(join(one, 'd'), join(two, 'c'));
    await seen.told();
    expect(seen.take(0)).toEqual(['Delete /g (Move)', 'Delete /d/ (Move)']);
    expect(seen.take(1)).toEqual(['Create /h (Move)', 'Create /c/ (Move)', 'Create /c/e/', 'Create /c/e/f']);
    writeFileSync(join(two, 'c', 'e', 'f'), 'more');
    await seen.told();
    expect(seen.take(0)).toEqual([]);
    expect(seen.take(1)).toEqual(['Modify /c/e/f']);
    same(0);
    same(1);
  });

  it('follows what moves between syncs with different excludes', async () => {
    const [one, two] = [seen.root('one', excludes('no')), seen.root('two', excludes('ex'))];
    mkdirSync(join(one, 'd', 'no'), { recursive: true });
    mkdirSync(join(one, 'd', 'ex'));
    await seen.watch();
    renameSync(join(one, 'd'), join(two, 'd'));
    await seen.told();
    const watched = await seen.watched();
    expect(watched).toContain(`${two}/d/no/`);
    expect(watched).not.toContain(`${two}/d/ex/`);
    writeFileSync(join(two, 'd', 'no', 'f'), 'f');
    writeFileSync(join(two, 'd', 'ex', 'f'), 'f');
    renameSync(join(two, 'd', 'ex'), join(two, 'd', 'in'));
    writeFileSync(join(two, 'd', 'in', 'g'), 'f');
    renameSync(join(two, 'd', 'no'), join(two, 'd', 'ex'));
    await seen.told();
    const now = await seen.watched();
    expect(now).toContain(`${two}/d/in/`);
    expect(now).not.toContain(`${two}/d/ex/`);
    const events = seen.take(1);
    // A comparison sees only what stays.
    if (limits.coarse !== true) expect(events).toContain('Create /d/no/f');
    expect(events).toContain('Create /d/in/f');
    expect(events).toContain('Create /d/in/g');
    expect(events.filter((event) => /\/ex\/[^ ]/.test(event))).toEqual([]);
  });

  it('watches a directory of several syncs once and tells each', async () => {
    const outer = seen.root('s', excludes('/in/out/'));
    const inner = seen.root('s/in');
    seen.root('s');
    mkdirSync(join(inner, 'out'));
    mkdirSync(join(inner, 'd'));
    await seen.watch();
    const watched = await seen.watched();
    expect(new Set(watched).size).toBe(watched.length);
    expect([...watched].sort()).toEqual([`${outer}/`, `${inner}/`, `${inner}/d/`, `${inner}/out/`].sort());
    writeFileSync(join(inner, 'd', 'f'), 'f');
    writeFileSync(join(inner, 'out', 'g'), 'g');
    await seen.told();
    const [outerEvents, innerEvents, equalEvents] = [seen.take(0), seen.take(1), seen.take(2)];
    expect(outerEvents).toContain('Create /in/d/f');
    expect(outerEvents.filter((event) => event.includes('/in/out/'))).toEqual([]);
    expect(innerEvents).toContain('Create /d/f');
    expect(innerEvents).toContain('Create /out/g');
    expect(equalEvents).toContain('Create /in/out/g');
    same(1);
    same(2);
  });

  it('tells nothing from inside excluded directories', async () => {
    const root = seen.root('s', excludes('ex', '/only/top'));
    mkdirSync(join(root, 'a', 'ex', 'deep'), { recursive: true });
    mkdirSync(join(root, 'only', 'top'), { recursive: true });
    await seen.watch();
    mkdirSync(join(root, 'ex', 'new'), { recursive: true });
    for (const place of ['a/ex', 'a/ex/deep', 'only/top', 'ex/new', 'a', 'only'])
      writeFileSync(join(root, place, 'f'), 'x');
    await seen.told();
    const inside = seen.take().filter((event) => /\/(ex|top)\/./.test(event));
    expect(inside).toEqual([]);
    expect((await seen.watched()).filter((path) => /\/(ex|top)\//.test(path))).toEqual([]);
  });

  it('obeys new rules for directories that come later', async () => {
    const root = seen.root('s');
    await seen.watch();
    seen.monitor.setRules(0, { filters: [], excludes: ['later'] });
    // An answer: the rules have been taken in, too.
    await seen.watched();
    mkdirSync(join(root, 'later'));
    writeFileSync(join(root, 'later', 'f'), 'x');
    await seen.told();
    expect(await seen.watched()).toEqual([`${root}/`]);
  });

  it('watches the top only when a sync wants no subdirectories', async () => {
    const root = seen.root('s', { subdirs: false });
    mkdirSync(join(root, 'd'));
    await seen.watch();
    writeFileSync(join(root, 'd', 'f'), 'x');
    mkdirSync(join(root, 'e'));
    writeFileSync(join(root, 'e', 'f'), 'x');
    renameSync(join(root, 'e'), join(root, 'g'));
    writeFileSync(join(root, 'h'), 'x');
    renameSync(join(root, 'h'), join(root, 'g', 'h'));
    await seen.told();
    const events = seen.take();
    expect(events.filter((event) => /\/[deg]\/[^ ]/.test(event))).toEqual([]);
    expect(await seen.watched()).toEqual([`${root}/`]);
    if (limits.noMoves !== true && limits.coarse !== true)
      expect(events).toEqual(['Create /e/', 'Move /e/ -> /g/', 'Create /h', 'Modify /h', 'Delete /h']);
  });

  it('tells when a root is gone, and takes it up again', async () => {
    const [one, two] = [seen.root('one'), seen.root('two')];
    mkdirSync(join(one, 'd'));
    await seen.watch();
    rmSync(one, { recursive: true });
    renameSync(two, seen.path('three'));
    await until(() => seen.count('root-gone') === 2, 'both roots are gone');
    expect(await seen.watched()).toEqual([]);
    mkdirSync(one);
    mkdirSync(join(one, 'e'));
    await seen.monitor.watch([seen.roots[0]!]);
    seen.take();
    writeFileSync(join(one, 'e', 'f'), 'x');
    await seen.told([0]);
    expect(seen.take()).toContain('Create /e/f');
  });

  it('tells when a root inside another root is gone', async () => {
    const outer = seen.root('s');
    const inner = seen.root('s/a/in');
    await seen.watch();
    renameSync(join(outer, 'a'), join(outer, 'b'));
    await until(() => seen.count('root-gone') === 1, 'the inner root is gone');
    expect(seen.reports).toContainEqual({ kind: 'root-gone', id: 1 });
    writeFileSync(join(outer, 'b', 'in', 'f'), 'x');
    await seen.told([0]);
    expect(seen.take(1)).toEqual([]);
    same(0);
    expect(existsSync(inner)).toBe(false);
  });

  it('tells when a directory above a root is renamed, and takes the root up again', async () => {
    seen.root('above/s/d');
    seen.root('above/s');
    await seen.watch();
    renameSync(seen.path('above'), seen.path('away'));
    await until(() => seen.count('root-gone') === 2, 'the roots are gone');
    writeFileSync(seen.path('away', 's', 'd', 'unseen'), 'x');
    mkdirSync(seen.path('above', 's', 'd', 'new'), { recursive: true });
    await seen.monitor.watch(seen.roots);
    expect([...new Set(await seen.watched())].sort()).toEqual([
      `${seen.path('above', 's')}/`,
      `${seen.path('above', 's', 'd')}/`,
      `${seen.path('above', 's', 'd', 'new')}/`,
    ]);
    for (const id of [0, 1]) seen.take(id);
    writeFileSync(seen.path('above', 's', 'd', 'new', 'f'), 'x');
    await seen.told();
    expect(seen.take(0)).toContain('Create /new/f');
    expect(seen.take(1)).toContain('Create /d/new/f');
    expect(seen.count('root-gone')).toBe(2);
  });

  for (const [what, ...mount] of [
    ['an empty file system', '-t', 'tmpfs', 'none'],
    ['another directory', '--bind', 'other'],
  ] as const)
    it.skipIf(process.getuid?.() !== 0)(
      `tells when ${what} is mounted over a root, and when that one goes (needs root)`,
      async ({ skip }) => {
        const root = seen.root('s');
        mkdirSync(join(root, 'd'));
        mkdirSync(seen.path('other', 'd'), { recursive: true });
        await seen.watch();
        const arguments_ = mount.map((word) => (word === 'other' ? seen.path('other') : word));
        if (spawnSync('/bin/mount', [...arguments_, root]).status !== 0) skip('cannot mount here');
        let mounted = true;
        try {
          await until(() => seen.count('root-gone') === 1, 'the root is hidden');
          await seen.monitor.watch(seen.roots);
          mkdirSync(join(root, 'd'), { recursive: true });
          writeFileSync(join(root, 'd', 'f'), 'x');
          await seen.told();
          expect(seen.take()).toContain('Create /d/f');
          // Even where something still uses it.
          mounted = spawnSync('/bin/umount', ['--lazy', root]).status !== 0;
          await until(() => seen.count('root-gone') === 2, 'what was mounted is gone');
          await seen.monitor.watch(seen.roots);
          seen.take();
          writeFileSync(join(root, 'd', 'g'), 'x');
          await seen.told();
          expect(seen.take()).toContain('Create /d/g');
          expect([...(await seen.watched())].sort()).toEqual([`${root}/`, `${root}/d/`]);
        } finally {
          if (mounted) spawnSync('/bin/umount', ['--lazy', root]);
        }
      },
    );

  it('refuses a root that is not there', async () => {
    const root = seen.root('s');
    rmdirSync(root);
    await expect(seen.monitor.watch(seen.roots)).rejects.toMatchObject({ code: 'LSY_NO_SOURCE' });
  });

  it('ends for good, however often it is asked to', async () => {
    const root = seen.root('s');
    await seen.watch();
    await Promise.all([seen.monitor.close(), seen.monitor.close()]);
    await seen.monitor.close();
    writeFileSync(join(root, 'f'), 'x');
    expect(await seen.monitor.watches()).toEqual([]);
    expect(seen.take()).toEqual([]);
    await expect(seen.monitor.watch(seen.roots)).rejects.toMatchObject({ code: 'LSY_MONITOR' });
  });
}
