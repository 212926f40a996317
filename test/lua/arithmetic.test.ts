import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oracleLines, ourLines } from './support.js';

const patience = 300_000;
const expressionsEach = 300;
const batches = 40;

/** Always the same expressions: where the text of a NaN is compared as a string, its sign could decide. */
const seed = 53;

const max = 2n ** 63n - 1n;

/** Integers small, around powers of two, and at the limits; the smallest has no numeral of its own. */
const integers = fc
  .oneof(
    fc.bigInt({ min: -20n, max: 20n }),
    fc.bigInt({ min: -(2n ** 63n), max }),
    fc
      .tuple(fc.integer({ min: 0, max: 63 }), fc.bigInt({ min: -2n, max: 2n }), fc.boolean())
      .map(([power, by, negative]) => BigInt.asIntN(64, (2n ** BigInt(power) + by) * (negative ? -1n : 1n))),
  )
  .map((n) => (n === -(2n ** 63n) ? 'math.mininteger' : n < 0n ? `(${n})` : String(n)));

/** Floats with every digit they have, so that both machines read the same one. */
function floatText(x: number): string {
  if (Number.isNaN(x)) return '(0/0)';
  if (!Number.isFinite(x)) return x > 0 ? 'math.huge' : '(-math.huge)';
  if (Object.is(x, -0)) return '(-0.0)';
  const text = /[.e]/.test(String(x)) ? String(x) : `${x}.0`;
  return x < 0 ? `(${text})` : text;
}

const floats = fc
  .oneof(
    fc.double(),
    fc.constantFrom(
      0,
      -0,
      0.5,
      1,
      -1,
      2 ** 53,
      2 ** 63,
      -(2 ** 63),
      2 ** 64,
      Infinity,
      -Infinity,
      NaN,
      5e-324,
    ),
    fc.integer({ min: -1000, max: 1000 }).map((n) => n / 8),
  )
  .map(floatText);

/** Strings that arithmetic may take for numbers. */
const strings = fc
  .oneof(
    { weight: 5, arbitrary: fc.oneof(integers, floats).map((text) => text.replace(/[()]/g, '')) },
    fc.constantFrom(
      '10',
      ' 0x10 ',
      '1e2',
      '0x.8p1',
      '-7',
      '3.0',
      '',
      'x',
      '1 2',
      '9223372036854775808',
      '-0',
    ),
  )
  .filter((text) => !/^(?:-?math|0\/0)/.test(text))
  .map((text) => JSON.stringify(text));

const binary = [
  '+',
  '-',
  '*',
  '/',
  '//',
  '%',
  '&',
  '|',
  '~',
  '<<',
  '>>',
  '..',
  '==',
  '~=',
  '<',
  '<=',
  '>',
  '>=',
];

/** Through a function, a value is not known to the compiler, which computes what it can itself. */
const operand = fc
  .tuple(
    fc.oneof(
      { weight: 4, arbitrary: integers },
      { weight: 4, arbitrary: floats },
      { weight: 2, arbitrary: strings },
    ),
    fc.boolean(),
  )
  .map(([text, hidden]) => (hidden ? `v(${text})` : text));

const { expression } = fc.letrec<{ expression: string; call: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 3, depthSize: 'medium' },
    operand,
    fc
      .tuple(tie('expression'), fc.constantFrom(...binary), tie('expression'))
      .map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc.tuple(fc.constantFrom('-', '~'), tie('expression')).map(([op, a]) => `(${op} ${a})`),
    tie('call'),
  ),
  call: fc.oneof(
    fc
      .tuple(fc.constantFrom('floor', 'ceil', 'abs', 'tointeger', 'type', 'modf', 'sqrt'), tie('expression'))
      .map(([name, a]) => `(math.${name}(${a}))`),
    fc
      .tuple(fc.constantFrom('fmod', 'max', 'min', 'ult'), tie('expression'), tie('expression'))
      .map(([name, a, b]) => `(math.${name}(${a}, ${b}))`),
    fc
      .tuple(fc.constantFrom('tostring', 'tonumber'), tie('expression'))
      .map(([name, a]) => `(${name}(${a}))`),
    fc
      .tuple(fc.constantFrom('%d', '%5.1f', '%g', '%.14g', '%x', '%e', '%a', '%i'), tie('expression'))
      .map(([form, a]) => `string.format('${form}', ${a})`),
  ),
}));

/** Prints each expression's value or its error; one that does not compile says so. */
function batch(expressions: readonly string[]): string {
  const lines = expressions.map((text) => `e [==[${text}]==]`);
  return [
    "dofile('prelude.lua')",
    'function v(...) return ... end',
    'function e(text)',
    "  local f, message = load('return ' .. text, '=e')",
    "  if not f then print('REFUSED ' .. message) return end",
    "  try('value', f)",
    'end',
    ...lines,
    '',
  ].join('\n');
}

/** Signs of NaN differ between machines; nothing else may. */
const withoutNaNSign = (line: string) => line.replace(/ *-?nan/g, 'nan');

describe('arithmetic of random expressions', () => {
  it(
    'gives what lua5.3 gives, digit for digit',
    () => {
      fc.assert(
        fc.property(
          fc.array(expression, { minLength: expressionsEach, maxLength: expressionsEach }),
          (list) => {
            const source = batch(list);
            const [expected, actual] = [
              oracleLines(source, 'batch.lua', {}),
              ourLines(source, 'batch.lua', {}),
            ];
            expect(expected.length).toBe(list.length);
            const wrong = list.flatMap((text, i) => {
              const [right, ours] = [withoutNaNSign(expected[i]!), withoutNaNSign(actual[i] ?? 'nothing')];
              return right === ours ? [] : [`${text}\n  lua5.3: ${right}\n  ours:   ${ours}`];
            });
            expect(wrong).toEqual([]);
          },
        ),
        { numRuns: batches, seed, endOnFailure: true },
      );
    },
    patience,
  );
});
