dofile('prelude.lua')
local max, min = math.maxinteger, math.mininteger
local values = { 0, 1, -1, 2, -2, 3, -7, 10, 255, -256, 65536, 2147483647, -2147483648, 4294967296,
  9007199254740991, 9007199254740992, -9007199254740993, 1 << 62, max, max - 1, min, min + 1 }
local binary = {
  ['+'] = function(a, b) return a + b end, ['-'] = function(a, b) return a - b end,
  ['*'] = function(a, b) return a * b end, ['//'] = function(a, b) return a // b end,
  ['%'] = function(a, b) return a % b end, ['/'] = function(a, b) return a / b end,
  ['&'] = function(a, b) return a & b end, ['|'] = function(a, b) return a | b end,
  ['~'] = function(a, b) return a ~ b end,
  ['<'] = function(a, b) return a < b end, ['<='] = function(a, b) return a <= b end,
  ['=='] = function(a, b) return a == b end,
}
for _, op in ipairs { '+', '-', '*', '//', '%', '/', '&', '|', '~', '<', '<=', '==' } do
  for i, a in ipairs(values) do
    -- a few partners for each, so that every value meets small, large and extreme ones
    for _, j in ipairs { i, 23 - i, (i * 7) % 22 + 1, (i * 5 + 3) % 22 + 1 } do
      local b = values[j]
      try(string.format('%d %s %d', a, op, b), binary[op], a, b)
    end
  end
end
for _, a in ipairs(values) do
  show('-' .. a, -a)
  show('~' .. a, ~a)
  for _, by in ipairs { 0, 1, 5, 31, 32, 33, 52, 53, 62, 63, 64, 65, -1, -33, -63, -64, max, min } do
    show(string.format('%d << %d, >>', a, by), a << by, a >> by)
  end
end
