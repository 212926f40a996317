import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/program.js';
import { QingStor } from '../support/qingstor/server.js';
import { allSnippets, transplant } from '../support/snippets.js';
import { Sshd } from '../support/sshd.js';
import { until } from '../support/wait.js';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

let box: Sandbox;
let server: QingStor;
let sshd: Sshd | undefined;

beforeEach(async () => {
  box = new Sandbox();
  server = new QingStor({ buckets: ['bucket', 'example-bucket'] });
  await server.listen();
  writeFileSync(join(box.home, '.qingstor', 'config.yaml'), server.config);
});
afterEach(async () => {
  await box.close();
  await server.close();
  await sshd?.stop();
  sshd = undefined;
});

/** A config of ours made to run here; hosts become a real sshd on the loopback. */
async function here(lua: string, refused = false): Promise<string> {
  let text = transplant(lua, box.top, refused);
  if (!text.includes('backup.example.com')) return text;
  sshd = await Sshd.create(join(box.top, 'sshd'));
  text = text.replace('"backup.example.com"', `"${sshd.host}", ssh = { ${sshd.lua} }`);
  return text;
}

/** Sources named in a config. */
const sources = (config: string): string[] =>
  [...config.matchAll(/source *= *"([^"]*)"/g)].map((match) => match[1]!.replace('$TOP', box.top));

describe('every snippet of the documents', { timeout: 60_000 }, () => {
  it.each(allSnippets(root).map((snippet) => [snippet.name, snippet] as const))('%s', async (_, snippet) => {
    const config = await here(snippet.lua, snippet.refusal !== undefined);
    const child = box.start(config);
    if (snippet.refusal !== undefined) {
      expect(await box.ended(child)).toBe(255);
      expect(box.stderr).toContain(snippet.refusal);
      return;
    }
    await box.watches(child);
    for (const source of sources(config)) writeFileSync(join(source, 'hello.txt'), 'hello');
    await until(() => /Startup/.test(box.stdout), 'the start');
    expect(child.exitCode, box.stderr).toBeNull();
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
    expect(box.stderr).not.toMatch(/Error/);
  });

  it('is found: there are plenty', () => {
    expect(allSnippets(root).length).toBeGreaterThan(15);
  });
});

/** What each example does with a file made, changed and deleted; paths are those of the example. */
type Proof = (target: (path: string) => string, source: string) => Promise<void>;

const read = (path: string): string | undefined =>
  existsSync(path) ? readFileSync(path, 'utf8') : undefined;

const mirrors: Proof = async (target, source) => {
  mkdirSync(join(source, 'd'));
  writeFileSync(join(source, 'd/f'), 'one');
  await until(() => read(target('/backup/www/d/f')) === 'one', 'the new file', 40_000);
  writeFileSync(join(source, 'd/f'), 'second');
  await until(() => read(target('/backup/www/d/f')) === 'second', 'the change', 40_000);
  rmSync(join(source, 'd'), { recursive: true });
  await until(() => !existsSync(target('/backup/www/d')), 'the deletion', 40_000);
};

const bucketHolds = (bucket: string, key: string): boolean =>
  server.bucket(bucket).objects.keys.includes(key);

const proofs: Readonly<Record<string, Proof>> = {
  'rsync.lua': mirrors,
  'rsyncssh.lua': mirrors,
  'direct.lua': mirrors,
  'layer3-copy.lua': mirrors,
  'crontab.lua': mirrors,
  'several-targets.lua': async (target, source) => {
    writeFileSync(join(source, 'f'), 'x');
    for (const place of ['near', 'far'])
      await until(() => read(target(`/backup/${place}/f`)) === 'x', place, 40_000);
  },
  'layer2-compress.lua': async (target, source) => {
    writeFileSync(join(source, 'a.txt'), 'text');
    writeFileSync(join(source, 'a.bin'), 'other');
    await until(() => existsSync(target('/backup/www/a.txt.gz')), 'the compressed file', 40_000);
    expect(existsSync(target('/backup/www/a.bin'))).toBe(false);
    rmSync(join(source, 'a.txt'));
    await until(() => !existsSync(target('/backup/www/a.txt.gz')), 'its deletion', 40_000);
  },
  'layer1-batches.lua': async (target, source) => {
    writeFileSync(join(source, 'f'), 'x');
    await until(
      () => readdirSync(target('/backup/www')).some((name) => name.endsWith('.tar.gz')),
      'a tar',
      40_000,
    );
  },
  'qingstor.lua': async (_, source) => {
    writeFileSync(join(source, 'a.jpg'), 'x');
    await until(() => bucketHolds('bucket', 'photos/a.jpg'), 'the object', 40_000);
  },
  'qingstor-backup.conf': async (_, source) => {
    writeFileSync(join(source, 'a'), 'x');
    await until(() => bucketHolds('example-bucket', 'a'), 'the object', 40_000);
  },
};

describe('every example', { timeout: 120_000 }, () => {
  const examples = readdirSync(join(root, 'examples'));

  it('has a proof', () => {
    expect(examples.toSorted()).toEqual(Object.keys(proofs).toSorted());
  });

  it.each(examples)('%s', async (name) => {
    const config = await here(readFileSync(join(root, 'examples', name), 'utf8'));
    for (const place of ['near', 'far', 'www'])
      mkdirSync(join(box.top, 'backup', place), { recursive: true });
    const child = box.start(config);
    await box.watches(child);
    const source = sources(config)[0]!;
    await proofs[name]!((path) => join(box.top, path), source);
    child.kill('SIGTERM');
    expect(await box.ended(child)).toBe(143);
  });
});
