/** A refusal as QingStor words it: status and a JSON body of code and message. */
export class QsError extends Error {
  override readonly name = 'QsError';

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

export const invalidArgument = (message: string): QsError => new QsError(400, 'invalid_argument', message);

export const badDigest = (): QsError =>
  new QsError(400, 'bad_digest', 'The Content-MD5 you specified did not match what we received.');

export const entityTooSmall = (): QsError =>
  new QsError(400, 'entity_too_small', 'A part but the last is smaller than the minimum allowed size.');

export const entityTooLarge = (): QsError =>
  new QsError(413, 'entity_too_large', 'Your proposed upload exceeds the maximum allowed size.');

export const uploadNotExists = (): QsError =>
  new QsError(400, 'upload_not_exists', 'The multipart upload you are accessing does not exist.');

export const bucketNotExists = (): QsError =>
  new QsError(404, 'bucket_not_exists', 'The bucket you are accessing does not exist.');

export const objectNotExists = (): QsError =>
  new QsError(404, 'object_not_exists', 'The object you are accessing does not exist.');

export const methodNotAllowed = (): QsError =>
  new QsError(405, 'method_not_allowed', 'The specified method is not allowed against this resource.');

export const preconditionFailed = (): QsError =>
  new QsError(412, 'precondition_failed', 'At least one of the preconditions you specified did not hold.');

export const permissionDenied = (message = 'You do not have enough permission to access it.'): QsError =>
  new QsError(403, 'permission_denied', message);

export const requestExpired = (): QsError =>
  new QsError(
    403,
    'request_expired',
    "The difference between the request's time and the server's is too large.",
  );
