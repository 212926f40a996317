import { QingStorAccount } from '../../src/qingstor/account.js';
import { openBucket } from '../../src/qingstor/bucket.js';
import { QingStor } from '../support/qingstor/server.js';
import { storeContract } from '../support/store-contract.js';

for (const virtualHostStyle of [false, true])
  storeContract(`the client in ${virtualHostStyle ? 'virtual-host' : 'path'} style`, async () => {
    const server = new QingStor({ buckets: ['bucket'], host: 'qs.test' });
    await server.listen();
    const account = new QingStorAccount({
      accessKeyId: server.accessKey,
      secretAccessKey: server.secretKey,
      host: virtualHostStyle ? 'qs.test' : '127.0.0.1',
      port: server.port,
      protocol: 'http',
      virtualHostStyle,
      source: 'a test',
      warnings: [],
    });
    const proxy = { http_proxy: server.url };
    const store = await openBucket({
      account,
      bucket: 'bucket',
      ...(virtualHostStyle ? { zone: 'pek3a' } : {}),
      env: virtualHostStyle ? proxy : {},
    });
    return {
      store,
      put: (key, text) => server.put('bucket', key, text),
      objects: async () => {
        const all = new Map<string, { text: string; type: string }>();
        for (const { key, content, contentType } of server.bucket('bucket').objects.listed)
          all.set(key, { text: (await content.bytes()).toString('utf8'), type: contentType });
        return all;
      },
      close: async () => {
        await store.close();
        await server.close();
      },
    };
  });
