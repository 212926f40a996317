dofile('prelude.lua')
-- scoping, upvalues, _ENV, varargs, method calls, integer for, string coercions: what configs are made of
local function counter() local n = 0 return function() n = n + 1 return n end, function() return n end end
local up, read = counter() up() up() show('shared', up(), read()) local up2 = counter() show('own', up2())
do local x = 1 local function f() return x end x = 2 show('late', f()) do local x = 3 show('shadow', x, f()) end end
do local _ENV = { show = show, y = 5 } show('env', y, _ENV.print) z = 6 show('z', z, _ENV.z) end show('outside', z)
do local function f(_ENV) return a end show('env arg', f { a = 'from table' }) end
show('varargs', (function(...) local a, b = ... return a, b, select('#', ...), ... end)(1, nil, 3)) show('pass', (function(...) return (function(...) return ... end)(...) end)(1, 2)) show('adjust', (function() return 1, 2, 3 end)(), 10) show('parens', ((function() return 1, 2, 3 end)()))
do local t = { f = function(self, x) return self.v + x end, v = 10 } show('method', t:f(5), t.f(t, 6), t['f'](t, 7)) end
local function default(x) x = x or 'default' return x end show('or', default(), default(nil), default(false), default(0), default('')) show('and', nil and 1, false and 1, 1 and 2, 1 and nil, false or nil, nil or false)
for _, value in ipairs { 0, '', 'false', {}, 0.0 } do show('truthy', value and 'yes' or 'no') end show('falsy', nil and 'yes' or 'no', false and 'yes' or 'no', not nil, not 0)
show('precedence', 1 + 2 * 3 ^ 2, -3 ^ 2, 2 ^ -1, not true == false, 1 .. 2 == '12', 1 < 2 == true, 'a' .. 'b' == 'ab' and 'c', 7 // 2 * 2, 5 - 3 - 1, 2 ^ 3 ^ 2, 1 << 2 + 1, 6 & 3 | 8, 5 ~ 1 & 3, ~0 >> 60)
do local a, b, c = 1 show('assign', a, b, c) a, b = b, a show('swap', a, b) local t = { 1, 2 } t[1], t[2] = t[2], t[1] show('swap table', t) end
do local s = 0 for i, v in ipairs { 1, 2, nil, 4 } do s = s + v end show('hole', s) end do local n = select('#', table.unpack({ 1, nil, 3 }, 1, 3)) show('unpack n', n) end
do local r = {} for k, v in next, { a = 1 } do r[k] = v end show('next', r) end
do local function f(a, b, ...) return a, b, ... end show('few', f(1)) show('many', f(1, 2, 3, 4)) end do local f = function(t) return t[1], t.k end show('sugar', f { 'one', k = 'two' }) local g = function(s) return #s end show('string call', g 'four', g [[long]]) end
do local mt = { __index = function(t, k) return k .. '!' end } local t = setmetatable({}, mt) show('computed', t.foo, t[1]) end local t = {} t['key with space'] = 1 t[1], t[2.0], t[true] = 'a', 'b', 'c' show('keys', t)
local long = {} for i = 1, 300 do long[i] = 'v' .. i end show('large', #long, long[300], select('#', table.unpack(long))) do local src = 'return {' for i = 1, 400 do src = src .. i .. ',' end show('constructor', #load(src .. '}')()) end
do local parts = {} for i = 1, 250 do parts[i] = 'local v' .. i .. ' = ' .. i end run(table.concat(parts, '\n', 1, 200) .. '\nreturn v200') local ok, m = load(table.concat(parts, '\n')) show('locals', ok, m) end
do local src = 'local x = 0\n' .. ('x = x + 1\n'):rep(1000) .. 'return x' show('many lines', load(src)()) local e = ('('):rep(150) .. '1' .. (')'):rep(150) show('parens', load('return ' .. e)()) local _, m = load('return ' .. ('('):rep(300) .. '1' .. (')'):rep(300)) show('too deep', m) end
do local upvalues = 'local a1' for i = 2, 60 do upvalues = upvalues .. ', a' .. i end local sum = 'a1' for i = 2, 60 do sum = sum .. ' , a' .. i end show('upvalues', load(upvalues .. ' = 1 return select("#", (function() return ' .. sum .. ' end)())')()) end
show('comments', 1 --[[ inline ]] + 2, --[==[ long ]] ]==] 3) -- trailing
show('numerals', 0xff, 0XFF, 1e2, 1E2, .5, 3., 0x.8, 0x1p4, 1e-2, 100000000000000000000, 0xfffffffffffffffff) show('escapes', '\65\066\x43\z
   D', 'a\
b', '\u{48}', [[
first newline dropped]], '\'"', "'\"")
