import { QsError, bucketNotExists } from './errors.js';
import type { Journal } from './journal.js';
import { checkBucketName } from './limits.js';
import { Uploads } from './multipart.js';
import { Objects } from './objects.js';

/** A bucket: its objects and the uploads under way. */
export interface Bucket {
  readonly name: string;
  readonly zone: string;
  readonly created: number;
  readonly objects: Objects;
  readonly uploads: Uploads;
}

/** The account's buckets. */
export class Buckets {
  readonly #byName = new Map<string, Bucket>();

  constructor(
    private readonly journal: Journal,
    private readonly now: () => number,
    private readonly minimumPart: number,
  ) {}

  get all(): readonly Bucket[] {
    return [...this.#byName.values()];
  }

  find(name: string): Bucket | undefined {
    return this.#byName.get(name);
  }

  /** @throws QsError 404 */
  get(name: string): Bucket {
    const bucket = this.#byName.get(name);
    if (bucket === undefined) throw bucketNotExists();
    return bucket;
  }

  /** @throws QsError for a name that cannot be or is taken */
  create(name: string, zone: string): Bucket {
    checkBucketName(name);
    if (this.#byName.has(name))
      throw new QsError(409, 'bucket_already_exists', 'The bucket you are going to create already exists.');
    const bucket = {
      name,
      zone,
      created: this.now(),
      objects: new Objects(name, this.journal, this.now),
      uploads: new Uploads(this.now, this.minimumPart),
    };
    this.#byName.set(name, bucket);
    return bucket;
  }

  /** @throws QsError when there is none or it holds something */
  delete(name: string): void {
    const bucket = this.get(name);
    if (bucket.objects.count > 0)
      throw new QsError(409, 'bucket_not_empty', 'The bucket you are going to delete is not empty.');
    this.#byName.delete(name);
  }
}
