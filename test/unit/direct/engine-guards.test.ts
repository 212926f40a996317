import { spawn } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemIo, type ContentIo } from '../../../src/direct/content.js';
import type { DirectEngine } from '../../../src/direct/engine.js';
import type { DirectEvent } from '../../../src/direct/events.js';
import { until } from '../../support/wait.js';
import { event, how, never, TwoTrees } from './two-trees.js';

let trees: TwoTrees;

beforeEach(() => (trees = new TwoTrees()));
afterEach(() => trees.remove());

const at = (name: string): string => trees.at(name);
const from = (name: string): string => trees.from(name);
const text = (name: string): string => trees.text(name);
const run = (...events: readonly DirectEvent[]): Promise<string[]> => trees.run(...events);
const engine = (io?: ContentIo): DirectEngine => trees.engine(io);

describe('links at the target', () => {
  let outside: string;
  beforeEach(() => {
    outside = join(trees.top, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'f'), 'not ours');
  });

  it('are replaced, never followed', async () => {
    mkdirSync(from('d'));
    writeFileSync(from('d/f'), 'ours');
    symlinkSync(outside, at('d'));
    expect(await run(event('Modify', '/d/f'))).toEqual([]);
    expect(readFileSync(join(outside, 'f'), 'utf8')).toBe('not ours');
    expect(lstatSync(at('d')).isDirectory()).toBe(true);
    rmSync(from('d'), { recursive: true });
    rmSync(at('d'), { recursive: true });
    symlinkSync(outside, at('d'));
    expect(await run(event('Delete', '/d/f'), event('Delete', '/d/'))).toEqual([]);
    expect(readdirSync(outside)).toEqual(['f']);
    expect(readdirSync(trees.target)).toEqual([]);
    symlinkSync(join(outside, 'f'), at('g'));
    writeFileSync(from('g'), 'ours');
    chmodSync(from('g'), 0o600);
    expect(await run(event('Modify', '/g'), event('Attrib', '/g'))).toEqual([]);
    expect(readFileSync(join(outside, 'f'), 'utf8')).toBe('not ours');
    expect(text('g')).toBe('ours');
  });

  it('put in place of a directory thousands of times while trees are deleted and written lead nowhere', async () => {
    // Another program swaps a directory of the target for a link to the outside and back, as fast as it can.
    const swapper = spawn('python3', [
      '-c',
      `import os, sys
t, o = sys.argv[1:]
while True:
  try:
    os.rename(t + '/d/s', t + '/hidden'); os.symlink(o, t + '/d/s')
    os.unlink(t + '/d/s'); os.rename(t + '/hidden', t + '/d/s')
  except OSError: pass
`,
      trees.target,
      outside,
    ]);
    try {
      mkdirSync(from('d/s'), { recursive: true });
      for (let i = 0; i < 1500; i++) {
        for (let f = 0; f < 5; f++) writeFileSync(from(`d/s/f${f}`), `${i}`);
        await run(
          event('Create', '/d/'),
          event('Create', '/d/s/'),
          event('Modify', '/d/s/f0'),
          event('Modify', '/d/s/f'),
        );
        rmSync(from('d'), { recursive: true });
        await run(event('Delete', '/d/'));
        mkdirSync(from('d/s'), { recursive: true });
      }
    } finally {
      swapper.kill('SIGKILL');
      await until(() => swapper.signalCode !== null, 'the swapper to end');
    }
    expect(readdirSync(outside)).toEqual(['f']);
    expect(readFileSync(join(outside, 'f'), 'utf8')).toBe('not ours');
  }, 60_000);
});

