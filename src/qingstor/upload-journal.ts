import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readdir, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { libc } from '../sys/libc.js';

/** A bucket. */
export interface Place {
  /** Host and port, without zone. */
  readonly service: string;
  readonly bucket: string;
}

/** An upload as its file tells; no id: killed, or cut off, before the service's answer. */
export interface NotedUpload extends Place {
  readonly key: string;
  /** Milliseconds since 1970, by this machine's clock, before the upload was begun. */
  readonly begun: number;
  readonly uploadId: string | undefined;
}

/** The file of an upload under way. Nothing here rejects: a journal that fails never stops an upload. */
export interface UploadNote {
  known(uploadId: string): Promise<void>;
  /** Nothing of it is left at the service. */
  done(): Promise<void>;
  /** Something may be left: for the next sweep. */
  leave(): Promise<void>;
}

/** An upload whose program is gone, or has left it; locked until `forget` or `release`. */
export interface AbandonedUpload extends NotedUpload {
  forget(): Promise<void>;
  release(): Promise<void>;
}

/** Of flock(2). */
const lockExclusive = 2;
const lockNonBlocking = 4;

const suffix = '.upload';

/**
 * Remembers on disk which multipart uploads are under way, a small file for each, so that what a killed program left
 * is known for certain to be its own. The file is there and on the disk before the upload is begun, and locked while
 * its program lives: the kernel takes the lock away with the process, however it ends, and no process number that was
 * given again can mislead. Sizes: some hundred bytes a file, none when no upload is under way.
 */
export class UploadJournal {
  #warned = false;

  constructor(
    /** Made when first needed. */
    private readonly directory: string,
    private readonly onWarn: (message: string) => void,
    private readonly now: () => number,
  ) {}

  /** Notes an upload that is about to be begun. */
  async begin(place: Place, key: string): Promise<UploadNote> {
    const { service, bucket } = place;
    const upload = { service, bucket, key, begun: this.now() };
    try {
      await mkdir(this.directory, { recursive: true, mode: 0o700 });
      for (;;) {
        const path = join(this.directory, randomBytes(12).toString('hex') + suffix);
        const file = await open(path, 'wx', 0o600);
        // A sweep that came between the two has taken the file.
        if (lock(file) && (await file.stat()).nlink > 0) return await this.#begun(path, file, upload);
        await file.close();
      }
    } catch (error) {
      this.#warn(error);
      return unnoted;
    }
  }

  /** Uploads of a bucket below a prefix that nobody works on; each is to be forgotten or released. */
  async *abandoned(
    { service, bucket }: Place,
    prefix: string,
  ): AsyncGenerator<AbandonedUpload, void, undefined> {
    for (const name of await this.#names()) {
      const path = join(this.directory, name);
      const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => undefined);
      if (file === undefined) continue;
      if (!lock(file)) {
        await file.close();
        continue;
      }
      const upload = read(await file.readFile('utf8').catch(() => ''));
      const release = (): Promise<void> => file.close();
      const forget = async (): Promise<void> => {
        await unlink(path).catch((error: unknown) => this.#warn(error));
        await release();
      };
      // Written before anything is begun: a file that was not written whole stands for nothing.
      if (upload === undefined) await forget();
      else if (upload.service === service && upload.bucket === bucket && upload.key.startsWith(prefix))
        yield { ...upload, forget, release };
      else await release();
    }
  }

  async #names(): Promise<string[]> {
    try {
      return (await readdir(this.directory)).filter((name) => name.endsWith(suffix));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#warn(error);
      return [];
    }
  }

  async #begun(path: string, file: FileHandle, upload: Omit<NotedUpload, 'uploadId'>): Promise<UploadNote> {
    const quietly = (work: () => Promise<void>) => (): Promise<void> =>
      work().catch((error: unknown) => this.#warn(error));
    const note = {
      known: (uploadId: string) => quietly(() => append(file, { uploadId }))(),
      done: quietly(async () => {
        await unlink(path).finally(() => file.close());
      }),
      leave: quietly(() => file.close()),
    };
    try {
      await append(file, upload);
      // The name must be on the disk, too.
      const directory = await open(this.directory, 'r');
      await directory.sync().finally(() => directory.close());
      return note;
    } catch (error) {
      await note.done();
      throw error;
    }
  }

  #warn(error: unknown): void {
    if (this.#warned) return;
    this.#warned = true;
    const why = (error as NodeJS.ErrnoException).code ?? String(error);
    this.onWarn(
      `${this.directory} cannot be used (${why}): if this program is killed, unfinished multipart uploads ` +
        'may stay in the bucket. Give this user the right to write there',
    );
  }
}

/** For what cannot be noted. */
const unnoted: UploadNote = {
  known: () => Promise.resolve(),
  done: () => Promise.resolve(),
  leave: () => Promise.resolve(),
};

/** False: another process, or another upload of this one, holds it. Goes with the open file. */
function lock(file: FileHandle): boolean {
  return libc().flock(file.fd, lockExclusive | lockNonBlocking) === 0;
}

/** A line of JSON; on the disk when this resolves. */
async function append(file: FileHandle, line: object): Promise<void> {
  await file.appendFile(`${JSON.stringify(line)}\n`);
  await file.datasync();
}

/** Undefined: not one whole first line of ours. A second line that was cut off is one that was not written. */
function read(text: string): NotedUpload | undefined {
  const [first, second] = text.split('\n').slice(0, -1).map(parsed);
  if (first === undefined) return undefined;
  const { service, bucket, key, begun } = first;
  if (typeof service !== 'string' || typeof bucket !== 'string') return undefined;
  if (typeof key !== 'string' || key === '' || typeof begun !== 'number') return undefined;
  const uploadId = second?.['uploadId'];
  return {
    service,
    bucket,
    key,
    begun,
    uploadId: typeof uploadId === 'string' && uploadId !== '' ? uploadId : undefined,
  };
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
