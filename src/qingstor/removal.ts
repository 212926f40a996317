import { deleteObject, deleteObjects } from './calls.js';
import type { Client } from './client.js';
import { jsonObject, malformed, printable } from './errors.js';
import { AttemptError } from './retry.js';
import { StoreError, type RefusedKey } from './store.js';

/** A refusal with the service's code. */
interface CodedRefusal extends RefusedKey {
  readonly code: string;
}

/** The most one `POST ?delete` takes. */
const batchLimit = 1000;

/** Error codes of single keys that a second attempt may heal. */
const passing = new Set(['internal_error', 'service_unavailable', 'too_many_requests', 'slow_down']);

/** Deletes keys; absent ones are fine. Returns those that the service refused for themselves. */
export async function removeKeys(
  client: Client,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<RefusedKey[]> {
  const [only] = keys;
  if (only === undefined) return [];
  if (keys.length === 1) return removeOne(client, only, signal);
  const refused: RefusedKey[] = [];
  for (let start = 0; start < keys.length; start += batchLimit)
    refused.push(...(await removeBatch(client, keys.slice(start, start + batchLimit), signal)));
  return refused;
}

async function removeOne(client: Client, key: string, signal: AbortSignal): Promise<RefusedKey[]> {
  try {
    await client.run(deleteObject(key), signal, () => undefined);
    return [];
  } catch (error) {
    if (!(error instanceof StoreError) || error.scope !== 'object') throw error;
    return error.details.code === 'object_not_exists' ? [] : [{ key, message: error.message }];
  }
}

async function removeBatch(
  client: Client,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<CodedRefusal[]> {
  const call = deleteObjects(keys);
  let last: CodedRefusal[] = [];
  try {
    return await client.run(call, signal, ({ response, blame }) => {
      const { errors } = jsonObject(response, call, blame);
      if (errors === undefined || errors === null) return [];
      if (!Array.isArray(errors)) throw malformed('its list of errors is no list', response, call, blame);
      const answers = errors.map(readError);
      if (!answers.every((answer) => answer !== undefined))
        throw malformed('its list of errors is odd', response, call, blame);
      const refused = answers
        .filter(({ code }) => code !== 'object_not_exists')
        .map(({ key, code, text }) => ({ key, code, message: printable(blame.redact(`${code} ${text}`)) }));
      last = refused;
      // Deleting again what is gone is fine, so the whole batch is repeated.
      if (refused.some(({ code }) => passing.has(code)))
        throw new AttemptError(
          new StoreError('outage', `${call.what} bucket failed for some`, { code: 'partial' }),
          true,
        );
      return refused;
    });
  } catch (error) {
    if (error instanceof StoreError && error.details.code === 'partial') return last;
    throw error;
  }
}

function readError(
  entry: unknown,
): { readonly key: string; readonly code: string; readonly text: string } | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const { key, code, message } = entry as Record<string, unknown>;
  if (typeof key !== 'string') return undefined;
  return {
    key,
    code: typeof code === 'string' ? code : 'unknown',
    text: typeof message === 'string' ? message : '',
  };
}
