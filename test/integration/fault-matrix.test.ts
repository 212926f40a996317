import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { multipartCalls, objectCalls, type MatrixCall } from '../support/fault-matrix/calls.js';
import { Cell, type CellResult } from '../support/fault-matrix/cell.js';
import { matrixFaults, type MatrixFault } from '../support/fault-matrix/faults.js';

const document = new URL('../../docs/reliability.md', import.meta.url);

/** No cell takes longer, or it hangs. */
const guardMs = 90_000;
const cellsAtOnce = 10;

async function strike(call: MatrixCall, fault: MatrixFault, times: number): Promise<CellResult | undefined> {
  const cell = await Cell.create(call, fault);
  let guard: NodeJS.Timeout | undefined;
  try {
    const hung = new Promise<never>((_, reject) => {
      guard = setTimeout(() => reject(new Error('it hangs')), guardMs);
    });
    return await Promise.race([cell.strike(call, times), hung]);
  } catch (error) {
    throw new Error(`${call.name}, ${fault.name}, ${times}: ${String(error)}`, { cause: error });
  } finally {
    clearTimeout(guard);
    await cell.close();
  }
}

/** `done 2; again 3`: struck once, and always. */
async function cellText(call: MatrixCall, fault: MatrixFault): Promise<string> {
  const shown = (result: CellResult): string => `${result.outcome} ${result.requests}`;
  const always = await strike(call, fault, Infinity);
  if (always === undefined) return '–';
  const once = fault.lasting === true ? undefined : await strike(call, fault, 1);
  return once === undefined ? shown(always) : `${shown(once)}; ${shown(always)}`;
}

/** Every cell, some at once; all have ended when it returns. @throws Error with all that went wrong */
async function table(calls: readonly MatrixCall[]): Promise<string[][]> {
  const rows = matrixFaults.map(({ name }) => [name]);
  const todo = matrixFaults.flatMap((fault, row) =>
    calls.map((call, column) => async (): Promise<void> => {
      rows[row]![column + 1] = await cellText(call, fault);
    }),
  );
  const wrong: string[] = [];
  const worker = async (): Promise<void> => {
    for (let next = todo.shift(); next !== undefined; next = todo.shift())
      await next().catch((error: unknown) => wrong.push(String(error)));
  };
  await Promise.all(Array.from({ length: cellsAtOnce }, worker));
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  return [['fault', ...calls.map(({ name }) => name)], ...rows];
}

/** As Prettier writes it. */
function markdown(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, column) => text + ' '.repeat(widths[column]! - text.length)).join(' | ')} |`;
  return [line(rows[0]!), line(widths.map((width) => '-'.repeat(width))), ...rows.slice(1).map(line)].join(
    '\n',
  );
}

/** The document with another table between its two marks. */
function replaced(text: string, mark: string, content: string): string {
  const [begin, end] = [`<!-- ${mark} -->\n\n`, `\n\n<!-- end of ${mark} -->`];
  const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
  if (from < begin.length || to < from) throw new Error(`docs/reliability.md has no marks for ${mark}`);
  return text.slice(0, from) + content + text.slice(to);
}

describe('each call of the QingStor client under each fault', { timeout: 600_000 }, () => {
  it.each([
    ['faults of objects and bucket', objectCalls],
    ['faults of multipart uploads', multipartCalls],
  ])('%s: outcome and requests are those of docs/reliability.md', async (mark, calls) => {
    const shown = markdown(await table(calls));
    console.log(shown);
    const text = readFileSync(document, 'utf8');
    const wanted = replaced(text, mark, shown);
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(document, wanted);
    else expect(text).toBe(wanted);
  });
});
