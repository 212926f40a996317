dofile('prelude.lua')
local function hex(s) return (s:gsub('.', function(c) return ('%02x'):format(c:byte()) end)) end
local function p(form, ...)
  local ok, packed = pcall(string.pack, form, ...)
  if not ok then print(form, texts(...), 'FAILS ' .. packed) return end
  print(form, texts(...), hex(packed))
  try('  back', string.unpack, form, packed)
end
for _, form in ipairs { 'b', 'B', 'h', 'H', 'i', 'I', 'l', 'L', 'j', 'J', 'T', 'i1', 'i2', 'i3', 'i4', 'i7', 'i8', 'i16', 'I1', 'I2', 'I3', 'I5', 'I8', 'I16', '<i4', '>i4', '=i4', '>i8', '<I3', '>I7', '>i16', '>I16' } do
  for _, value in ipairs { 0, 1, -1, 127, -128, 128, 255, 256, 32767, 65535, -32768, 8388607, 2147483647, -2147483648, 4294967295, math.maxinteger, math.mininteger } do p(form, value) end
end
for _, form in ipairs { 'f', 'd', 'n', '<f', '>f', '<d', '>d' } do
  for _, value in ipairs { 0.0, -0.0, 1, -1.5, 0.1, 1e300, 1e-300, 1/0, -1/0, 3.4028234663852886e38, 1e-45, 5e-324 } do p(form, value) end
end
for _, form in ipairs { 's', 's1', 's2', 's4', 's8', 'z', '>s2', '<s3' } do for _, value in ipairs { '', 'a', 'hello', ('x'):rep(300) } do if #value < 256 then p(form, value) else try(form .. ' long', function() return #string.pack(form, value) end) end end end
p('z', 'a\0b') p('c5', 'abc') p('c5', 'abcde') p('c5', 'abcdef') p('c0', '') p('c', 'x') p('x') p('xx') p('bxb', 1, 2) p('!4 b i4', 1, 2) p('!8 b i8', 1, 2) p('!2 b i8', 1, 2) p('! b d', 1, 2) p('b Xi4 i4', 1, 2) p('!4 b Xi4 i4', 1, 2) p('!4 b Xi4', 1) p('X', 1) p('Xz', 1)
p('i17', 1) p('i0', 1) p('!17 i4', 1) p('!3 i3', 1) p('y', 1) p('i4') p('i4', 'x') p('i4', 1.5) p('i4', '7') p('s1', ('x'):rep(256)) p('<i2 >i2 =i2', 1, 2, 3) p('  b  b ', 1, 2) p('!4 i1 !2 i8', 1, 2) p('>!4 i2 i4 i8', 1, 2, 3) p('d', 'x') p('z', 5) p('B', -1) p('I1', 256)
for _, form in ipairs { 'b', 'i4', 'i16', 'd', 'f', '!8 b i8', 'c10', 'x', 'bhilj', '!4 bi4', 's', 'z', 'i4s', '<!8 b Xd', 'T', 'J', 'n', 'y', '' } do try('size ' .. form, string.packsize, form) end
try('unpack at', string.unpack, 'i1 i1', '\1\2\3\4', 2) try('unpack -1', string.unpack, 'b', 'abc', -1) try('unpack end', string.unpack, 'b', 'abc', 4) try('unpack beyond', string.unpack, 'b', 'abc', 5) try('unpack 0', string.unpack, 'b', 'abc', 0) try('unpack short', string.unpack, 'i4', 'abc')
try('unpack s', string.unpack, 's1', '\5abc') try('unpack z', string.unpack, 'z', 'abc') try('unpack none', string.unpack, '', 'abc') try('unpack wide', string.unpack, '<i16', '\255\255\255\255\255\255\255\127' .. ('\0'):rep(8)) try('unpack too wide', string.unpack, '<I9', ('\255'):rep(9)) try('unpack sign', string.unpack, '<i9', ('\255'):rep(9)) try('unpack c', string.unpack, 'c3', 'abcdef') try('unpack align', string.unpack, '!4 b i4', '\1\0\0\0\2\0\0\0')
