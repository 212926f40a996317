dofile('prelude.lua')
local max, min = math.maxinteger, math.mininteger
local function loop(from, to, step)
  local seen = {}
  local ok, message = pcall(function()
    for i = from, to, step do seen[#seen + 1] = text(i) if #seen == 6 then break end end
  end)
  print(texts(from, to, step), ok and table.concat(seen, ' ') or message)
end
-- no loop that ends at the very limits: lua5.3 wraps there and never ends, ours stops
for _, case in ipairs { { 1, 3, 1 }, { 3, 1, -1 }, { 1, 3, 2 }, { 1, 0, 1 }, { 1, 1, 1 }, { 1, 3, 0 }, { 1, 3, -1 }, { max - 3, max - 1, 1 }, { max - 4, max - 2, 2 }, { min + 3, min + 1, -1 }, 
  { 2147483646, 2147483649, 1 }, { 1, 2.5, 1 }, { 1.0, 3, 1 }, { 1, 3, 0.5 }, { 1, 3, 1.0 }, { 0.1, 0.5, 0.1 }, { 3, 1, -0.5 }, { 1, math.huge, 1 }, { 1, -math.huge, 1 }, { 1, 0/0, 1 }, { 1.0, 0/0, 1 },
  { 1, 3, 0.0 }, { '1', 2, 1 }, { 1, '2', 1 }, { 1, 2, '1' }, { 1, {}, 1 }, { nil, 1, 1 }, { 1, 2.9999, 1 }, { -1, -2.5, -1 }, { 2^53, 2^53 + 3, 1 }, { 9007199254740990, 9007199254740994, 1 }, { -3, 3, 3 } } do loop(case[1], case[2], case[3]) end
-- loops that begin at the very limits
for _, case in ipairs { { min, min + 1, 1 }, { min, min, 1 }, { min, min + 7, 3 }, { min + 1, min + 4, 3 }, { max, max - 1, -1 }, { max, max, -1 }, { max, max - 7, -3 }, { max - 1, max - 4, -3 },
  { min, 0, max }, { min, -1, max }, { 0, max - 1, max }, { 0, min + 1, min }, { min, min + 1, max }, { max, 0, min }, { max, 5, -max }, { min, -5, 2^62 | 0 },
  { max, max - 1, 1 }, { min, min + 1, -1 }, { min, -math.huge, 1 }, { max, math.huge, -1 }, { min, min + 2.5, 1 } } do loop(case[1], case[2], case[3]) end
for i = 3, 1 do print('never', i) end
do local n = 0 while true do n = n + 1 if n > 5 then break end end print(n) repeat local done = n > 8 n = n + 1 until done print(n) end
for i = 1, 3 do for j = 1, 3 do if j == 2 then goto continue end print(i, j) ::continue:: end end
do local i = 1 ::top:: if i <= 3 then print('goto', i) i = i + 1 goto top end end
do local fs = {} for i = 1, 3 do local j = i * 10 fs[i] = function() j = j + i return j end end print(fs[1](), fs[1](), fs[2](), fs[3](), fs[3]()) end
do local fs, i = {}, 1 ::again:: local x = i fs[i] = function() x = x + 1 return x end i = i + 1 if i <= 3 then goto again end print(fs[1](), fs[1](), fs[2](), fs[3]()) end
do local i = 0 while i < 10 do i = i + 1 if i % 2 == 0 then goto next end if i > 7 then break end print('odd', i) ::next:: end end
for _, source in ipairs { 'goto nowhere', 'break', 'do goto l end local a ::l:: print(a)', '::l:: ::l::', 'goto l; local a; ::l:: a = 1', 'do local x goto e end ::e:: return 1', 'repeat goto c; local x; ::c:: until x', 'for i = 1, 2 do goto c; ::c:: end return "ok"', 'goto = 1', 'for i = 1 do end', 'for 1, 2 do end', 'for a, b = 1, 2 do end', 'while true end', 'if x then else elseif y then end', 'return return', 'return 1,', 'local function f() return 1 end return f(), f()', 'do return 5 end', 'return (...)', 'local a, b = 1 return a, b', 'local a, b = (function() return 1, 2, 3 end)() return a, b', 'local t = {} t.a, t.b = 1, 2 return t', 'local i = 1 local t = {} i, t[i] = i + 1, 20 return i, t', 'local a = {} a.b = {} a.b.c = function(self) return self end return type(a.b:c())', 'for i = 1, 3 do local i = i * 2 end return "ok"', 'x = = 1', 'local 1 = 2', 'f(', 'f() = 1', 'a.b:c = 1', 'return 1 2', 'return "a" "b"', 'local function end', 'function f.g:h.i() end', 'return {1, 2', '@', 'return `a`', 'return a?b', 'return !a', 'return a != b', 'x += 1', '// comment', '--[[ unclosed', 'local x = 5 x()', 'return nil()', 'local t = {} t.x()', 'local t = {} t:x()', 'undefinedfn()', 'local a = {b = {}} a.b.c.d = 1', 'return not nil == true, 2^3^2, -2^2, not 1 == 2, 1 .. 2 .. 3, 2 * 3 % 4, 1 + 2 << 1, 5 & 3 == 1' } do run(source) end
local function sum(...) local s = 0 for i = 1, select('#', ...) do s = s + (select(i, ...)) end return s end
print(sum(), sum(1), sum(1, 2, 3), sum(table.unpack({ 1, 2, 3, 4 })))
local function tail(n) if n == 0 then return 'done' end return tail(n - 1) end print(tail(100000))
local function fact(n) return n <= 1 and 1 or n * fact(n - 1) end for i = 15, 25 do print(i, fact(i), fact(i + 0.0)) end
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end print(fib(20))
print(select('#', (function() end)()), select('#', ((function() end)())), (function(...) return select('#', ...) end)(nil, nil))
