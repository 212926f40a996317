import { describe, expect, it } from 'vitest';
import { asBytes, fromText } from '../../../src/core/bytes.js';
import { planQingStorSync, type QingStorPlan } from '../../../src/qingstor/command.js';
import { recognizeQsctl, type QsctlSync } from '../../../src/qingstor/qsctl-command.js';
import { parseQsTarget, parseRateLimit, parseSize } from '../../../src/qingstor/qs-target.js';

const context = { source: '/src/', target: 'qs://bucket/p/' };
const native = (command: string, where = context): QsctlSync => {
  const found = recognizeQsctl(command, where);
  if ('spawn' in found) throw new Error(found.spawn);
  return found.native;
};
const refusal = (command: string, where = context): string => {
  const found = recognizeQsctl(command, where);
  return 'spawn' in found ? found.spawn : 'native';
};
const plain = {
  generation: undefined,
  target: { bucket: 'bucket', prefix: 'p/' },
  delete: false,
  globs: {},
  recursive: false,
  update: false,
  existing: false,
  ignoreExisting: false,
};

describe('a qsctl command is recognized', () => {
  it.each([
    '/usr/bin/qsctl sync ^source ^target',
    '  /opt/q/qsctl   sync ^source   ^target \n',
    'qsctl sync ^source ^target',
    '^qsctl sync ^source ^target',
    'qsctl sync "^source" "^target"',
    "'qsctl' sync ^source qs://bucket/p/",
    'qsctl sync ^o.source ^target'.replace('^o.source', '/src'),
    'qsctl sync /src qs://bucket/p/',
    'qsctl sync /src// "qs://bucket/p/"',
    'qsctl sync ^source ^target --no-progress',
    'qs\\ctl sync ^source ^target',
    'qsctl sync \\\n ^source ^target',
  ])('%j', (command) => {
    expect(native(command)).toEqual(plain);
  });

  it.each<[string, Partial<QsctlSync>]>([
    ['--delete', { generation: 1, delete: true }],
    ['--exclude "*.tmp" --include a.tmp', { generation: 1, globs: { exclude: '*.tmp', include: 'a.tmp' } }],
    ["--exclude='*.tmp'", { generation: 1, globs: { exclude: '*.tmp' } }],
    ['--rate-limit 500K --workers=20', { generation: 1, rateLimit: 500_000, workers: 20 }],
    ['-c ~/c.yaml -z pek3a', { config: '~/c.yaml', zone: 'pek3a' }],
    ['-c/etc/c.yaml --zone=pek3a', { config: '/etc/c.yaml', zone: 'pek3a' }],
    ['--config a --config b', { config: 'b' }],
    ['-r', { generation: 2, recursive: true }],
    ['-ru', { generation: 2, recursive: true, update: true }],
    ['-ruc f', { generation: 2, recursive: true, update: true, config: 'f' }],
    ['--recursive --existing', { generation: 2, recursive: true, existing: true }],
    ['--ignore-existing', { generation: 2, ignoreExisting: true }],
    [
      '--part-size 64MB --part-threshold 1GiB',
      { generation: 2, partSize: 64 * 1024 ** 2, partThreshold: 1024 ** 3 },
    ],
  ])('with %s, wherever it stands', (flags, expected) => {
    expect(native(`qsctl sync ^source ^target ${flags}`)).toEqual({ ...plain, ...expected });
    expect(native(`qsctl sync ${flags} ^source ^target`)).toEqual({ ...plain, ...expected });
  });

  it('in its binary form too, where quotes stay', () => {
    expect(native('/bin/qsctl sync ^source ^target --exclude *.tmp').globs).toEqual({ exclude: '*.tmp' });
    expect(native('/bin/qsctl sync ^source ^target --exclude "a b"').globs).toEqual({ exclude: '"a b"' });
  });

  it('with paths that need no quotes in bare variables, and any in quoted ones', () => {
    const odd = { source: '/s p/$(x)/', target: 'qs://bucket/a b/' };
    expect(native('qsctl sync ^source ^target', odd).target.prefix).toBe('a b/');
    expect(refusal('qsctl sync "^source" ^target', odd)).toContain('would be split by the shell');
  });
});

