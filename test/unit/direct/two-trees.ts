import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asBytes, type BytePath } from '../../../src/core/bytes.js';
import type { ContentIo } from '../../../src/direct/content.js';
import { DirectEngine } from '../../../src/direct/engine.js';
import type { DirectEvent } from '../../../src/direct/events.js';

export const never = new AbortController().signal;

export const how = (mayDelete = true, excluded: (path: BytePath) => boolean = () => false) => ({
  mayDelete,
  excluded,
});

export const event = (etype: DirectEvent['etype'], path: string, path2?: string): DirectEvent => ({
  etype,
  path: asBytes(path),
  ...(path2 === undefined ? {} : { path2: asBytes(path2) }),
});

/** A source and a target of a test's own. */
export class TwoTrees {
  readonly top = realpathSync(mkdtempSync(join(tmpdir(), 'lsyncd-direct-')));
  readonly source = join(this.top, 'source');
  readonly target = join(this.top, 'target');
  readonly warned: string[] = [];

  constructor() {
    mkdirSync(this.source);
    mkdirSync(this.target);
  }

  engine(io?: ContentIo): DirectEngine {
    return new DirectEngine({
      source: asBytes(`${this.source}/`),
      target: asBytes(`${this.target}/`),
      log: (category, message) => category === 'Warn' && this.warned.push(message),
      ...(io === undefined ? {} : { io }),
    });
  }

  /** Carries events out with a fresh engine; gives the messages of those that failed. */
  async run(...events: readonly DirectEvent[]): Promise<string[]> {
    const { failures } = await this.engine().run(events, how(), never);
    return [...failures].map(([{ etype, path }, { message }]) => `${etype} ${path}: ${message}`);
  }

  from(name: string): string {
    return join(this.source, name);
  }

  at(name: string): string {
    return join(this.target, name);
  }

  /** A file's content at the target. */
  text(name: string): string {
    return readFileSync(this.at(name), 'utf8');
  }

  remove(): void {
    rmSync(this.top, { recursive: true, force: true });
  }
}
