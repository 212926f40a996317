import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { oracleLines, ourLines, scripts } from './support.js';

/** Zones north and south, with and without daylight saving time, off by half an hour. */
const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Adelaide', 'Asia/Kolkata'];

const patience = 240_000;

/** Fewer would mean that scripts were lost, or ended early. */
const leastScripts = 20;
const leastLines = 8000;

const ran = new Set<string>();
let compared = 0;

function compare(file: string, env: Record<string, string>): void {
  const source = readFileSync(join(scripts, file), 'latin1');
  const [expected, actual] = [oracleLines(source, file, env), ourLines(source, file, env)];
  const at = expected.findIndex((line, i) => line !== actual[i]);
  const place = at < 0 ? Math.min(expected.length, actual.length) : at;
  // The first difference with what comes before, not thousands of lines.
  const around = (lines: readonly string[]) => lines.slice(Math.max(0, place - 2), place + 1);
  if (at >= 0 || expected.length !== actual.length) expect(around(actual)).toEqual(around(expected));
  expect(actual.length).toBe(expected.length);
  expect(actual.length).toBeGreaterThan(30);
  compared += actual.length;
  ran.add(file);
}

describe('scripts print what lua5.3 prints', () => {
  const files = readdirSync(scripts).filter((name) => name.endsWith('.lua') && name !== 'prelude.lua');

  it('are all there', () => expect(files.length).toBeGreaterThanOrEqual(leastScripts));

  for (const file of files.filter((name) => name !== 'dates.lua'))
    it(file, () => compare(file, { TZ: 'UTC', ORACLE: 'set by the test' }), patience);

  for (const zone of zones) it(`dates.lua in ${zone}`, () => compare('dates.lua', { TZ: zone }), patience);

  it('print enough', ({ skip }) => {
    skip(ran.size < files.length, 'only some scripts ran');
    expect(compared).toBeGreaterThan(leastLines);
  });
});
