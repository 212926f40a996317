dofile('prelude.lua')
local s = 'hello world'
for i = -12, 12, 3 do for j = -12, 12, 4 do show('sub ' .. i .. ' ' .. j, s:sub(i, j)) end end
for _, pair in ipairs { { 1, 1 }, { 0, 5 }, { -3, -1 }, { 5, 2 }, { math.mininteger, math.maxinteger }, { 1.0, 3.0 }, { '2', '3' } } do
  show('sub', s:sub(pair[1], pair[2])) show('byte', s:byte(pair[1], math.min(pair[2] + 0, 20)))
end
try('sub 1.5', string.sub, s, 1.5) try('sub nil', string.sub, nil, 1) try('sub()', string.sub) try('sub number', string.sub, 12345, 2, 3) try('sub table', string.sub, {}, 1)
try('byte', string.byte, '') try('byte 10', string.byte, 'abc', 10) try('byte all', string.byte, 'a\0\255', 1, -1) try('byte default', string.byte, 'A')
try('char', string.char) try('char abc', string.char, 97, 98, 0, 255) try('char 256', string.char, 256) try('char -1', string.char, -1) try('char x', string.char, 'x') try('char "65"', string.char, '65')
show('case', s:upper(), ('ÀB'):lower(), ('a1_B'):upper(), ('\xc4'):lower())
show('len', #'', #'abc', #'a\0b', ('é'):len())
show('rep', ('ab'):rep(3), ('ab'):rep(0), ('ab'):rep(-1), ('ab'):rep(3, ','), ('ab'):rep(1, ','), (''):rep(5), (''):rep(3, '-'), ('x'):rep(2.0))
try('rep large', string.rep, 'x', 1 << 62) try('rep bad', string.rep, 'x', 'y') try('rep none', string.rep, 'x')
show('reverse', ('abc'):reverse(), (''):reverse(), ('a\0b'):reverse())
for _, escape in ipairs { [["\65\066\x41\u{41}\u{e9}\u{20ac}\u{10ffff}"]], [["\z    abc"]], [['\'\"\\\a\b\f\n\r\t\v']], [["\400"]], [["\xg0"]], [["\u{110000000}"]], [["\u{7fffffff}"]], [["\q"]], [["a
b"]], [["\
"]], '[[\nfirst]]', '[==[a]]b]=]c]==]', '"unfinished', '[[unfinished', "'a\\", '"\\u{}"', '"\\u41"', '"\\u{41"', '"\\x4"' } do run('return ' .. escape) end
for _, pair in ipairs { { 'a', 'b' }, { 'a', 'a' }, { 'Z', 'a' }, { '', 'a' }, { 'a', 'aa' }, { 'a\0a', 'a\0b' }, { '\255', 'a' }, { '10', '9' } } do
  show('compare ' .. texts(pair[1], pair[2]), pair[1] < pair[2], pair[1] <= pair[2], pair[1] == pair[2], pair[1] > pair[2])
end
for _, source in ipairs { 'return ("x").y', 'return ("x"):y()', 'local s = "x" s.y = 1', 'return #"abc" + 1', 'return "a" .. nil', 'return "a" .. {}', 'local t = {} return "a" .. t.x', 'return "a" .. true',
  'return ("abc"):len()', 'return ("%d"):format(3)', 'return (5):type()', 'local a = "x" return a .. b', 'return "1" + "2", "3" * "4", 10 .. 20', 'return -"x"', 'return "x" < 1', 'return 1 .. "" == "1"', 'return 1.0 .. ""', 'return 2^53 .. ""' } do run(source) end
for _, value in ipairs { 1, 1.0, -0.0, 1e15, 1e100, 'x', true, 2^31, 2^53, 2^63, 1/0, -1/0, 0.1, 1/3, 100, 1e14, 123456.789e3 } do show('tostring', tostring(value)) end
try('tostring()', tostring) show('tostring nil', tostring(nil))
print(plain(tostring(print)):gsub('builtin', 'function') ~= nil, plain(tostring({})), plain(tostring(function() end)), plain(tostring(coroutine.create(print))))
for _, case in ipairs { 'utf8.char(72, 228, 8364, 0x10ffff)', 'utf8.char()', 'utf8.char(-1)', 'utf8.charpattern', 'utf8.len("äöü")', 'utf8.len("\\xff")', 'utf8.len("äö", 3)', 'utf8.len("äö", 2)', 'utf8.len("abc", 5)', 'utf8.len("")',
  'utf8.codepoint("äöü", 1, -1)', 'utf8.codepoint("\\xff")', 'utf8.codepoint("abc", 2)', 'utf8.codepoint("abc", 4)', 'utf8.offset("aäb", 3)', 'utf8.offset("aäb", -1)', 'utf8.offset("aäb", 0, 3)', 'utf8.offset("aäb", 5)', 'utf8.offset("aäb", 1, 3)',
  'utf8.len("\\u{10ffff}")', 'utf8.len("\\xf4\\x90\\x80\\x80")', 'utf8.len("\\xed\\xa0\\x80")', 'utf8.len("\\xc0\\x80")' } do run('return ' .. case) end
for position, code in utf8.codes('aä€😀') do print(position, code) end
try('codes bad', function() for p, c in utf8.codes('a\xffb') do print(p, c) end end)
show('table.concat', table.concat({ 1, 2.5, 'x' }, ', '))
