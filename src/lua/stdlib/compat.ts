import { LuaArgumentError, LuaRaise } from '../errors.js';
import { LuaFloat } from '../values.js';
import type { LuaVm } from '../vm.js';
import { install, type Args, type Library } from './args.js';

/** Lua 5.2's functions that distributions' lua5.3 still has: `bit32` and old names in `math`. */
export function openCompat(vm: LuaVm): void {
  install(vm, 'bit32', bit32);
  install(vm, 'math', math);
}

const float = (value: number): number | LuaFloat =>
  Number.isInteger(value) || !Number.isFinite(value) ? new LuaFloat(value) : value;

const math: Library = {
  cosh: (args) => float(Math.cosh(args.number(0))),
  sinh: (args) => float(Math.sinh(args.number(0))),
  tanh: (args) => float(Math.tanh(args.number(0))),
  log10: (args) => float(Math.log10(args.number(0))),
  pow: (args) => float(args.number(0) === 1 ? 1 : args.number(0) ** args.number(1)),
  atan2: (args) => float(Math.atan2(args.number(0), args.number(1))),
  ldexp: (args) => {
    const [x, e] = [args.number(0), Math.max(-2200, Math.min(2200, args.size(1)))];
    const half = Math.trunc(e / 3);
    return float(x * 2 ** half * 2 ** half * 2 ** (e - 2 * half));
  },
  frexp: (args) => {
    const x = args.number(0);
    if (x === 0 || !Number.isFinite(x)) return [float(x), 0];
    let exponent = Math.max(-1023, Math.floor(Math.log2(Math.abs(x))) + 1);
    let mantissa = x * 2 ** -exponent;
    for (; Math.abs(mantissa) < 0.5; exponent--) mantissa *= 2;
    for (; Math.abs(mantissa) >= 1; exponent++) mantissa /= 2;
    return [float(mantissa), exponent];
  },
};

/** An argument modulo 2^32. */
const unsigned = (args: Args, i: number): number => Number(BigInt.asUintN(32, BigInt(args.integer(i))));
const all = (args: Args, start: number, step: (a: number, b: number) => number): number => {
  let result = start;
  for (let i = 0; i < args.count; i++) result = step(result, unsigned(args, i));
  return result >>> 0;
};

/** Shifts left, right when negative; 32 and more give 0. */
const shift = (x: number, by: number): number => {
  if (Math.abs(by) >= 32) return 0;
  return (by >= 0 ? x << by : x >>> -by) >>> 0;
};
const rotate = (x: number, by: number): number => {
  const left = ((by % 32) + 32) % 32;
  return left === 0 ? x : ((x << left) | (x >>> (32 - left))) >>> 0;
};

/** Field and width of `extract` and `replace`, from argument `i` on. */
function field(args: Args, i: number): { readonly at: number; readonly mask: number } {
  const at = args.size(i);
  const width = args.optSize(i + 1, 1);
  if (at < 0) throw new LuaArgumentError(i, 'field cannot be negative');
  if (width <= 0) throw new LuaArgumentError(i + 1, 'width must be positive');
  if (at + width > 32) throw new LuaRaise('trying to access non-existent bits', 1);
  return { at, mask: 2 ** width - 1 };
}

const bit32: Library = {
  band: (args) => all(args, 0xffffffff, (a, b) => a & b),
  bor: (args) => all(args, 0, (a, b) => a | b),
  bxor: (args) => all(args, 0, (a, b) => a ^ b),
  btest: (args) => all(args, 0xffffffff, (a, b) => a & b) !== 0,
  bnot: (args) => ~unsigned(args, 0) >>> 0,
  lshift: (args) => shift(unsigned(args, 0), args.size(1)),
  rshift: (args) => shift(unsigned(args, 0), -args.size(1)),
  arshift: (args) => {
    const [x, by] = [unsigned(args, 0), args.size(1)];
    if (by < 0 || x < 2 ** 31) return shift(x, -by);
    return by >= 32 ? 0xffffffff : ((x | 0) >> by) >>> 0;
  },
  lrotate: (args) => rotate(unsigned(args, 0), args.size(1) % 32),
  rrotate: (args) => rotate(unsigned(args, 0), -(args.size(1) % 32)),
  extract: (args) => {
    const { at, mask } = field(args, 1);
    return ((unsigned(args, 0) >>> at) & mask) >>> 0;
  },
  replace: (args) => {
    const { at, mask } = field(args, 2);
    const kept = unsigned(args, 0) & ~(mask << at);
    return (kept | ((unsigned(args, 1) & mask) << at)) >>> 0;
  },
};
