/**
 * The soak: writers change a tree at random while faults strike the program and its target; then source and
 * target must be equal.   node test/soak/run.js --engine layer3 --seed 7 --ops 5000 --kills 5 [--real]
 */
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { engines } from './engines.js';
import { inJail, jailed, repository } from './jail.js';
import { soak } from './soak.js';

const numbers = {
  seed: 1, ops: 2000, writers: 3, rate: 250, kills: 3, outages: 3, https: 2, hups: 1, overflows: 1, fulls: 1,
  faultMs: 1500, settle: 120, disk: 512, queue: 0,
}; // prettier-ignore

function options() {
  const { values } = parseArgs({
    options: {
      engine: { type: 'string', default: 'layer3' },
      real: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      dist: { type: 'string', default: join(repository, 'dist') },
      sandbox: { type: 'string' },
      ...Object.fromEntries(Object.keys(numbers).map((key) => [key, { type: 'string' }])),
    },
  });
  const given = { ...values };
  for (const [key, value] of Object.entries(numbers)) {
    given[key] = Number(values[key] ?? value);
    if (!Number.isFinite(given[key]) || given[key] < 0) throw new Error(`--${key} must be a number >= 0`);
  }
  if (!(given.engine in engines))
    throw new Error(`--engine must be one of ${Object.keys(engines).join(', ')}`);
  return given;
}

const given = options();
if (given.sandbox === undefined) process.exitCode = await inJail(fileURLToPath(import.meta.url), given);
else if (!jailed()) throw new Error('--sandbox is for the soak itself');
else process.exitCode = await soak(given, given.sandbox);