describe('a command is spawned instead', () => {
  it.each([
    ['rsync -a ^source ^target', 'its binary is not qsctl'],
    ['/usr/bin/myqsctl sync ^source ^target', 'its binary is not qsctl'],
    ['', 'its binary is not qsctl'],
    ['^source sync ^source ^target', 'its binary is not qsctl'],
    ['qsctl cp ^source ^target', 'only "qsctl sync" is native, not "qsctl cp"'],
    ['qsctl', 'only "qsctl sync" is native'],
    ['qsctl ^path ^source ^target', 'only "qsctl sync" is native, not "qsctl ^path"'],
    ['qsctl sync ^source', 'one source and one target'],
    ['qsctl sync ^source ^target extra', 'one source and one target'],
    ['qsctl sync ^sourcePath ^target', '^sourcePath differs from event to event'],
    ['qsctl sync ^source ^targetPathdir', '^targetPathdir differs from event to event'],
    ['qsctl sync ^source ^target ^o.path', 'differs from event to event'],
    ['qsctl sync /other ^target', 'does not sync from the whole ^source'],
    ['qsctl sync ^target ^source', 'does not sync from the whole ^source'],
    ['qsctl sync ^source /local', 'does not begin with qs://'],
    ['qsctl sync ^source qs://B/', 'no bucket name'],
    ['qsctl sync ^source qs://', 'names no bucket'],
    ['qsctl sync ^source ^target --frobnicate', 'its flag --frobnicate is not known here'],
    ['qsctl sync ^source ^target --constructor', 'not known here'],
    ['qsctl sync ^source ^target -x', 'its flag -x is not known here'],
    ['qsctl sync ^source ^target -', 'its word "-" is not known here'],
    ['qsctl sync ^source ^target --delete=yes', 'takes no value'],
    ['qsctl sync ^source ^target --exclude', 'lacks its value'],
    ['qsctl sync ^source ^target --exclude --delete', 'lacks its value'],
    ['qsctl sync ^source ^target -n', 'only shows what would be done'],
    ['qsctl sync ^source ^target --exclude-regexp x', 'regular expression of Go'],
    ['qsctl sync ^source ^target --delete -r', '--delete is of qsctl 1, --recursive of qsctl 2'],
    ['qsctl sync ^source ^target --existing --ignore-existing', 'leave nothing to do'],
    ['qsctl sync ^source qs://bucket/p -r', 'ends in /'],
    ['qsctl sync ^source ^target --workers none', 'no number of transfers'],
    ['qsctl sync ^source ^target --workers 0', 'no number of transfers'],
    ['qsctl sync ^source ^target --rate-limit fast', 'no number of bytes per second'],
    ['qsctl sync ^source ^target --part-size 0', 'no size in bytes'],
    ['qsctl sync ^source ^target; rm x', 'a shell operator (";")'],
    ['qsctl sync ^source ^target && true', 'a shell operator ("&")'],
    ['qsctl sync ^source ^target | tee', 'a shell operator ("|")'],
    ['(qsctl sync ^source ^target)', 'a shell operator'],
    ['qsctl sync ^source ^target > /dev/null', 'a redirection'],
    ['qsctl sync ^source ^target\nqsctl sync ^source ^target', 'more than one line'],
    ['qsctl sync $SRC ^target', 'a shell expansion'],
    ['qsctl sync "$SRC" ^target', 'a shell expansion'],
    ['qsctl sync `pwd` ^target', 'a shell expansion'],
    ['qsctl sync ^source ^target --exclude *.tmp', 'a pattern for the shell'],
    ['qsctl sync ^source ^target # nightly', 'a comment'],
    ['qsctl sync ~bob ^target', 'a shell expansion ("~")'],
    ["qsctl sync '^source' ^target", 'a variable stands in single quotes'],
    ['qsctl sync "^source ^target', 'a quote is not closed'],
    ["qsctl sync ^source 'x", 'a quote is not closed'],
    ['qsctl sync ^source ^target \\', 'ends in a backslash'],
  ])('%j', (command, reason) => {
    expect(refusal(command)).toContain(reason);
  });
});

describe('targets and sizes', () => {
  it('are read', () => {
    expect(parseQsTarget('qs://abc')).toEqual({ bucket: 'abc', prefix: '' });
    expect(parseQsTarget('qs://abc/')).toEqual({ bucket: 'abc', prefix: '' });
    expect(parseQsTarget('qs://a-1/p/q r\n')).toEqual({ bucket: 'a-1', prefix: 'p/q r\n' });
    expect([parseRateLimit('1'), parseRateLimit('10m'), parseRateLimit('2G')]).toEqual([1, 1e7, 2e9]);
    expect([parseSize('7'), parseSize('1k'), parseSize('4 MiB'), parseSize('1T')]).toEqual([
      7,
      1024,
      4 * 1024 ** 2,
      1024 ** 4,
    ]);
  });

  it.each([
    'qs:/abc',
    'qs://ab',
    'qs://-abc',
    'qs://abc-',
    'qs://Abc',
    'qs://a.b.c_',
    `qs://${'a'.repeat(64)}`,
  ])('are refused: %s', (text) =>
    expect(() => parseQsTarget(text)).toThrow(expect.objectContaining({ code: 'LSY_QS_TARGET' })),
  );

  it.each(['', '0', '-1', '1.5M', '10MB/s', '1T', '99999999999999999999'])('rates are refused: %j', (text) =>
    expect(() => parseRateLimit(text)).toThrow(expect.objectContaining({ code: 'LSY_RATE_LIMIT' })),
  );
});

