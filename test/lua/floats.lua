dofile('prelude.lua')
local huge = math.huge
local values = { 0.0, -0.0, 1.0, -1.5, 0.1, 3.0, -7.25, 1e15, 1e100, -1e300, 1e-300, 5e-324, 2^53, 2^63, -2^63, 2^64, huge, -huge, 0/0 }
local ops = {
  { '+', function(a, b) return a + b end }, { '-', function(a, b) return a - b end },
  { '*', function(a, b) return a * b end }, { '/', function(a, b) return a / b end },
  { '//', function(a, b) return a // b end }, { '%', function(a, b) return a % b end },
  { '^', function(a, b) return a ^ b end },
  { '<', function(a, b) return a < b end }, { '<=', function(a, b) return a <= b end },
  { '==', function(a, b) return a == b end },
}
for _, op in ipairs(ops) do
  for i, a in ipairs(values) do
    for _, j in ipairs { i, 20 - i, (i * 3) % 19 + 1 } do
      local b = values[j]
      -- pow of general fractions is not exact anywhere; its whole powers are
      if op[1] ~= '^' or (b == math.floor(b) and math.abs(b) < 4) then
        try(texts(a) .. ' ' .. op[1] .. ' ' .. texts(b), op[2], a, b)
      end
    end
  end
end
for _, a in ipairs(values) do
  if a == a then print(a, -a, a == 0 and 1 / a) end
  show('floor, ceil, tointeger, type', math.floor(a), math.ceil(a), math.tointeger(a), math.type(a))
  show('abs', math.abs(a))
  try('modf', math.modf, a)
  try('as integer', function() return a | 0 end)
end
for _, digits in ipairs { 1, 2, 3, 7, 12, 13, 14, 15, 16, 17, 20, 25 } do
  print(10 ^ digits, 10 ^ -digits, 1 / 3 * 10 ^ digits, 2 ^ digits, 123456789012345678 / 10 ^ digits)
end
for i = -30, 30 do print(i / 8, i / 10, i * 1e13, i * 1.5e14, i / 3) end
print(1e15, 1e14, 1e16, 123456789012345.0, 99999999999999.0, 100000000000000.0, 0.1 + 0.2, 1e308 * 10, -1e308 * 10)
print(3 | 0, 3.0 | 0, '7' + 1, '7.0' + 1, '0x10' + 0, '1e1' + 0, 10 // 3.0, 10.0 // 3, -10 // 3.0, 5 % -3.0, -5 % 3.0)
print(5.3 % 2, -5.3 % 2, 5.3 % -2, -5.3 % -2, 5 % huge, -5 % huge, 5 % -huge, -5 % -huge)
