/**
 * What a start costs with the index: N small files that are all in the bucket, one walk and one listing. Without and
 * with an intact index, in one run each after the other: seconds, requests, peak memory, and the ratio.
 * `node --expose-gc test/bench/index.js [N]`, after a build; about 4 KiB of disk a file below the directory for
 * temporary files.
 */
import { createHash } from 'node:crypto';
import console from 'node:console';
import { closeSync, mkdirSync, mkdtempSync, openSync, realpathSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { createQingStorEngine } from '../../dist/qingstor/engine.js';
import { openTransferIndex } from '../../dist/state/transfer-index.js';

const files = Number(process.argv[2] ?? 100_000);
const perDirectory = 1000;
const top = realpathSync(mkdtempSync(join(tmpdir(), 'lsyncd-bench-')));
const source = join(top, 'source/');
const etag = createHash('md5').update('content').digest('hex');
const nameOf = (i) => `d${Math.floor(i / perDirectory)}/file-${i}`;

/** A bucket that holds everything, and counts what is asked of it. */
function bucket(requests) {
  const count = (name) => (requests[name] = (requests[name] ?? 0) + 1);
  const refuse = (name) => () => {
    count(name);
    return Promise.reject(new Error(`${name} was not expected`));
  };
  return {
    async *list() {
      for (let from = 0; from < files; from += 1000) {
        count('list page');
        const page = [];
        for (let i = from; i < Math.min(files, from + 1000); i++) {
          if (i % perDirectory === 0)
            page.push({ key: `d${i / perDirectory}/`, size: 0, modified: 4e9, etag: '', mimeType: '' });
          page.push({ key: nameOf(i), size: 7, modified: 4e9, etag, mimeType: '' });
        }
        yield page;
      }
    },
    upload: refuse('upload'),
    putMarker: refuse('mark'),
    move: refuse('move'),
    remove: refuse('remove'),
    abortUnfinished: () => Promise.resolve(0),
    close: () => Promise.resolve(),
  };
}

async function start(index) {
  globalThis.gc?.();
  const requests = {};
  let peak = 0;
  const timer = globalThis.setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 50);
  const engine = createQingStorEngine({
    store: bucket(requests),
    source,
    target: 'qs://bench',
    prefix: '',
    workers: 16,
    log: () => undefined,
    ...(index === undefined ? {} : { index }),
  });
  const from = performance.now();
  const how = { delete: true, excluded: () => false };
  const { failures } = await engine.full(how, new globalThis.AbortController().signal);
  const seconds = (performance.now() - from) / 1000;
  globalThis.clearInterval(timer);
  await engine.close();
  if (failures.length > 0) throw new Error(failures[0].message);
  return { seconds, requests: JSON.stringify(requests), peak: Math.round(peak / 2 ** 20) };
}

try {
  for (let i = 0; i < files; i++) {
    if (i % perDirectory === 0) mkdirSync(join(source, `d${i / perDirectory}`), { recursive: true });
    const fd = openSync(join(source, nameOf(i)), 'w');
    writeSync(fd, 'content');
    closeSync(fd);
  }
  const identity = { source, service: '', bucket: 'bench', prefix: '' };
  const open = () => openTransferIndex(top, identity, (message) => console.error(message));
  await start(undefined);
  const shown = ({ seconds, requests, peak }) => `${seconds.toFixed(1)} s, ${requests}, peak ${peak} MiB`;
  const without = await start(undefined);
  console.log(`${files} files, without an index: ${shown(without)}`);
  console.log(`filling the index: ${shown(await start(await open()))}`);
  const intact = await start(await open());
  console.log(`with an intact index: ${shown(intact)}`);
  console.log(`ratio: ${(intact.seconds / without.seconds).toFixed(2)}`);
} finally {
  rmSync(top, { recursive: true, force: true });
}
