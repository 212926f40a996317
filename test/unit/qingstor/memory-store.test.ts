import { MemoryStore } from '../../support/memory-store.js';
import { storeContract } from '../../support/store-contract.js';

storeContract('in memory', () => {
  const store = new MemoryStore();
  return Promise.resolve({
    store,
    put: (key, text) => {
      store.put(key, text);
      return Promise.resolve();
    },
    objects: () =>
      Promise.resolve(
        new Map(
          [...store.objects].map(([key, { content, type }]) => [key, { text: content.toString(), type }]),
        ),
      ),
    close: () => store.close(),
  });
});
