import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { Buffer } from 'node:buffer';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL, URL } from 'node:url';
import ts from 'typescript';
import { generator } from './faults.js';
import { readTree } from './trees.js';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const bucketName = 'soak';

/** The tests' QingStor server is TypeScript: its JavaScript is made in the sandbox. */
async function loadServer(top) {
  const [from, to] = [here('../support/qingstor'), join(top, 'program/server')];
  mkdirSync(to, { recursive: true });
  const compilerOptions = { module: ts.ModuleKind.ES2022, target: ts.ScriptTarget.ES2022 };
  for (const name of readdirSync(from).filter((file) => file.endsWith('.ts'))) {
    const { outputText } = ts.transpileModule(readFileSync(join(from, name), 'utf8'), { compilerOptions });
    writeFileSync(join(to, name.replace(/ts$/, 'js')), outputText);
  }
  return await import(pathToFileURL(join(to, 'server.js')).href);
}

/** Ways for the server to misbehave; each set is there for one fault's time. */
const mischief = [
  [{ kind: 'status', status: 503, code: 'service_unavailable', times: 40 }],
  [{ kind: 'status', status: 500, code: 'internal_error', times: 20 }],
  [{ kind: 'status', status: 429, code: 'too_many_requests', times: 20 }],
  [{ kind: 'reset', at: 'head', times: 20 }],
  [{ kind: 'reset', at: 'body', times: 20 }],
  [{ kind: 'lost-answer', times: 20 }],
  [{ kind: 'delay', ms: 400, times: 30 }],
  [{ kind: 'slow', ms: 20, bytes: 8, times: 20 }],
  [{ kind: 'cut', times: 20 }],
];

/** A bucket of the project's own server, which can go down and misbehave. */
export class BucketTarget {
  constructor(server, seed) {
    this.server = server;
    this.random = generator(seed + 1);
  }

  static async open(at, options) {
    const { startServer } = await loadServer(at.top);
    const server = await startServer({ buckets: [bucketName] });
    const home = join(process.env['HOME'], '.qingstor');
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'config.yaml'), server.config, { mode: 0o600 });
    return new BucketTarget(server, options.seed);
  }

  async read() {
    const tree = new Map();
    const { objects } = this.server.bucket(bucketName);
    for (const key of objects.keys) {
      const path = `/${Buffer.from(key, 'utf8').toString('latin1')}`;
      const data = await objects.get(key).content.bytes();
      tree.set(
        path,
        path.endsWith('/')
          ? { type: 'directory' }
          : { type: 'file', content: createHash('md5').update(data).digest('hex'), size: data.length },
      );
    }
    return tree;
  }

  has(name) {
    return this.server.bucket(bucketName).objects.get(name) !== undefined;
  }

  /** Multipart uploads that nobody completed or aborted. */
  leftovers() {
    return this.server.bucket(bucketName).uploads.all.map(({ key, id }) => `upload ${id} of ${key}`);
  }

  async down() {
    await this.server.goDown();
  }

  async up() {
    await this.server.listen();
  }

  async misbehave(ms) {
    for (const fault of mischief[Math.floor(this.random() * mischief.length)]) this.server.faults.add(fault);
    await pause(ms);
    this.server.faults.clear();
  }

  async close() {
    await this.server.close();
  }
}

/** What a bucket holds when it equals a source: a link to a file is its content, a broken one nothing. */
export function bucketTree(source) {
  const tree = new Map();
  for (const [path, entry] of readTree(source)) {
    if (entry.type === 'link') {
      let stat;
      try {
        stat = statSync(Buffer.from(source + path, 'latin1'));
      } catch {
        continue;
      }
      if (stat.isDirectory()) tree.set(`${path}/`, { type: 'directory' });
      if (!stat.isFile()) continue;
      const data = readFileSync(Buffer.from(source + path, 'latin1'));
      tree.set(path, {
        type: 'file',
        content: createHash('md5').update(data).digest('hex'),
        size: data.length,
      });
    } else tree.set(path, entry);
  }
  return tree;
}
