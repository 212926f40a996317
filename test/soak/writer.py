"""A writer of the soak: random file operations, the same sequence for the same seed.

The choices never depend on what is on disk, so a seed always gives the same sequence; what an
operation finds there depends on the other writers. Reads on stdin how many operations it may have
done so far (one number a line) and answers with the number done.
"""
import argparse, ctypes, fcntl, os, random, shutil, sys, time

ODD = [b'two words', b"quo'te", b'dq"x', b'new\nline', b'-dash', b'st*r', b'[b]', b'q?', b'back\\slash',
       b'\xc3\xa9t\xc3\xa9', b' ', b'..dots', b'#hash', b'%41', b';semi', b'$(x)', b'tab\tx', b'~']
PLAIN = [b'a', b'b', b'c.txt', b'd', b'e.bin', b'f']
LONG = b'L' * 255
INVALID = b'bad\xff\xfename'
LIBC = ctypes.CDLL(None, use_errno=True)


class Writer:
    def __init__(self, options):
        self.o = options
        self.root, self.outside = os.fsencode(options.root), os.fsencode(options.outside)
        for must in (self.root, self.outside):
            if not must.startswith(b'/') or b'/lsyncd-soak-' not in must or not os.path.isdir(must):
                sys.exit('writer.py: %r is not inside a soak sandbox' % must)
        self.rng = random.Random('%d/%d' % (options.seed, options.id))
        self.lock = os.open(options.lock, os.O_RDWR | os.O_CREAT, 0o600)
        self.names = PLAIN + ODD + ([INVALID] if options.invalid_utf8 else [])
        self.count = 0
        self.log = open(options.log, 'a', buffering=1 << 16)

    # what is drawn from the generator
    def path(self):
        depth = self.rng.choice((0, 1, 1, 2, 2, 3))
        parts = [self.rng.choice(self.names if self.rng.random() < 0.5 else PLAIN) for _ in range(depth + 1)]
        if self.rng.random() < 0.01:
            parts[-1] = LONG
        return os.path.join(self.root, *parts)

    def content(self):
        r = self.rng.random()
        if self.o.unique_sizes:  # no two contents of one length: size alone tells them apart
            size = (self.count * 16 + self.o.id) % 40000
        else:
            size = 0 if r < 0.05 else self.rng.randint(1, 40) if r < 0.4 else self.rng.randint(1, 20000)
        big = self.o.big and r > 1 - self.o.big_share
        if big:
            size += self.o.big
        seed = self.rng.getrandbits(64).to_bytes(8, 'big')
        return (seed * (size // 8 + 1))[:size]

    # operations
    def aside(self, path):
        """Makes room: the parent directory, and nothing of another type in the way."""
        parent = os.path.dirname(path)
        at = self.root
        for part in os.path.relpath(parent, self.root).split(b'/'):
            if part == b'.':
                continue
            at = os.path.join(at, part)
            if os.path.islink(at) or os.path.isfile(at):
                os.unlink(at)
            if not os.path.isdir(at):
                os.mkdir(at)
        return path

    def remove(self, path):
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)

    def open(self, path, mode):
        """Opens for writing; a hard-linked file is replaced, since the kernel reports one of its names only."""
        if os.path.islink(path) or os.path.isdir(path):
            self.remove(path)
        if os.path.lexists(path) and os.lstat(path).st_nlink > 1:
            os.unlink(path)
        return open(path, mode)

    def locked(self, how, what):
        fcntl.flock(self.lock, how)
        try:
            return what()
        finally:
            fcntl.flock(self.lock, fcntl.LOCK_UN)

    def write(self, path, data, mode='wb', pieces=1):
        def work():
            with self.open(self.aside(path), mode) as f:
                step = max(1, len(data) // pieces)
                for i in range(0, len(data), step):
                    f.write(data[i:i + step])
                    f.flush()
                    if pieces > 1:
                        time.sleep(0.002)
        self.locked(fcntl.LOCK_SH, work)

    def step(self):
        r, a, b = self.rng.random(), self.path(), self.path()
        data, pick, mode = self.content(), self.rng.random(), self.rng.choice((0o600, 0o644, 0o755, 0o444))
        text = os.path.basename(b) if pick < 0.7 and not self.o.dangling else b'nowhere'
        out = os.path.join(self.outside, b'%d-%d' % (self.o.id, self.rng.randint(0, 5)))
        for limit, name, work in (
            (0.22, 'create', lambda: self.write(a, data)),
            (0.28, 'pieces', lambda: self.write(a, data, pieces=4)),
            (0.36, 'append', lambda: self.write(a, (data if self.o.unique_sizes else data[:2000]) + b'+', 'ab')),
            (0.40, 'truncate', lambda: self.locked(fcntl.LOCK_SH, lambda: self.truncate(a))),
            (0.44, 'replace', lambda: self.replace(a, data)),
            (0.52, 'rename', lambda: os.rename(a, self.aside(b))),
            (0.57, 'rename-dir', lambda: os.rename(os.path.dirname(a), self.aside(os.path.dirname(b)))
                if self.root not in (os.path.dirname(a), os.path.dirname(b)) else None),
            (0.59, 'out', lambda: (self.remove(out), os.rename(a, out))),
            (0.61, 'in', lambda: os.rename(out, self.aside(b))),
            (0.64, 'swap', lambda: self.swap(a, b)),
            (0.69, 'chmod', lambda: None if os.path.islink(a) else
                os.chmod(a, mode | (0o700 if os.path.isdir(a) else 0))),
            (0.73, 'symlink', lambda: (self.aside(a), self.remove(a), os.symlink(text, a))),
            (0.75, 'link', lambda: self.locked(fcntl.LOCK_EX, lambda: os.link(a, self.aside(b), follow_symlinks=False))
                if self.o.hardlinks else None),
            (0.80, 'mkdir', lambda: os.makedirs(self.aside(a), exist_ok=True)),
            (0.83, 'tree', lambda: self.tree(a, data)),
            (0.86, 'file-dir', lambda: self.turn(a, data)),
            (0.87, 'wipe', lambda: self.remove(os.path.dirname(a)) if os.path.dirname(a) != self.root else None),
            (1.00, 'delete', lambda: self.remove(a)),
        ):
            if r < limit:
                break
        try:
            work()
            note = ''
        except OSError as error:
            note = ' ' + error.strerror
        except shutil.Error:
            note = ' shutil'
        self.count += 1
        self.log.write('%.3f %d %s %r %r%s\n' % (time.time(), self.count, name, a[len(self.root):], b[len(self.root):], note))

    def truncate(self, path):
        with self.open(path, 'r+b') as f:
            f.truncate(self.count * 16 % 5000 + self.o.id if self.o.unique_sizes else os.fstat(f.fileno()).st_size // 2)

    def replace(self, path, data):
        aside = os.path.join(self.outside, b'new-%d' % self.o.id)
        with open(aside, 'wb') as f:
            f.write(data)
        os.rename(aside, self.aside(path))

    def swap(self, a, b):
        if LIBC.renameat2(-100, ctypes.c_char_p(a), -100, ctypes.c_char_p(b), 2):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    def tree(self, path, data):
        """mkdir -p and files in it at once: what a monitor that follows new directories must not miss."""
        for i in range(4):
            self.write(os.path.join(path, b'n%d' % (i % 2), b'f%d' % i), data[:100 + i] + b'%d' % self.count)

    def turn(self, path, data):
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
            self.write(path, data)
        else:
            self.remove(path)
            self.write(os.path.join(path, b'inside'), data)

    def burst(self, files, events):
        """Many closes of files in turn, to overflow the queue of a stopped reader."""
        at = os.path.join(self.root, b'burst')
        os.makedirs(at, exist_ok=True)
        for i in range(events):
            with open(os.path.join(at, b'%d' % (i % files)), 'wb') as f:
                f.write(b'%d %d' % (self.o.id, i) + b'.' * (i % 97))


def main():
    p = argparse.ArgumentParser()
    for name in ('root', 'outside', 'lock', 'log'):
        p.add_argument('--' + name, required=True)
    for name in ('seed', 'id', 'big', 'burst'):
        p.add_argument('--' + name, type=int, default=0)
    p.add_argument('--big-share', type=float, default=0.003)
    for name in ('hardlinks', 'unique-sizes', 'invalid-utf8', 'dangling'):
        p.add_argument('--' + name, action='store_true')
    writer = Writer(p.parse_args())
    if writer.o.burst:
        writer.burst(300, writer.o.burst)
        return
    for line in sys.stdin:
        while writer.count < int(line):
            writer.step()
        print(writer.count, flush=True)
    writer.log.close()


main()
