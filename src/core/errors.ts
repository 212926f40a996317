/** An error a user can meet: what happened, on which file or sync, and what to do. */
export class LsyncdError extends Error {
  override readonly name = 'LsyncdError';
  constructor(
    /** Stable code, `LSY_…`, for tests and scripts. */
    readonly code: string,
    message: string,
    /** What the user can do about it; appended to the message when shown. */
    readonly remedy?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Message and remedy as one line for people. */
  get shown(): string {
    return this.remedy === undefined ? this.message : `${this.message} (${this.remedy})`;
  }
}
