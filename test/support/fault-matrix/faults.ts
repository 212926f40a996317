import type { Harm, Where } from '../qingstor/faults.js';
import type { MatrixCall } from './calls.js';

/** A row of the matrix. */
export interface MatrixFault {
  readonly name: string;
  /** What the server does; undefined: the fault makes no sense for this call. */
  readonly harm: (call: MatrixCall) => Harm | undefined;
  /** The server is gone: there is no "once", and no other file that succeeds. */
  readonly lasting?: boolean;
  /** Only a time-out ends it. */
  readonly silent?: boolean;
  /** The answer is taken for the truth: nothing is there to be done. */
  readonly believed?: (call: MatrixCall) => boolean;
}

/** Faults limited to calls that fit. */
const having =
  (has: (call: MatrixCall) => boolean | undefined, harm: Harm) =>
  (call: MatrixCall): Harm | undefined =>
    has(call) === true ? harm : undefined;

/** A refusal in the service's own words; HEAD has none. */
const refusal = (status: number, code: string): MatrixFault => ({
  name: `${status} ${code}`,
  harm: () => ({ kind: 'status', status, code }),
});

export const matrixFaults: readonly MatrixFault[] = [
  { name: 'connections refused', harm: () => ({ kind: 'down' }), lasting: true },
  { name: 'reset before the answer', harm: () => ({ kind: 'reset', at: 'head' }) },
  {
    name: 'reset in the middle of the request',
    harm: having(({ sends }) => sends, { kind: 'reset', at: 'middle' }),
  },
  { name: 'done, but the answer is lost', harm: () => ({ kind: 'lost-answer' }) },
  { name: 'silence (idle time-out)', harm: () => ({ kind: 'hang' }), silent: true },
  {
    name: 'answer that stalls (idle time-out)',
    harm: having(({ answers }) => answers, { kind: 'slow', bytes: 5, ms: 60_000 }),
    silent: true,
  },
  { name: 'answer cut off', harm: having(({ answers }) => answers, { kind: 'cut' }) },
  {
    name: 'answer shorter than announced',
    harm: having(({ answers, empty }) => answers === true || empty === true, { kind: 'length', by: 1 }),
    silent: true,
  },
  {
    name: 'answer longer than announced',
    harm: having(({ answers }) => answers, { kind: 'length', by: -1 }),
  },
  {
    name: 'success with garbage as its body',
    harm: having(({ answers }) => answers, { kind: 'body', body: '{"keys":[{]' }),
  },
  {
    name: '200 of something else (a login page)',
    harm: having(({ bare }) => bare !== true, {
      kind: 'status',
      status: 200,
      body: '<html>Log in</html>',
      headers: { 'content-type': 'text/html' },
    }),
  },
  {
    name: '301 to another host',
    harm: () => ({ kind: 'status', status: 301, headers: { location: 'http://elsewhere.example/' } }),
  },
  refusal(400, 'invalid_argument'),
  refusal(401, 'signature_not_matched'),
  refusal(403, 'permission_denied'),
  {
    name: '404 not found',
    harm: ({ bucketWide }) => ({
      kind: 'status',
      status: 404,
      code: bucketWide === true ? 'bucket_not_exists' : 'object_not_exists',
    }),
    believed: ({ operation }) =>
      ['DeleteObject', 'AbortMultipartUpload', 'ListMultipart'].includes(operation),
  },
  refusal(409, 'conflict'),
  refusal(412, 'precondition_failed'),
  refusal(429, 'too_many_requests'),
  refusal(500, 'internal_error'),
  refusal(503, 'service_unavailable'),
];

/** A fault as the server takes it: at the requests of a call. */
export function faultAt(harm: Harm, call: MatrixCall, times: number): Where & Harm {
  const { operation, key, part } = call;
  return {
    ...harm,
    operation,
    times,
    ...(key === undefined ? {} : { key }),
    ...(part === undefined ? {} : { part }),
  };
}
