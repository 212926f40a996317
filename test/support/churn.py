"""Random operations below a directory, reproducible by seed:  churn.py SEED COUNT DIRECTORY [plain]

Creates, writes in pieces, appends, truncates, renames (files, directories, over each other), deletes (files, trees),
chmods, links; names include odd ones. Ends with the number of operations carried out on stdout.
`plain`: only names every client of an object storage understands, and no links.
"""
import os
import random
import shutil
import sys

NAMES = [b'a', b'b', b'c', b'dir', b'x y', b'quote\'s "', b'-dash', b'br[1]*?', b'new\nline', b'inv\xff', b'back\\slash',
         b']', b'end ', b'#hash', b'+plus', b'tilde~', 'ümlaut'.encode()]

PLAIN = [b'a', b'b', b'c', b'dir', b'x y', b'dash-', b'plus+', b'(round)', b'tilde~', 'ümlaut'.encode()]


class Churn:
    def __init__(self, seed, top, plain):
        self.plain = plain
        self.names = PLAIN if plain else NAMES
        self.random = random.Random(seed)
        self.top = top
        self.done = 0

    def everything(self, wanted):
        found = []
        for where, dirs, files in os.walk(self.top):
            names = dirs if wanted == 'dirs' else [f for f in files if wanted == 'any' or not os.path.islink(os.path.join(where, f))]
            found += [os.path.join(where, name) for name in names]
            if wanted == 'any':
                found += [os.path.join(where, name) for name in dirs]
        return sorted(found)

    def place(self):
        dirs = [self.top] + self.everything('dirs')
        where = self.random.choice([d for d in dirs if d.count(b'/') < self.top.count(b'/') + 5])
        return os.path.join(where, self.random.choice(self.names) + b'%d' % self.random.randrange(12))

    def pick(self, wanted):
        found = self.everything(wanted)
        return self.random.choice(found) if found else None

    def data(self):
        return self.random.randbytes(self.random.choice([0, 1, 10, 1000, 70000]))

    def write(self):
        path = self.place()
        with open(path, 'wb') as file:
            for _ in range(self.random.randrange(1, 4)):
                file.write(self.data())
                file.flush()

    def append(self):
        path = self.pick('files')
        with open(path, 'ab') as file:
            file.write(b'+' + self.data())

    def truncate(self):
        # Opened: truncate(2) by name closes nothing, and inotifyMode CloseWrite sees it no more than lsyncd does.
        with open(self.pick('files'), 'r+b') as file:
            file.truncate(self.random.randrange(500))

    def mkdir(self):
        os.makedirs(self.place())

    def rename(self):
        os.rename(self.pick('any'), self.place())

    def over(self):
        os.rename(self.pick('files'), self.pick('files'))

    def remove(self):
        os.remove(self.pick('files'))

    def rmtree(self):
        shutil.rmtree(self.pick('dirs'))

    def chmod(self):
        path = self.pick('any')
        if not os.path.islink(path):
            os.chmod(path, self.random.choice([0o600, 0o644, 0o755] if os.path.isfile(path) else [0o700, 0o755]))

    def symlink(self):
        if self.plain:
            raise OSError('no links')
        os.symlink(self.random.choice([b'nowhere', b'.', b'a1', b'../b2']), self.place())

    def step(self):
        steps = [(self.write, 30), (self.append, 12), (self.truncate, 5), (self.mkdir, 10), (self.rename, 14), (self.over, 5),
                 (self.remove, 9), (self.rmtree, 2), (self.chmod, 6), (self.symlink, 5)]
        act = self.random.choices([act for act, _ in steps], [weight for _, weight in steps])[0]
        try:
            act()
            self.done += 1
        except (OSError, TypeError, shutil.Error):
            pass


seed, count, top = int(sys.argv[1]), int(sys.argv[2]), os.fsencode(sys.argv[3])
churn = Churn(seed, top, sys.argv[4:] == ['plain'])
while churn.done < count:
    churn.step()
print(churn.done)
