dofile('prelude.lua')
local subjects = { '', 'hello world', 'key = value', '  trim me  ', 'a.b.c', '/path/to/file.txt', '2024-01-31', 'THE (quick) fox', 'aaa', 'x\0y', '[[nested [brackets] here]]', 'f(a,(b,c),d)', 'ünï' }
local patterns = { '%a+', '%s*$', '^%s*(.-)%s*$', '(%w+)%s*=%s*(%w+)', '[^/]+$', '%.([^.]*)$', '^(%d+)-(%d+)-(%d+)$', '%b()', '%b[]', '%f[%w]%w+', 'a-', 'a*', 'a+', 'a?a', '.', '()', '()%w()', '(.)%1', '%u', '%l+', '%p', '%c', '%x+', '[a-f]+', '[%a_][%w_]*', '[]]', '[^]]', '[a%-z]', '[%]]+', '^', '$', 'l+', '.-o', '%d*', '%z', '%S+', '%W', '[\128-\255]+', '%g+', '((%a)(%a))' }
for _, pattern in ipairs(patterns) do
  for _, subject in ipairs(subjects) do
    try(text(pattern) .. ' in ' .. text(subject), function() return subject:find(pattern) end)
    local n = select('#', subject:match(pattern))
    show('  match', n, subject:match(pattern))
    show('  gsub', subject:gsub(pattern, '<%0>'))
  end
end
for _, bad in ipairs { '(', ')', '%', '[', '[a', '[^', '(()', '%1', '(%2)', '%b', '%bx', '%f', '%f1', 'a)', '[%', '(a', '%9', '[]', '[a-' } do
  try('bad ' .. bad, string.find, 'abc', bad) try('bad gsub ' .. bad, string.gsub, 'abc', bad, '')
end
show('init', ('hello'):find('l', 4), ('hello'):find('l', -2), ('hello'):find('', 6), ('hello'):find('', 7), ('hello'):find('h', -100), ('hello'):find('^l', 3), ('hello'):match('^(l)', 3))
show('plain', ('a.b'):find('.', 1, true), ('a.b'):find('.b', 1, true), ('a%b'):find('%', 1, true), ('abc'):find('', 2, true), ('abc'):find('d', 1, true), ('abc'):find('', 10, true))
local function g(...) try('gsub ' .. texts(...), string.gsub, ...) end
g('hello', 'l', 'L') g('hello', 'l', 'L', 1) g('hello', 'l', 'L', 0) g('hello', 'l', 'L', -1) g('hello', '', '-') g('hello', '(l)(l)', '%2%1') g('hello', 'l', '%%') g('hello', 'l', '%1') g('hello', 'l', '%2') g('hello', 'l', '%')
g('hello', 'l', '%x') g('abc', '%w', '%0%0') g('abc', '(a)(b)(c)', '%3%2%1%0') g('$name is $age', '%$(%w+)', { name = 'Bob', age = 5 }) g('$x', '%$(%w+)', { x = false }) g('$x', '%$(%w+)', { x = true }) g('$x', '%$(%w+)', { x = {} })
g('abc', '%w', 5) g('abc', '%w', nil) g('abc', '%w', true) g('abc', 'b', 1.5) g('abc def', '%w+', '%0 %0', 1) g('abc', '()', '%1') g('x^y', '%^', '') g('a,b,,c', ',', ';') g('abc', '.', { a = 1, b = 2.5 })
try('gsub fn', string.gsub, 'abc', '%w', function(c) return c:upper() end) try('gsub fn nil', string.gsub, 'abc', '%w', function() end) try('gsub fn false', string.gsub, 'abc', '%w', function() return false end)
try('gsub fn bad', string.gsub, 'abc', '%w', function() return {} end) try('gsub fn captures', string.gsub, 'k=v', '(%w)=(%w)', function(k, v) return v .. k end) try('gsub fn position', string.gsub, 'ab', '()(.)', function(p, c) return p .. c end)
try('gsub fn error', string.gsub, 'abc', '%w', function() error('inside', 0) end)
for word, at in ('the quick brown fox'):gmatch('(%a+)()') do print(word, at) end
for k, v in ('a=1, b=2, c=3'):gmatch('(%w+)=(%w+)') do print(k, v) end
for x in ('abc'):gmatch('') do show('empty', x) end
for x in ('a1b22c'):gmatch('%d*') do show('digits', x) end
try('gmatch bad', function() for x in ('abc'):gmatch('(') do print(x) end end)
try('gmatch anchored', function() local n = 0 for x in ('^a^a'):gmatch('^a') do n = n + 1 end return n end)
try('long', function() return #('a'):rep(10000):match('.-b?$') end)
try('deep', function() return (('x'):rep(1000)):match(('x?'):rep(10) .. '$') ~= nil end)
try('captures', string.find, ('a'):rep(40), ('(a)'):rep(33)) show('32 captures', select('#', (('a'):rep(40)):match(('(a)'):rep(32))))
try('too complex', string.match, ('a'):rep(300), ('a?'):rep(250))
for _, class in ipairs { 'a', 'c', 'd', 'g', 'l', 'p', 's', 'u', 'w', 'x', 'A', 'S', 'W' } do
  local count = 0 for byte = 0, 255 do if string.char(byte):find('%' .. class) then count = count + byte end end show('%' .. class, count)
end
