/** qingstor-sdk 3.1.x, as far as it is used here; the package has no types of its own. */
declare module 'qingstor-sdk' {
  /** What the SDK reads of its configuration; a plain object will do. */
  interface Settings {
    readonly protocol: string;
    readonly host: string;
    readonly port: number | undefined;
    readonly enable_virtual_host_style: boolean;
    readonly additional_user_agent?: string;
    /** Merged into every request to axios. */
    readonly getAxiosConfig?: (operation: Operation) => AxiosSettings;
  }

  /** Of axios 0.21. */
  interface AxiosSettings {
    /** Sends the request in place of axios; `send` resolves with what it resolves with. */
    readonly adapter: (config: AxiosRequest) => Promise<object>;
    readonly transformRequest: readonly ((data: unknown) => unknown)[];
    readonly transformResponse: readonly ((data: unknown) => unknown)[];
    readonly maxRedirects: number;
  }

  /** What an adapter gets. */
  interface AxiosRequest {
    readonly headers: Readonly<Record<string, unknown>>;
    readonly data: unknown;
  }

  /** A call, built and waiting for its signature. */
  interface Operation {
    readonly method: string;
    readonly endpoint: string;
    /** Percent-encoded. */
    path: string;
    uri: string;
    readonly params: Readonly<Record<string, string>>;
    /** Names in lower case. */
    readonly headers: Record<string, string>;
    body: unknown;
  }

  interface Request {
    config: Settings;
    operation: Operation;
    sign: () => Promise<Request>;
    send(): Promise<unknown>;
  }

  interface ListOptions {
    readonly limit: string;
    readonly prefix: string;
    readonly marker: string;
  }

  interface UploadsOptions {
    readonly limit: string;
    readonly prefix: string;
    readonly key_marker: string;
    readonly upload_id_marker: string;
  }

  /** `…Request` builds a call without sending it. */
  interface Bucket {
    headRequest(): Request;
    listObjectsRequest(options: ListOptions): Request;
    deleteMultipleObjectsRequest(options: {
      readonly objects: readonly { readonly key: string }[];
      readonly quiet: boolean;
    }): Request;
    putObjectRequest(key: string): Request;
    headObjectRequest(key: string): Request;
    deleteObjectRequest(key: string): Request;
    initiateMultipartUploadRequest(key: string): Request;
    uploadMultipartRequest(
      key: string,
      options: { readonly upload_id: string; readonly part_number: string },
    ): Request;
    completeMultipartUploadRequest(
      key: string,
      options: { readonly upload_id: string; readonly object_parts: readonly object[] },
    ): Request;
    abortMultipartUploadRequest(key: string, options: { readonly upload_id: string }): Request;
    listMultipartUploadsRequest(options: UploadsOptions): Request;
    listMultipartRequest(
      key: string,
      options: { readonly upload_id: string; readonly limit: string },
    ): Request;
  }

  interface QingStor {
    Bucket(name: string, zone: string): Bucket;
  }

  const sdk: { readonly QingStor: new (config: Settings) => QingStor };
  export default sdk;
  export type { AxiosRequest, Bucket, Operation, Request };
}
