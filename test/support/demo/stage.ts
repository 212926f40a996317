import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServer, type QingStor } from '../qingstor/server.js';

/** The config file of the documents, next to what was compiled from here. */
const example = fileURLToPath(new URL('../../examples/qingstor-backup.conf', import.meta.url));

/** The example's own paths, each of which must be in it once or more. */
const paths = {
  '/tmp/example': 'example',
  '/tmp/lsyncd.log': 'lsyncd.log',
  '/tmp/lsyncd.status': 'lsyncd.status',
};

/** Where the demo takes place: a directory of its own and a QingStor server. */
export interface Stage {
  /** Holds everything. */
  readonly top: string;
  /** The directory that is watched. */
  readonly source: string;
  readonly config: string;
  readonly log: string;
  readonly status: string;
  /** The home directory of the program, with the credentials where qsctl keeps them. */
  readonly home: string;
  readonly server: QingStor;
  readonly bucket: string;
  /** Ends the server and removes all files. */
  clear(): Promise<void>;
}

/** Sets up the directory with two files in it, the server with its empty bucket, and the config. */
export async function setStage(): Promise<Stage> {
  const bucket = 'example-bucket';
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'lsyncd-demo-')));
  const server = await startServer({ buckets: [bucket] });
  const within = (name: string): string => join(top, name);
  const stage = {
    top,
    source: within('example'),
    config: within('qingstor-backup.conf'),
    log: within('lsyncd.log'),
    status: within('lsyncd.status'),
    home: within('home'),
    server,
    bucket,
    async clear() {
      await server.close();
      rmSync(top, { recursive: true, force: true });
    },
  };
  mkdirSync(join(stage.source, 'photos'), { recursive: true });
  writeFileSync(join(stage.source, 'README.txt'), 'Hello you\n');
  writeFileSync(join(stage.source, 'photos/sunset.jpg'), Buffer.alloc(150_000, 'sunset'));
  mkdirSync(join(stage.home, '.qingstor'), { recursive: true });
  writeFileSync(join(stage.home, '.qingstor/config.yaml'), server.config, { mode: 0o600 });
  writeFileSync(stage.config, substituted(top));
  return stage;
}

/** The example with its paths in our directory, otherwise word for word. */
function substituted(top: string): string {
  let text = readFileSync(example, 'utf8');
  for (const [path, name] of Object.entries(paths)) {
    if (!text.includes(`"${path}"`)) throw new Error(`${example} does not name ${path} any more`);
    text = text.replaceAll(`"${path}"`, `"${join(top, name)}"`);
  }
  return text;
}
