dofile('prelude.lua')
local max, min = math.maxinteger, math.mininteger
local ints = { 0, 1, -1, 9007199254740992, 9007199254740993, -9007199254740993, max, max - 511, max - 512, min, min + 1 }
local floats = { 0.0, -0.0, 0.5, 1.0, -1.0, 2^53, 2^53 + 2, -2^53, 2^63, -2^63, 2^63 - 1024, 2^64, -2^64, math.huge, -math.huge, 0/0 }
for _, i in ipairs(ints) do
  for _, f in ipairs(floats) do
    show(texts(i, f), i < f, i <= f, i > f, i >= f, i == f, f < i, f <= i, f == i)
    show('  arith', i + f, i - f, i * f, math.max(i, f), math.min(f, i))
  end
end
-- the same key whichever type it has
local t = {}
t[1] = 'a' t[1.0] = 'b' t[2^53] = 'c' t[2^63] = 'd' t[max] = 'e' t[-0.0] = 'z' t['1'] = 's'
show('keys', t[1], t[1.0], t[2^53], t[9007199254740992], t[2^63], t[max], t[0], t['1'])
for key, value in pairs { [2^53] = 1 } do print(key, math.type(key), value) end
try('nil key', function() t[nil] = 1 end)
try('nan key', function() t[0/0] = 1 end)
show('read nan, nil', t[0/0], t[nil])
for _, source in ipairs {
  'return 1 < "1"', 'return "10" + 5', 'return "0x10" + 1', 'return "1e2" * 1', 'return "10" // "3"', 'return "a" + 1', 'return {} + 1',
  'return 1 .. 2', 'return 1.0 .. ""', 'return -0.0 .. ""', 'return 2^63 | 0', 'return 1.5 | 0', 'return "3" | 0', 'return "3.5" | 0',
  'return "3.0" & 1', 'return 1 // 0', 'return 1 % 0', 'return 1.0 // 0', 'return 1 // 0.0', 'return -1 // 0.0', 'return 0/0 ~= 0/0',
  'return 1 & nil', 'return nil + 1', 'return 1 < nil', 'return {} < {}', 'return "a" < 1', 'return "a" < "b", "a" < "B", "" < "a", "a\\0b" < "a\\0c"',
  'return #5', 'return -"2"', 'return -"0x10"', 'return -"abc"', 'return ~"7"', 'return ~1.5', 'return ~"1.5"', 'return 2 ^ "3"', 'return "10" % 3.0',
  'return 9223372036854775807 + 1', 'return 9223372036854775808', 'return -9223372036854775808', 'return 0xffffffffffffffff',
  'return 0x7fffffffffffffff', 'return 0x1ffffffffffffffff', 'return 1e', 'return 0x', 'return 3..2', 'return 0x.8p1', 'return 0xA.8', 'return 0x1p-2',
  'return 1e400', 'return .5', 'return 5.', 'return 0x5.', 'return 08', 'return 1__2', 'return 1//0 == 1', 'return 7 // -2, -7 // 2, 7 % -2, -7 % 2',
  'return 1 == 1.0, math.type(1) == math.type(1.0)', 'return 0x7fffffffffffffff + 0.0 == 2^63', 'return math.maxinteger + 0.0 == math.maxinteger',
  'return 1 << 63, 1 << 64, 1 >> 1, -1 >> 1, -1 >> 63, -1 << 63, 1 << -1', 'return "abc" .. 1e100, "x" .. -1e15',
} do run(source) end
