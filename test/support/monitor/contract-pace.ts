import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, it } from 'vitest';
import { type ContractSetup } from './contract-setup.js';
import { type Observed } from './observed.js';

const churn = fileURLToPath(new URL('churn.js', import.meta.url));
/** Runs churn.js; resolves with how many operations worked. */
async function runChurn(seed: number, count: number, trees: string[], outside: string[]): Promise<number> {
  const args = [churn, String(seed), String(count), ...trees, '--', ...outside];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(0);
  return Number(output);
}

/** Nothing is lost, however fast things change. */
export function paceContract(setup: ContractSetup): void {
  const { same } = setup;
  let seen: Observed;
  beforeEach(() => {
    seen = setup.seen();
  });
  it('keeps pace with new trees: nothing made right after mkdir is lost', async () => {
    const root = seen.root('s');
    await seen.watch();
    for (let i = 0; i < 200; i++) {
      const deep = join(root, `t${i}`, 'a', 'b');
      mkdirSync(deep, { recursive: true });
      for (const file of ['1', '2', '3']) writeFileSync(join(deep, file), `${i}`);
      writeFileSync(join(root, `t${i}`, 'top'), 'x');
      if (i % 4 === 0) renameSync(join(root, `t${i}`), join(root, `moved${i}`));
      if (i % 4 === 1) rmSync(join(root, `t${i}`, 'a'), { recursive: true });
    }
    await seen.told();
    same();
    expect(Object.keys(seen.compare().source).length).toBe(150 * 7 + 50 * 2);
    expect(seen.mirrors[0]!.orphans).toEqual([]);
  });

  it('keeps pace with a directory that changes its name while it is filled', async () => {
    const root = seen.root('s');
    await seen.watch();
    for (let i = 0; i < 300; i++) {
      const [a, b] = [join(root, `a${i % 7}`), join(root, `b${i % 5}`)];
      rmSync(a, { recursive: true, force: true });
      rmSync(b, { recursive: true, force: true });
      mkdirSync(join(a, 'x', 'y'), { recursive: true });
      writeFileSync(join(a, 'x', 'y', 'f'), `${i}`);
      renameSync(a, b);
      mkdirSync(join(b, 'x', 'z'));
      mkdirSync(join(a, 'x'), { recursive: true });
      writeFileSync(join(a, 'x', `g${i}`), 'new');
      writeFileSync(join(b, 'x', 'z', 'h'), 'h');
    }
    await seen.told();
    same();
    for (const path of Object.keys(seen.compare().source))
      if (path.endsWith('/')) writeFileSync(join(root, path, 'last'), 'last');
    await seen.told();
    same();
  });

  it('survives directories that come and go under the same name', async () => {
    const root = seen.root('s');
    await seen.watch();
    for (let i = 0; i < 500; i++) {
      mkdirSync(join(root, 'd'));
      writeFileSync(join(root, 'd', `f${i}`), 'x');
      if (i < 499) rmSync(join(root, 'd'), { recursive: true });
    }
    await seen.told();
    same();
    expect((await seen.watched()).sort()).toEqual([`${root}/`, `${root}/d/`]);
  });

  it('drops the watches of a deleted tree', async () => {
    const root = seen.root('s');
    for (let i = 0; i < 100; i++) mkdirSync(join(root, 'd', `e${i}`, 'f'), { recursive: true });
    await seen.watch();
    expect((await seen.watched()).length).toBe(202);
    rmSync(join(root, 'd'), { recursive: true });
    await seen.told();
    same();
    expect(await seen.watched()).toEqual([`${root}/`]);
  });

  const none = { filters: [], excludes: [] };
  const some = [
    { filters: [], excludes: ['f', '/d/g/'] },
    { filters: ['+ /e/f', '- e'], excludes: ['2'] },
  ] as const;
  for (const [seed, writers, rules] of [
    [1, 1, [none, none]],
    [2, 2, [none, none]],
    [3, 3, [none, none]],
    [4, 1, some],
    [5, 2, some],
  ] as const)
    it(`ends with equal trees after random operations (seed ${seed}, ${writers} at once${rules === some ? ', with excludes' : ''})`, async () => {
      const trees = [seen.root('one', { rules: rules[0] }), seen.root('two', { rules: rules[1] })];
      const outside = seen.path('outside');
      mkdirSync(outside);
      await seen.watch();
      const runs = Array.from({ length: writers }, (_, i) =>
        runChurn(seed * 1000 + i, 3000, trees, [outside]),
      );
      for (const worked of await Promise.all(runs)) expect(worked).toBeGreaterThan(500);
      await seen.told();
      same(0);
      same(1);
      // Every directory is still watched, under its right name, and nothing else.
      const directories = trees.flatMap((tree, id) => [
        `${tree}/`,
        ...Object.keys(seen.compare(id).source).flatMap((path) => (path.endsWith('/') ? [tree + path] : [])),
      ]);
      expect((await seen.watched()).sort()).toEqual(directories.sort());
      for (const directory of directories) writeFileSync(`${directory}last`, `${seed}`);
      await seen.told();
      same(0);
      same(1);
    }, 90_000);
}
