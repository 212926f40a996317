dofile('prelude.lua')
for _, numeral in ipairs {
  '0', '10', '-10', '+10', ' 10 ', '\t10\n', '1 0', '', ' ', '-', '+', '--1', '1e1', '1E1', '1e+1', '1e-1', '1e', 'e1', '1.', '.1', '.', '1.5.5',
  '0x', '0x1', '0X1F', '0xg', '0x1p4', '0x1P-4', '0x.1', '0x1.', '0x.', '-0x10', '+0x10', '0x1p', '0xffffffffffffffff', '0x10000000000000000',
  '9223372036854775807', '9223372036854775808', '-9223372036854775808', '-9223372036854775809', '99999999999999999999', '1e308', '1e309', '-1e309',
  'inf', 'nan', 'Infinity', '1_000', '1,000', '0b1', '0o7', '007', '-0', '-0.0', '0e0', '1e0', '5e-324', '1e-400', '123456789012345678901234567890',
  '1\0', '0x1.8p1', '0x1.fffffffffffff8p0', '1e1000000000', '\v10\f', '10\160', '0x7fffffffffffffff', '0xA', '1e5x', '10 x',
} do
  show(text(numeral), tonumber(numeral), math.tointeger(tonumber(numeral) or 0.5))
end
for _, case in ipairs { { '10', 2 }, { '102', 2 }, { 'zz', 36 }, { 'ZZ', 36 }, { '7', 8 }, { '8', 8 }, { 'ff', 16 }, { '-ff', 16 }, { ' ff ', 16 }, { '', 10 },
  { '1.0', 10 }, { '1e1', 16 }, { '0x10', 16 }, { 'ffffffffffffffff', 16 }, { '10000000000000000', 16 }, { '9223372036854775808', 10 }, { '1', 1 }, { '1', 37 },
  { 10, 10 }, { 'z', 35 }, { '1 1', 10 }, { '-', 10 }, { '- 1', 10 } } do
  try('tonumber ' .. texts(case[1], case[2]), tonumber, case[1], case[2])
end
try('tonumber()', tonumber) try('tonumber(nil)', tonumber, nil) try('tonumber({})', tonumber, {}) try('tonumber(true)', tonumber, true)
try('tonumber("1", nil)', tonumber, '1', nil) try('tonumber("1", "x")', tonumber, '1', 'x') try('tonumber("10", 16.0)', tonumber, '10', 16.0)
try('tonumber("10", 16.5)', tonumber, '10', 16.5)
for _, value in ipairs { 0, -0.0, 1, 1.0, 3.7, -3.7, '3', '3.0', '3.5', 'x', 2^53, 2^63, -2^63, 1e300, true, {} } do
  try('tointeger ' .. texts(value), math.tointeger, value)
  try('floor', math.floor, value) try('ceil', math.ceil, value)
end
for _, case in ipairs { { 7, 3 }, { -7, 3 }, { 7, -3 }, { -7, -3 }, { 7.5, 2 }, { -7.5, 2 }, { 7, 0 }, { 7, 0.0 }, { math.mininteger, -1 }, { math.maxinteger, 10 }, { '7', 3 }, { 1, math.huge } } do
  try('fmod ' .. texts(table.unpack(case)), math.fmod, table.unpack(case))
end
try('max', math.max, 1, 2.5, -1) try('max()', math.max) try('min', math.min, 3, 1.0, 1) try('max string', math.max, '10', 9) try('max bad', math.max, 1, {})
show('ult', math.ult(1, -1), math.ult(-1, 1), math.ult(1, 2), math.ult(math.maxinteger, math.mininteger))
show('abs', math.abs(math.mininteger), math.abs(-5), math.abs(-5.5), math.abs('-5'))
show('const', math.pi, math.huge, math.maxinteger, math.mininteger)
show('sqrt exp', math.sqrt(2), math.sqrt(16), math.sqrt(-1), math.exp(0), math.log(8, 2), math.log(100, 10), math.log(1), math.log(1024, 4), math.log(0))
show('trig', math.sin(0), math.cos(0), math.tan(0), math.asin(1), math.acos(1), math.atan(1), math.atan(1, -1), math.atan(-0.0, -1), math.deg(math.pi), math.rad(180))
show('old', math.pow(2, 10), math.ldexp(0.5, 4), math.log10(1000), math.frexp(10), math.cosh(0), math.sinh(0), math.tanh(0))
for _, x in ipairs { 0.0, 1.0, -3.5, 1e300, 5e-324, 0.1 } do show('frexp ' .. text(x), math.frexp(x)) show('ldexp', math.ldexp(x, 3), math.ldexp(x, -1080)) end
try('random 0', math.random, 0, -1) try('random bad', math.random, 1, 2, 3) try('random range', math.random, 2, 1) try('random(0)', math.random, 0)
try('random wide', math.random, math.mininteger, math.maxinteger)
for _, top in ipairs { 1, 6, 100 } do local ok = true for _ = 1, 200 do local r = math.random(top) ok = ok and math.type(r) == 'integer' and r >= 1 and r <= top end show('random ' .. top, ok) end
do local r = math.random() show('random()', math.type(r), r >= 0 and r < 1) end
for _, value in ipairs { 1, 1.5, '1', 'x', true } do try('type ' .. text(value), math.type, value) end
try('type()', math.type)