describe('a source or target that is not there', () => {
  it('nothing is deleted once the source has gone', async () => {
    writeFileSync(at('f'), 'precious');
    renameSync(trees.source, join(trees.top, 'elsewhere'));
    expect((await run(event('Delete', '/f')))[0]).toMatch(/source missing/);
    const { failures } = await engine().full(how(), never);
    expect(failures.get(undefined)?.message).toMatch(/source missing/);
    expect(text('f')).toBe('precious');
  });

  it('everything waits for a target that has gone', async () => {
    const one = engine();
    writeFileSync(from('f'), 'x');
    const copy = event('Create', '/f');
    expect((await one.run([copy], how(), never)).failures.size).toBe(0);
    renameSync(trees.target, join(trees.top, 'elsewhere'));
    const { failures } = await one.run([copy], how(), never);
    expect(failures.get(copy)?.message).toMatch(/target missing: .* create or mount it/);
    expect(failures.get(copy)?.verdict).toBe('again');
  });

  it('refuses to copy a directory onto itself', async () => {
    rmSync(trees.target, { recursive: true });
    symlinkSync(trees.source, trees.target);
    writeFileSync(from('f'), 'x');
    expect((await run(event('Delete', '/g')))[0]).toMatch(/source and target are the same directory/);
  });
});

describe('a comparison of everything', () => {
  it('brings what differs, deletes what is too much, leaves what is excluded', async () => {
    mkdirSync(from('d/e'), { recursive: true });
    writeFileSync(from('d/e/f'), 'x');
    writeFileSync(from('secret'), 'x');
    mkdirSync(at('old/er'), { recursive: true });
    writeFileSync(at('old/secret'), 'kept');
    writeFileSync(at('secret'), 'as it was');
    const rules = how(true, (path) => path.endsWith('/secret'));
    const { failures, stats } = await engine().full(rules, never);
    expect(failures.size).toBe(0);
    expect(stats.files).toBe(1);
    expect(text('secret')).toBe('as it was');
    expect(readdirSync(at('old'))).toEqual(['secret']);
    expect(text('d/e/f')).toBe('x');
    expect((await engine().full(rules, never)).stats).toEqual({ files: 0, bytes: 0, deletions: 0, moves: 0 });
  });

  it('deletes nothing without leave', async () => {
    writeFileSync(at('extra'), 'x');
    await engine().full(how(false), never);
    expect(text('extra')).toBe('x');
  });

  it('stops deleting where it is told to, and counts what it left', async () => {
    mkdirSync(at('d'));
    for (const name of ['a', 'b', 'd/c', 'd/e']) writeFileSync(at(name), 'x');
    writeFileSync(from('new'), 'x');
    const { failures, stats, skippedDeletions } = await engine().full({ ...how(), mostDeletions: 2 }, never);
    expect(failures.size).toBe(0);
    expect([stats.deletions, skippedDeletions]).toEqual([2, 3]);
    expect(text('new')).toBe('x');
    expect((await engine().full({ ...how(), mostDeletions: 3 }, never)).skippedDeletions).toBe(0);
    expect(readdirSync(trees.target)).toEqual(['new']);
  });

  it('tells what it could not do, and does the rest', async () => {
    writeFileSync(from('a'), 'x');
    mkdirSync(from('b'));
    writeFileSync(from('b/f'), 'x');
    const broken: ContentIo = {
      ...systemIo,
      read: (fd, buffer, length, position) =>
        length === 1 && position === 0 && readlinkSync(`/proc/self/fd/${fd}`).endsWith('/a')
          ? Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' }))
          : systemIo.read(fd, buffer, length, position),
    };
    const { failures } = await engine(broken).full(how(), never);
    expect([...failures].map(([path, { message }]) => [path, message])).toEqual([
      ['/a', 'reading the source: Input/output error (EIO)'],
    ]);
    expect(text('b/f')).toBe('x');
  });
});

describe('temporary files', () => {
  it('of a crash are removed, those of a running program are not, and none is ever data', async () => {
    mkdirSync(at('d'));
    mkdirSync(from('d'));
    const dead = spawn(process.execPath, ['-e', '']);
    await until(() => dead.exitCode !== null, 'a process to end');
    const name = (pid: number): string => `.lsyncd-ts.${pid}.0123456789ab.part`;
    writeFileSync(at(`d/${name(dead.pid!)}`), 'half');
    writeFileSync(at(`d/${name(process.ppid)}`), 'half');
    writeFileSync(from(name(dead.pid!)), 'half');
    expect(await run(event('Attrib', '/d/'))).toEqual([]);
    expect(readdirSync(at('d'))).toEqual([name(process.ppid)]);
    expect((await engine().full(how(), never)).failures.size).toBe(0);
    expect(readdirSync(trees.target)).toEqual(['d']);
  });
});
