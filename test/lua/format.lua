dofile('prelude.lua')
local function f(form, ...) try(form .. ' of ' .. texts(...), string.format, form, ...) end
local ints = { 0, 1, -1, 42, -42, 255, 123456789, math.maxinteger, math.mininteger }
for _, form in ipairs { '%d', '%5d', '%-5d|', '%05d', '%+d', '% d', '%.3d', '%8.3d', '%-8.3d|', '%+.0d', '%i', '%u', '%x', '%X', '%#x', '%#X', '%o', '%#o', '%08x', '%-8x|', '%.10x', '%#10x', '%#010x', '%c' } do
  for _, value in ipairs(ints) do
    if form ~= '%c' or (value >= 0 and value < 256) then
      if form == '%u' then try('%u', string.format, form, value) else f(form, value) end
    end
  end
end
local floats = { 0.0, -0.0, 1.0, -1.5, 0.5, 1.5, 2.5, 0.1, 123.456, 1e10, 1e-5, 1e100, 123456789.123, 5e-324, 1.7976931348623157e308, math.huge, -math.huge, 3, -7 }
for _, form in ipairs { '%f', '%.0f', '%.1f', '%.3f', '%10.2f', '%-10.2f|', '%010.2f', '%+f', '% f', '%#.0f', '%e', '%.0e', '%.3e', '%E', '%12.3e', '%g', '%.0g', '%.3g', '%G', '%#g', '%.20g', '%.14g', '%.99f', '%a', '%A', '%.3a', '%.0a', '%20a|', '%-20a|' } do
  for _, value in ipairs(floats) do f(form, value) end
end
for _, value in ipairs { 0.045, 0.055, 1.005, 2.675, 1.115, 0.125, 0.375, 1e15 + 0.5, 1e22, 1e23, 9.5, 99.95, 999.5, 9.9999995 } do
  for digits = 0, 6 do f('%.' .. digits .. 'f', value) f('%.' .. digits .. 'e', value) f('%.' .. digits .. 'g', value) end
end
for _, form in ipairs { '%s', '%5s|', '%-5s|', '%.2s', '%5.1s|', '%-5.1s|', '%.0s|' } do
  for _, value in ipairs { '', 'a', 'abc', 'a long one', 12, 1.5, true } do f(form, value) end
  try(form .. ' nil', string.format, form, nil)
end
for _, value in ipairs { '', 'plain', 'quo"te', 'back\\slash', 'new\nline', 'tab\t', 'nul\0', 'nul\0001', '\r\1\127\128\255', 'é', 1, -5, 1.5, 0.1, 1e100, 1/0, -1/0, math.mininteger, math.maxinteger, true, false } do
  try('%q', string.format, '%q', value)
end
try('%q nil', string.format, '%q', nil) try('%q table', string.format, '%q', {}) try('%q none', string.format, '%q')
f('100%%') f('%d%%', 5) f('%s %s', 1, 2) f('%s %s', 1) f('%5%', 1) f('%y', 1) f('%123d', 1) f('%.123d', 1) f('%----------d', 1)
f('%d', 1.0) f('%d', 1.5) f('%d', '10') f('%d', '1.0') f('%d', 'x') f('%d', nil) f('%d', 2^63) f('%x', -1.0) f('%f', 'x') f('%f', '1e2') f('%s', 'a\0b') f('%c', 0) f('%c%c%c', 76, 117, 97)
f('%5c|', 65) f('%-5c|', 65) f('%p', 1) f('%n', 1) f('%ld', 1) f('%s') f('%5q', 'x') f('%#s', 'x') f('%.3q', 'x') f('% 5s', 'x') f('%+d %+d', 1, -1)
f('%s', setmetatable({}, { __tostring = function() return 'meta' end })) f('%10s|', setmetatable({}, { __tostring = function() return 'meta' end }))
f('%s', setmetatable({}, { __tostring = function() return 5 end })) try('__name', string.format, '%s', setmetatable({}, { __name = 'My.Type' }))
f('%.20s', ('x'):rep(100)) f('%s', ('y'):rep(200)) f('%99.99f', 1/3) f('%100d', 1) f('%i', 3) f('%5s%-5s|', 'ab', 'cd')
for _, form in ipairs { '%', '%%%', 'x%', '%5', '%-', '%.', '%.3', '% ', '%-5.2', '%d%', '%\0', '%\0d', '%5\0', '%z', '%-5z', '%l', '%\255', '%s%' } do try(form, string.format, form, 1) try(form .. ' of two', string.format, form, 1, 2) try(form .. ' of none', string.format, form) end
