import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { asBytes } from '../../../src/core/bytes.js';
import { toBuffer } from '../../../src/sys/bytes.js';
import { type ContractSetup } from './contract-setup.js';
import { type Observed } from './observed.js';

/** What happens in one tree is told one for one, with the right words. */
export function eventsContract(setup: ContractSetup): void {
  const { exact, withMoves, open, same } = setup;
  let seen: Observed;
  beforeEach(() => {
    seen = setup.seen();
  });
  describe('one for one', () => {
    let root: string;
    beforeEach(async () => {
      root = seen.root('s');
      writeFileSync(join(root, 'old'), 'old');
      mkdirSync(join(root, 'dir'));
      writeFileSync(join(root, 'dir', 'in'), 'in');
      await seen.watch();
    });
    const events = async (): Promise<string[]> => {
      await seen.told();
      same();
      expect(seen.mirrors[0]!.orphans).toEqual([]);
      return seen.take();
    };

    exact('tells nothing when nothing happens', async () => {
      expect(await events()).toEqual([]);
    });
    exact('tells a new file twice: made, closed', async () => {
      writeFileSync(join(root, 'f'), 'a');
      expect(await events()).toEqual(['Create /f', 'Modify /f']);
      appendFileSync(join(root, 'f'), 'b');
      expect(await events()).toEqual(['Modify /f']);
    });
    exact('tells links and fifos', async () => {
      symlinkSync('dir', join(root, 'link'));
      execFileSync('mkfifo', [join(root, 'fifo')]);
      unlinkSync(join(root, 'link'));
      expect(await events()).toEqual(['Create /link', 'Create /fifo', 'Delete /link']);
    });
    it('does not follow links to directories', async () => {
      mkdirSync(seen.path('elsewhere'));
      symlinkSync(seen.path('elsewhere'), join(root, 'link'));
      await seen.told();
      seen.take();
      writeFileSync(seen.path('elsewhere', 'f'), 'x');
      expect(await events()).toEqual([]);
    });
    exact('tells changed attributes of files and directories, not of the root', async () => {
      chmodSync(join(root, 'old'), 0o600);
      chmodSync(join(root, 'dir'), 0o700);
      chmodSync(root, 0o700);
      expect(await events()).toEqual(['Attrib /old', 'Attrib /dir/']);
    });
    exact('tells deletions, what is inside first', async () => {
      rmSync(join(root, 'dir'), { recursive: true });
      unlinkSync(join(root, 'old'));
      expect(await events()).toEqual(['Delete /dir/in', 'Delete /dir/', 'Delete /old']);
    });
    withMoves('tells moves of files and directories', async () => {
      renameSync(join(root, 'old'), join(root, 'new'));
      renameSync(join(root, 'new'), join(root, 'dir', 'new'));
      renameSync(join(root, 'dir'), join(root, 'other'));
      expect(await events()).toEqual(['Move /old -> /new', 'Move /new -> /dir/new', 'Move /dir/ -> /other/']);
    });
    withMoves('knows a moved directory by its new name, with all below it', async () => {
      mkdirSync(join(root, 'dir', 'deep', 'er'), { recursive: true });
      await events();
      renameSync(join(root, 'dir'), join(root, 'other'));
      writeFileSync(join(root, 'other', 'in'), 'changed');
      writeFileSync(join(root, 'other', 'deep', 'er', 'f'), 'x');
      renameSync(join(root, 'other', 'deep'), join(root, 'deep'));
      unlinkSync(join(root, 'deep', 'er', 'f'));
      expect(await events()).toEqual([
        'Move /dir/ -> /other/',
        'Modify /other/in',
        'Create /other/deep/er/f',
        'Modify /other/deep/er/f',
        'Move /other/deep/ -> /deep/',
        'Delete /deep/er/f',
      ]);
    });
    exact('tells what leaves the tree as deleted, what comes as created', async () => {
      renameSync(join(root, 'old'), seen.path('old'));
      renameSync(join(root, 'dir'), seen.path('dir'));
      expect(await events()).toEqual(['Delete /old', 'Delete /dir/']);
      writeFileSync(seen.path('dir', 'in'), 'changed outside');
      expect(await events()).toEqual([]);
      renameSync(seen.path('old'), join(root, 'old'));
      renameSync(seen.path('dir'), join(root, 'dir'));
      expect(await events()).toEqual(['Create /old', 'Create /dir/', 'Create /dir/in']);
      writeFileSync(join(root, 'dir', 'in'), 'changed inside');
      expect(await events()).toEqual(['Modify /dir/in']);
    });
    it('takes any bytes in names', async () => {
      const longest = 'n'.repeat(255);
      for (const odd of ['\xff\xfe', 'a\nb', `"'\\$*`, ' ', longest]) {
        mkdirSync(toBuffer(asBytes(`${root}/${odd}`)));
        writeFileSync(toBuffer(asBytes(`${root}/${odd}/\x80${odd.slice(1)}`)), 'x');
        renameSync(
          toBuffer(asBytes(`${root}/${odd}/\x80${odd.slice(1)}`)),
          toBuffer(asBytes(`${root}/${odd}/ü`)),
        );
      }
      await events();
      writeFileSync(toBuffer(asBytes(`${root}/\xff\xfe/ü`)), 'y');
      await events();
    });
  });

  for (const [mode, expected] of [
    ['CloseWrite', ['Modify']],
    ['Modify', ['Modify']],
    ['CloseWrite or Modify', ['Modify', 'Modify']],
  ] as const)
    exact(`tells changes in mode ${mode}`, async () => {
      seen = await open(mode);
      const root = seen.root('s');
      writeFileSync(join(root, 'f'), 'x');
      await seen.watch();
      appendFileSync(join(root, 'f'), 'y');
      await seen.told();
      expect(seen.take()).toEqual(expected.map((kind) => `${kind} /f`));
    });
}
