import { once } from 'node:events';
import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createInotifyMonitor } from '../../src/monitor/inotify/monitor.js';
import { canUnshare, ChildMonitors, isRoot, limitedTo } from '../support/monitor/child.js';
import { Observed, until } from '../support/monitor/observed.js';

describe('inotify monitor within limits', () => {
  let seen: Observed;
  let children: ChildMonitors;
  beforeEach(() => {
    seen = new Observed(createInotifyMonitor);
    children = new ChildMonitors();
  });
  afterEach(async () => {
    children.close();
    await seen.close();
  });

  it.skipIf(!canUnshare)(
    'out of watches at the start: tells how many it needs and how to get them, and goes on (needs root)',
    async () => {
      const root = seen.root('s');
      for (let i = 0; i < 30; i++) mkdirSync(join(root, `${i}`));
      chmodSync(seen.base, 0o755);
      const { child, lines } = children.start('watch', root, ...limitedTo('watches', 10));
      child.stdin.end();
      const [code] = (await once(child, 'close')) as [number];
      expect(code).toBe(0);
      expect(lines.map(({ kind }) => kind)).toEqual(['unwatched', 'warning', 'watching']);
      const { message } = lines[1]!;
      expect(message).toContain('31 directories are to be watched, user.max_inotify_watches is 10');
      expect(message).toContain('sysctl user.max_inotify_watches=524288');
    },
  );

  it.skipIf(!canUnshare)('no watch even for the source: refuses (needs root)', async () => {
    const { child, lines } = children.start('watch', seen.root('s'), ...limitedTo('watches', 0));
    child.stdin.end();
    await once(child, 'close');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ kind: 'refused', code: 'LSY_WATCH_LIMIT' });
    expect(lines[0]!.remedy).toContain('sysctl user.max_inotify_watches=524288');
  });

  it.skipIf(!canUnshare)('out of watches later: warns once and goes on (needs root)', async () => {
    const root = seen.root('s');
    const limited = limitedTo('watches', 10);
    const { child, lines } = children.start('watch', root, ...limited);
    await until(() => lines.some(({ kind }) => kind === 'watching'), 'it watches');
    mkdirSync(seen.path('many'));
    for (let i = 0; i < 30; i++) mkdirSync(seen.path('many', `${i}`));
    renameSync(seen.path('many'), join(root, 'many'));
    await until(() => lines.some(({ kind }) => kind === 'warning'), 'it warns');
    writeFileSync(join(root, 'last'), '');
    await until(() => JSON.stringify(lines).includes('"/last"'), 'it goes on');
    expect(JSON.stringify(lines)).toContain('"/many/29/"');
    expect(lines.filter(({ kind }) => kind === 'warning')).toHaveLength(1);
    expect(lines.find(({ kind }) => kind === 'warning')!.message).toContain(
      '32 directories are to be watched',
    );
    child.stdin.end();
    await once(child, 'close');
  });

  it.skipIf(!canUnshare)('out of instances: refuses with the setting to raise (needs root)', async () => {
    const root = seen.root('s');
    const limited = limitedTo('instances', 0);
    const { child, lines } = children.start('watch', root, ...limited);
    child.stdin.end();
    await once(child, 'close');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ kind: 'refused', code: 'LSY_INSTANCE_LIMIT' });
    expect(lines[0]!.remedy).toContain('sysctl user.max_inotify_instances=');
  });

  it.skipIf(!isRoot)('warns of directories it may not read and watches the rest (needs root)', async () => {
    const root = seen.root('s');
    chmodSync(seen.base, 0o755);
    mkdirSync(join(root, 'closed'), { mode: 0o700 });
    mkdirSync(join(root, 'open'));
    const { child, lines } = children.start('nobody', root);
    await until(() => lines.some(({ kind }) => kind === 'watching'), 'it watches');
    expect(lines[0]).toMatchObject({ kind: 'warning', id: 0, path: `${root}/closed/` });
    expect(lines[0]!.message).toContain('Permission denied');
    writeFileSync(join(root, 'open', 'f'), '');
    await until(() => JSON.stringify(lines).includes('"/open/f"'), 'it goes on');
    child.stdin.end();
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(0);
  });

  it.skipIf(!isRoot)(
    'takes up directories that are opened to it, told once that they are not (needs root)',
    async () => {
      const root = seen.root('s');
      chmodSync(seen.base, 0o755);
      mkdirSync(join(root, 'closed', 'in'), { recursive: true });
      mkdirSync(join(root, 'listed', 'in'), { recursive: true });
      chmodSync(join(root, 'closed'), 0o700);
      chmodSync(join(root, 'listed'), 0o744);
      const { child, lines } = children.start('nobody', root);
      const text = (): string => JSON.stringify(lines);
      const warned = (): (string | undefined)[] =>
        lines.flatMap(({ kind, path }) => (kind === 'warning' ? [path] : []));
      await until(() => lines.some(({ kind }) => kind === 'watching'), 'it watches');
      expect(warned().sort()).toEqual([`${root}/closed/`, `${root}/listed/in/`]);
      expect(lines[0]!.message).toContain('chmod u+rx');
      // Still closed: nothing more to be said.
      chmodSync(join(root, 'closed'), 0o500);
      chmodSync(join(root, 'listed'), 0o544);
      writeFileSync(join(root, 'closed', 'old'), '');
      chmodSync(join(root, 'closed'), 0o755);
      await until(
        () => text().includes('"/closed/old"') && text().includes('"/closed/in/"'),
        'the closed one',
      );
      chmodSync(join(root, 'listed'), 0o755);
      await until(() => text().includes('"/listed/in/"'), 'the listed one');
      for (const name of ['closed', 'listed']) {
        writeFileSync(join(root, name, 'in', 'new'), '');
        await until(() => text().includes(`"/${name}/in/new"`), `what comes in ${name} later`);
      }
      expect(warned()).toHaveLength(2);
      // Closed again, and another directory in it: a new trouble.
      chmodSync(join(root, 'listed'), 0o700);
      mkdirSync(join(root, 'listed', 'next'));
      await until(() => warned().includes(`${root}/listed/next/`), 'the warning of the next one');
      chmodSync(root, 0o700);
      mkdirSync(join(root, 'later'));
      await until(() => warned().includes(`${root}/later/`), 'the warning of the later one');
      writeFileSync(join(root, 'later', 'f'), '');
      chmodSync(root, 0o755);
      await until(() => text().includes('"/later/f"'), 'what came while the root was closed');
      child.stdin.end();
      await once(child, 'close');
    },
  );

  for (const [job, expected] of [
    ['exit', 7],
    ['throw', 1],
  ] as const)
    it(`does not hold up the end of the process (${job})`, async () => {
      const { child, lines } = children.start(job, seen.root('s'));
      const [code] = (await once(child, 'close')) as [number];
      expect(code).toBe(expected);
      expect(lines).toEqual([{ kind: 'watching' }]);
    });
});
