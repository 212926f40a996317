import { describe, expect, it } from 'vitest';
import { RsyncErrors } from '../../../src/action/rsync-errors.js';
import { asBytes as b } from '../../../src/core/bytes.js';

function failures(text: string, target = '/t/', pieces = 7) {
  const errors = new RsyncErrors();
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += pieces) errors.add(bytes.subarray(at, at + pieces));
  const { paths, trees, complete } = errors.failures(b('/s/'), b(target));
  return { paths: [...paths], trees: [...trees], complete };
}

const end =
  'rsync error: some files/attrs were not transferred (see previous errors) (code 23) at main.c(1347) [sender=3.5.0]\n';

describe('what rsync names on stderr', () => {
  it.each([
    ['rsync: [sender] send_files failed to open "/s/d/f": Permission denied (13)', ['/d/f']],
    ['rsync: send_files failed to open "/s/f": Permission denied (13)', ['/f']],
    ['rsync: [sender] link_stat "/s/f" failed: No such file or directory (2)', ['/f']],
    ['rsync: [receiver] mkstemp "/t/d/.f.Xy3z9A" failed: Permission denied (13)', ['/d/.f.Xy3z9A', '/d/f']],
    ['rsync: [receiver] rename "/t/.f.Xy3z9A" -> "f": Is a directory (21)', ['/.f.Xy3z9A', '/f']],
    ['rsync: [generator] recv_generator: mkdir "/t/d" failed: Permission denied (13)', ['/d']],
    ['rsync: [generator] failed to set times on "/t/.": Operation not permitted (1)', ['/']],
    ['rsync: [generator] delete_file: unlink(d/f) failed: Permission denied (13)', ['/d/f']],
    ['cannot delete non-empty directory: d', ['/d']],
    ['ERROR: d/f failed verification -- update discarded.', ['/d/f']],
    ['rsync: [sender] send_files failed to open "/s/a"b" c": Permission denied (13)', ['/a"b" c']],
    [
      String.raw`rsync: [sender] send_files failed to open "/s/\#012\#377\#134#012": Permission denied (13)`,
      ['/\n\xff\\#012'],
    ],
    ['rsync: [sender] send_files failed to open "/s/ü": Permission denied (13)', ['/ü']],
  ])('%s', (line, paths) => {
    for (const pieces of [1, 1_000])
      expect(failures(`${line}\n${end}`, '/t/', pieces)).toEqual({ paths, trees: [], complete: true });
  });

  it('everything below a directory that cannot be read', () => {
    const line = 'rsync: [sender] opendir "/s/d" failed: Permission denied (13)\n';
    expect(failures(line + end)).toEqual({ paths: [], trees: ['/d/'], complete: true });
  });

  it.each(['host:/t/', 'user@host:/t', '[::1]:/t/'])('paths on the other side of %s', (target) => {
    expect(
      failures('rsync: [generator] chown "/t/f" failed: Operation not permitted (1)\n', target).paths,
    ).toEqual(['/f']);
  });

  it('says when it has not understood something rsync said', () => {
    expect(failures('rsync: [receiver] something new happened\n').complete).toBe(false);
    expect(
      failures('rsync: [sender] send_files failed to open "/f" (in module): Permission denied (13)\n')
        .complete,
    ).toBe(false);
    expect(failures('Warning: Permanently added host\nfile has vanished: "/s/g"\n')).toEqual({
      paths: [],
      trees: [],
      complete: true,
    });
  });

  it('does not keep more than it can', () => {
    const errors = new RsyncErrors();
    for (let i = 0; i < 200; i++) errors.add(Buffer.alloc(1_000, 'x'));
    expect(errors.failures(b('/s/'), undefined).complete).toBe(false);
  });
});
