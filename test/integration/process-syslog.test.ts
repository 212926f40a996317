import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const program = join(dirname(fileURLToPath(import.meta.url)), 'fixtures/syslog.js');

/** libc logs to /dev/log and nowhere else: give it a /dev of its own, in a mount namespace. */
const script = `
mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/urandom c 1 9 || exit 77
exec python3 -c '
import os, socket, subprocess, sys
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind("/dev/log")
log.settimeout(20)
if subprocess.call(sys.argv[1:]) != 0: sys.exit(1)
for _ in range(6): os.write(1, log.recv(65536) + b"\\0")
' "$@"`;

const inNamespace = (...command: string[]) =>
  spawnSync('unshare', ['-m', '/bin/sh', '-c', script, 'sh', ...command], {
    encoding: 'latin1',
    timeout: 25_000,
  });

const possible =
  spawnSync('python3', ['-c', '']).status === 0 &&
  spawnSync('unshare', ['-m', '/bin/sh', '-c', 'mount -t tmpfs none /dev && mknod /dev/null c 1 3'])
    .status === 0;

// Skipped where mount namespaces (root) or python3 are missing.
it.skipIf(!possible)('logs to the system log with the priorities of lsyncd 2.2.3', () => {
  const { status, stdout, stderr } = inNamespace(process.execPath, program);
  const trouble = `Cannot write logfile '/no/such/log': ENOENT: no such file or directory, stat '/no/such'`;
  expect([status, stderr]).toEqual([0, `Warn: ${trouble}\n`]);
  const local3 = 19 * 8;
  const lines = stdout.split('\0').map((line) => line.replace(/>\w{3} [ \d]\d \d\d:\d\d:\d\d /, '>'));
  expect(lines).toEqual([
    `<${local3 + 5}>ident-\xff: Normal, --- Startup, daemonizing ---`,
    `<${local3 + 3}>ident-\xff: Error, 100% %s of \xff\nlost`,
    `<${local3 + 4}>ident-\xff: Warn, w`,
    `<${local3 + 7}>ident-\xff: Exec, a\nb`,
    `<${local3 + 5}>ident-\xff: Own, o`,
    `<${local3 + 4}>ident: Warn, ${trouble}`,
    '',
  ]);
});
