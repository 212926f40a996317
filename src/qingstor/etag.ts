import type { Call } from './calls.js';
import type { Answer } from './client.js';
import { malformed, requestIdOf } from './errors.js';
import { AttemptError } from './retry.js';
import { StoreError } from './store.js';

/**
 * The ETag the server gives for content whose MD5 we know; one that is an MD5 must be ours.
 * @throws AttemptError, to be repeated: another content arrived, or no QingStor answered
 */
export function checkedEtag({ response, blame }: Answer, call: Call, md5: string): string {
  const etag = (response.headers['etag'] ?? '').replaceAll('"', '').toLowerCase();
  if (etag === '' && requestIdOf(response) === undefined)
    throw malformed('the answer has no ETag', response, call, blame);
  if (/^[0-9a-f]{32}$/.test(etag) && etag !== md5)
    throw new AttemptError(
      new StoreError('outage', `${call.what} ${call.key ?? ''}: the content was damaged on its way`, {
        code: 'etag_mismatch',
        status: response.status,
      }),
      true,
    );
  return etag === '' ? md5 : etag;
}
