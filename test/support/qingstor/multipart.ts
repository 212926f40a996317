import { randomBytes } from 'node:crypto';
import { Content } from './content.js';
import { entityTooSmall, invalidArgument, uploadNotExists } from './errors.js';
import type { Properties } from './objects.js';

export interface Part {
  readonly number: number;
  readonly content: Content;
  readonly etag: string;
  readonly created: number;
}

/** An upload that was begun and neither completed nor aborted. */
export interface Upload extends Properties {
  readonly id: string;
  readonly key: string;
  readonly created: number;
  readonly parts: Map<number, Part>;
}

/** A part as a completion names it. */
export interface NamedPart {
  readonly part_number: number;
  readonly etag?: string;
}

/** The multipart uploads of one bucket. */
export class Uploads {
  readonly #byId = new Map<string, Upload>();

  constructor(
    private readonly now: () => number,
    private readonly minimumPart: number,
  ) {}

  /** Uploads under way, oldest first. */
  get all(): readonly Upload[] {
    return [...this.#byId.values()];
  }

  begin(key: string, properties: Properties): Upload {
    const id = randomBytes(16).toString('hex');
    const upload = { ...properties, id, key, created: this.now(), parts: new Map<number, Part>() };
    this.#byId.set(id, upload);
    return upload;
  }

  /** @throws QsError when there is none of that id for that key */
  get(key: string, id: string): Upload {
    const upload = this.#byId.get(id);
    if (upload?.key !== key) throw uploadNotExists();
    return upload;
  }

  /** A part sent twice replaces the one before. */
  async add(upload: Upload, number: number, content: Content): Promise<Part> {
    if (this.#byId.get(upload.id) !== upload) {
      await content.release();
      throw uploadNotExists();
    }
    const before = upload.parts.get(number);
    const part = { number, content, etag: content.md5.toString('hex'), created: this.now() };
    upload.parts.set(number, part);
    await before?.content.release();
    return part;
  }

  /**
   * Puts the parts named together and ends the upload; parts not named are dropped.
   * @throws QsError and keeps the upload when a part is missing, has another ETag, or is too small
   */
  async complete(upload: Upload, named: readonly NamedPart[]): Promise<Content> {
    const ordered = [...named].sort((a, b) => a.part_number - b.part_number);
    if (ordered.length === 0) throw invalidArgument('No part is named.');
    const parts = ordered.map(({ part_number: number, etag }, index) => {
      if (ordered[index + 1]?.part_number === number) throw invalidArgument(`Part ${number} is named twice.`);
      const part = upload.parts.get(number);
      if (part === undefined) throw invalidArgument(`Part ${number} was not uploaded.`);
      if (etag !== undefined && etag !== '' && etag.replaceAll('"', '') !== part.etag)
        throw invalidArgument(`Part ${number} has another ETag.`);
      if (index < ordered.length - 1 && part.content.size < this.minimumPart) throw entityTooSmall();
      return part;
    });
    this.#byId.delete(upload.id);
    const used = new Set(parts);
    for (const part of upload.parts.values()) if (!used.has(part)) await part.content.release();
    return Content.join(parts.map(({ content }) => content));
  }

  async abort(upload: Upload): Promise<void> {
    this.#byId.delete(upload.id);
    for (const { content } of upload.parts.values()) await content.release();
  }
}