describe('a plan', () => {
  const decide = (commands: Record<string, string>, target = 'qs://bucket/p/', source = '/src/') =>
    planQingStorSync(
      Object.fromEntries(Object.entries(commands).map(([name, text]) => [name, fromText(text)])),
      fromText(target),
      asBytes(source),
    );
  const plan = (commands: Record<string, string>, target?: string): QingStorPlan => {
    const found = decide(commands, target);
    if ('reason' in found) throw new Error(found.reason);
    return found.plan;
  };
  const reason = (...args: Parameters<typeof decide>): string => {
    const found = decide(...args);
    return 'reason' in found ? found.reason : 'planned';
  };
  const sync = 'qsctl sync ^source ^target';

  it('of one command for all events allows what it says', () => {
    const all = ['onAttrib', 'onCreate', 'onModify', 'onDelete', 'onMove', 'onStartup'];
    const found = plan(Object.fromEntries(all.map((name) => [name, `${sync} --delete -c /c.yaml`])));
    const kinds = new Set(['Attrib', 'Create', 'Modify', 'Delete', 'Move']);
    expect(found).toEqual({
      target: 'qs://bucket/p/',
      reach: { config: '/c.yaml' },
      engine: {
        globs: {},
        overwrite: 'changed',
        markers: true,
        subdirs: true,
        rememberDeletes: false,
      },
      handles: kinds,
      mayDelete: kinds,
      startup: { delete: true },
    });
  });

  it('remembers what only other events may delete', () => {
    const found = plan({ onCreate: sync, onModify: `${sync} --delete` });
    expect(found.handles).toEqual(new Set(['Create', 'Modify', 'Delete']));
    expect(found.mayDelete).toEqual(new Set(['Modify']));
    expect(found.engine.rememberDeletes).toBe(true);
    expect(found.startup).toBeUndefined();
  });

  it('uploads new files also when only deletions have a command', () => {
    const { handles, mayDelete } = plan({ onDelete: `${sync} --delete` });
    expect(handles).toEqual(new Set(['Delete', 'Create', 'Modify']));
    expect(mayDelete).toEqual(new Set(['Delete']));
  });

  it('with only a startup handles no event', () => {
    const found = plan({ onStartup: sync });
    expect(found.handles.size).toBe(0);
    expect(found.startup).toEqual({ delete: false });
  });

  it('of qsctl 2 writes no markers and overwrites as told', () => {
    expect(plan({ onModify: `${sync} -r` }).engine).toMatchObject({
      overwrite: 'always',
      create: true,
      markers: false,
      subdirs: true,
    });
    expect(plan({ onModify: `${sync} -u` }).engine).toMatchObject({ overwrite: 'changed', subdirs: false });
    expect(plan({ onModify: `${sync} --existing` }).engine).toMatchObject({ create: false });
    expect(plan({ onModify: `${sync} --ignore-existing` }).engine).toMatchObject({ overwrite: 'never' });
  });

  it('takes the widest of workers and the strictest of rates', () => {
    const commands = {
      onCreate: `${sync} --rate-limit 1M --workers 5`,
      onModify: `${sync} --rate-limit 500K --workers 9`,
      onDelete: sync,
    };
    expect(plan(commands).reach).toEqual({ rateLimit: 500_000, workers: 9 });
  });

  it('names the target it really is', () => {
    const literal = 'qsctl sync ^source qs://other/a';
    expect(plan({ onModify: literal }, 'ignored').target).toBe('qs://other/a');
    expect(plan({ onModify: 'qsctl sync ^source qs://other' }).target).toBe('qs://other');
  });

  it('is the same for prefixes with and without slash', () => {
    const commands = {
      onCreate: 'qsctl sync ^source qs://bucket/p',
      onModify: 'qsctl sync ^source qs://bucket/p/',
    };
    expect(reason(commands)).toBe('planned');
  });

  it.each<[Record<string, string>, string]>([
    [{}, 'it has no layer 3 action'],
    [{ onCreate: sync, onModify: 'rsync ^source ^target' }, 'onModify: its binary is not qsctl'],
    [{ onCreate: sync, onDelete: `${sync} -c /x` }, 'onCreate and onDelete differ in their config'],
    [{ onCreate: sync, onDelete: `${sync} -z x` }, 'differ in their zone'],
    [{ onCreate: sync, onDelete: 'qsctl sync ^source qs://bucket/q' }, 'differ in their target'],
    [{ onCreate: `${sync} --exclude a`, onDelete: sync }, 'differ in their --exclude'],
    [{ onCreate: `${sync} -r`, onDelete: sync }, 'differ in their --recursive'],
    [{ onCreate: `${sync} -r`, onDelete: `${sync} --delete` }, 'qsctl 1 and qsctl 2'],
  ])('is none for %j', (commands, why) => {
    expect(reason(commands)).toContain(why);
  });

  it('is none where source, target or command are not UTF-8', () => {
    expect(reason({ onCreate: sync }, 'qs://bucket/p', '/\xff/')).toContain('valid UTF-8');
    const bytes = { onCreate: asBytes('qsctl sync ^source ^target --exclude "\xff"') };
    expect(planQingStorSync(bytes, fromText('qs://bucket'), asBytes('/src/'))).toEqual({
      reason: 'onCreate: it is not valid UTF-8',
    });
  });
});
