import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from './program.js';
import type { Stage } from './stage.js';
import { differences, linesOf, logSince, shortened, statusOf } from './view.js';

/** Prints a line. */
export type Say = (line: string) => void;

/** What the demo shows, one thing after the other. Each step waits for what it shows and fails when it stays away. */
export class Tour {
  #logRead = 0;

  constructor(
    private readonly stage: Stage,
    private readonly program: Program,
    private readonly say: Say,
    /** Aborts when the user has seen enough. */
    private readonly signal: AbortSignal,
  ) {}

  /** Prints every change of the bucket from now on. */
  watchBucket(): void {
    this.stage.server.journal.follow((change) => {
      for (const line of linesOf(change)) this.say(`    ${line}`);
    });
  }

  async run(): Promise<void> {
    await this.started();
    await this.created();
    await this.modified();
    await this.moved();
    await this.deleted();
    await this.compared();
  }

  private async started(): Promise<void> {
    this.title('The bucket is empty; at start everything goes up');
    await this.inBucket('README.txt', 'photos/sunset.jpg', 'photos/');
    await this.logged(/Normal: --- Startup ---/);
    await this.finished();
  }

  private async created(): Promise<void> {
    this.title('echo … > notes.txt; cp … photos/cat.jpg; mkdir photos/new; cp … photos/new/{1..5}.jpg');
    const { source } = this.stage;
    writeFileSync(join(source, 'notes.txt'), 'one note\n');
    writeFileSync(join(source, 'photos/cat.jpg'), 'meow meow!\n');
    mkdirSync(join(source, 'photos/new'));
    for (let n = 1; n <= 5; n++) writeFileSync(join(source, `photos/new/${n}.jpg`), `picture ${n}\n`);
    const pictures = [1, 2, 3, 4, 5].map((n) => `photos/new/${n}.jpg`);
    await this.inBucket('notes.txt', 'photos/cat.jpg', 'photos/new/', ...pictures);
    await this.settled();
  }

  private async modified(): Promise<void> {
    this.title('echo two >> notes.txt');
    appendFileSync(join(this.stage.source, 'notes.txt'), 'two\n');
    await this.settled();
  }

  private async moved(): Promise<void> {
    // As fast as no person is: what was uploaded a moment ago is in doubt yet, and would be compared, not renamed.
    await new Promise((resolve) => setTimeout(resolve, 2000));
    this.signal.throwIfAborted();
    this.title('mv notes.txt done.txt; mv photos/new photos/2024');
    const { source } = this.stage;
    renameSync(join(source, 'notes.txt'), join(source, 'done.txt'));
    renameSync(join(source, 'photos/new'), join(source, 'photos/2024'));
    await this.inBucket('done.txt', 'photos/2024/5.jpg');
    await this.settled();
  }

  private async deleted(): Promise<void> {
    this.title('rm -r README.txt photos/2024');
    const { source } = this.stage;
    rmSync(join(source, 'README.txt'));
    rmSync(join(source, 'photos/2024'), { recursive: true });
    await this.until(
      () => statusOf(this.stage).includes('Delete /README.txt'),
      'the delay in the status file',
    );
    this.title(`cat ${shortened(this.stage.status, this.stage)}`);
    for (const line of shortened(statusOf(this.stage), this.stage).trimEnd().split('\n')) this.say(line);
    this.title('and once their five seconds are over');
    await this.settled();
  }

  private async compared(): Promise<void> {
    const found = await differences(this.stage);
    if (found.length > 0) throw new Error(`the bucket is not the directory: ${found.join('; ')}`);
    const { count } = this.stage.server.bucket(this.stage.bucket).objects;
    this.say('');
    this.say(`The bucket equals the directory: ${count} objects.`);
  }

  private title(text: string): void {
    this.say('');
    this.say(`$ ${text}`);
  }

  private async inBucket(...keys: string[]): Promise<void> {
    const { objects } = this.stage.server.bucket(this.stage.bucket);
    await this.until(() => keys.every((key) => objects.get(key) !== undefined), keys.join(', '));
  }

  private async logged(line: RegExp): Promise<void> {
    await this.until(
      () => logSince(this.stage, this.#logRead).lines.some((text) => line.test(text)),
      `the log to say ${line}`,
    );
  }

  /** Waits for what the program says last about its work, and prints all it said. */
  private async finished(): Promise<void> {
    await this.logged(/Normal: Finished /);
    this.showLog();
  }

  /** Waits until bucket and directory are equal, and prints what was logged meanwhile. */
  private async settled(): Promise<void> {
    const seen = { differences: ['not compared yet'] };
    const compare = async (): Promise<boolean> => {
      seen.differences = await differences(this.stage);
      return seen.differences.length === 0;
    };
    await this.until(compare, () => `the bucket to equal the directory: ${seen.differences.join('; ')}`);
    await this.finished();
  }

  private showLog(): void {
    const { lines, offset } = logSince(this.stage, this.#logRead);
    this.#logRead = offset;
    for (const line of lines) this.say(line);
  }

  /** @throws Error when it does not come about, or the program ends */
  private async until(
    condition: () => boolean | Promise<boolean>,
    what: string | (() => string),
  ): Promise<void> {
    const end = Date.now() + 60_000;
    while (!(await condition())) {
      this.signal.throwIfAborted();
      const waited = typeof what === 'string' ? what : what();
      if (this.program.ended !== undefined)
        throw new Error(`lsyncd-ts has ended; the demo waited for ${waited}`);
      if (Date.now() > end) throw new Error(`the demo gave up waiting for ${waited}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
