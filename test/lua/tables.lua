dofile('prelude.lua')
unpack = nil -- lsyncd's scripts have it, lua5.3 does not
local function fill(n) local t = {} for i = 1, n do t[i] = i * 10 end return t end
local function with(label, t, f, ...) local args = table.pack(...) try(label, function() return f(t, table.unpack(args, 1, args.n)), t end) end
for at = -1, 7 do with('insert at ' .. at, fill(5), table.insert, at, 'x') with('remove at ' .. at, fill(5), table.remove, at) end
with('insert', fill(3), table.insert, 'x') with('insert none', fill(3), table.insert) with('insert many', fill(3), table.insert, 1, 2, 3) with('insert bad', fill(3), table.insert, 'a', 1) with('insert 2.0', fill(3), table.insert, 2.0, 1) with('insert 2.5', fill(3), table.insert, 2.5, 1)
with('remove', fill(3), table.remove) with('remove empty', {}, table.remove) with('remove empty 0', {}, table.remove, 0) with('remove empty 1', {}, table.remove, 1) with('remove empty 2', {}, table.remove, 2) with('remove #+1', fill(3), table.remove, 4)
try('insert string', table.insert, 'x', 1) try('remove nil', table.remove, nil)
for _, case in ipairs { {}, { 1 }, { 1, 2, 3 }, { 'a', 'b' }, { 1, 'x', 2.5 }, { 1.0, -0.0 } } do
  show('concat', table.concat(case), table.concat(case, ','), table.concat(case, ', ', 2), table.concat(case, '-', 1, #case), table.concat(case, '', 2, 1))
end
try('concat nil', table.concat, { 1, nil, 3 }, ',', 1, 3) try('concat table', table.concat, { {} }) try('concat bool', table.concat, { true }) try('concat beyond', table.concat, { 1 }, ',', 1, 2) try('concat number', table.concat, { 1, 2 }, 0) try('concat bad', table.concat, 5)
show('unpack', table.unpack { 1, 2, 3 }) show('unpack part', table.unpack({ 1, 2, 3 }, 2)) show('unpack range', table.unpack({ 1, 2, 3 }, 2, 5)) show('unpack none', table.unpack({}, 1, 0)) show('unpack negative', table.unpack({ [-1] = 'm', [0] = 'z', 'o' }, -1, 1)) try('unpack too many', table.unpack, {}, 1, 1e8) try('unpack limits', table.unpack, {}, math.mininteger, math.maxinteger) try('unpack at max', table.unpack, { [math.maxinteger] = 'm' }, math.maxinteger, math.maxinteger) try('unpack string', table.unpack, 'abc') try('unpack bad', table.unpack, {}, 'x')
show('pack', table.pack()) show('pack', table.pack(1, nil, 3, nil)) show('select', select('#'), select('#', nil, nil), select(2, 'a', 'b', 'c')) show('select -1', select(-1, 'a', 'b', 'c')) try('select 0', select, 0) try('select -5', select, -5, 1) try('select x', select, 'x') show('select 5', select(5, 1, 2))
for _, case in ipairs { { 1, 3, 2 }, { 1, 5, 3 }, { 3, 5, 1 }, { 1, 0, 3 }, { 2, 4, 2 }, { 1, 5, 6 }, { -2, 2, 1 } } do with('move ' .. texts(table.unpack(case)), fill(5), table.move, table.unpack(case)) end
show('move to other', table.move({ 1, 2, 3 }, 1, 3, 2, { 9, 9 })) try('move wraps', table.move, {}, 1, math.maxinteger, 2) try('move many', table.move, {}, math.mininteger, -1, 1) try('move at end', table.move, { 'a' }, 1, 1, math.maxinteger) try('move bad', table.move, {}, 'a', 1, 1) try('move none', table.move, {}, 1)
local words = { 'pear', 'apple', 'fig', 'banana', 'cherry', 'Zoo', '', 'apple2', 'éclair' }
table.sort(words) show('sorted', words)
table.sort(words, function(a, b) return #a < #b or (#a == #b and a < b) end) show('by length', words)
local numbers = {} for i = 1, 200 do numbers[i] = (i * 7919) % 211 end table.sort(numbers) print(table.concat(numbers, ' ')) table.sort(numbers, function(a, b) return a > b end) print(table.concat(numbers, ' '))
local mixed = { 3, 1.5, -2, 2^53, math.maxinteger, math.mininteger, 0.0, 1/0, -1/0 } table.sort(mixed) show('mixed', mixed)
try('sort types', table.sort, { 1, 'x' }) try('sort tables', table.sort, { {}, {} }) try('sort bad order', table.sort, { 3, 1, 2, 5, 4, 9, 8, 7, 6, 5 }, function() return true end) try('sort no function', table.sort, { 2, 1 }, 5) try('sort nil', table.sort, { 1, nil, 3 }) try('sort error', table.sort, { 2, 1 }, function() error('order', 0) end) try('sort one', table.sort, { 1 }) try('sort string', table.sort, 'x')
for _, case in ipairs { { 1, 2, 3 }, {}, { n = 1 }, { 1, 2, 3, x = 4 } } do
  show('length', #case) for i, v in ipairs(case) do print(i, v) end local count = 0 for _ in pairs(case) do count = count + 1 end show('pairs', count) show('next', next(case) ~= nil)
end
for k, v in pairs { 10, 20, 30 } do print(k, v) end
do local t = { 1, 2, 3, 4, 5 } for k in pairs(t) do t[k] = nil end show('cleared', t, next(t)) end
do local t = { a = 1, b = 2 } for k in pairs(t) do t[k] = (t[k]) + 1 end show('changed', t) end
try('next bad', next, {}, 'x') try('next nil', next) try('ipairs nil', ipairs) try('pairs nil', pairs, nil) try('rawlen', rawlen, 'abc') try('rawlen table', rawlen, { 1, 2 }) try('rawlen 5', rawlen, 5) try('rawget', rawget, { a = 1 }, 'a') try('rawset', rawset, {}, 'k', 'v') try('rawset nil', rawset, {}, nil, 1) try('rawequal', rawequal, 'a', 'a') try('rawequal 1', rawequal, 1) try('rawget string', rawget, 'x', 1)
for _, source in ipairs { 'local t = {1,2,3,[2]="x"} return t', 'return {n=1,["n"]=2}', 'return {f=1; 2, 3;}', 'return {[nil]=1}', 'return {(function() return 1,2 end)()}', 'return {(function() return 1,2 end)(), 3}', 'return #{1,2,nil}', 'return #{n=3}', 'return {...}', 'return {[1.0]=1, [2]=2}', 'local t = {} t.x.y = 1', 'local t t.x = 1', 'return undefinedglobal.x', 'local t = {} t[nil] = 1', 'local a <const> = 1', 'return ({1,2,3})[2]', 'return {{1},{2,{3}}}', 'local t = {} t[1.5] = "f" return t[1.5], t[1]' } do run(source) end
local proxy = setmetatable({}, { __index = function(_, k) if k <= 3 then return k * 2 end end, __len = function() return 3 end, __newindex = function(t, k, v) rawset(t, k, v) end })
show('meta concat', table.concat(proxy, ',')) show('meta unpack', table.unpack(proxy)) for i, v in ipairs(proxy) do print(i, v) end table.insert(proxy, 'new') show('meta insert', rawget(proxy, 4)) show('old names', table.maxn, table.getn, loadstring, setfenv)
show('bit32', bit32.band(0xff, 0x0f), bit32.bor(1, 2), bit32.bxor(5, 1), bit32.bnot(0), bit32.lshift(1, 31), bit32.rshift(-1, 4), bit32.arshift(-8, 1), bit32.lrotate(0x80000001, 1), bit32.rrotate(1, 1), bit32.extract(0xabcd, 4, 8), bit32.replace(0, 0xff, 4, 4), bit32.btest(1, 2))
for _, by in ipairs { -33, -32, -31, -1, 0, 1, 31, 32, 33, 64 } do show('bit32 by ' .. by, bit32.lshift(0x80000001, by), bit32.rshift(0x80000001, by), bit32.arshift(0x80000001, by), bit32.lrotate(0x80000001, by), bit32.rrotate(0x80000001, by)) end
try('extract', bit32.extract, 1, 32) try('extract', bit32.extract, 1, 30, 4) try('extract', bit32.extract, 1, -1) try('extract', bit32.extract, 1, 1, 0) try('band x', bit32.band, 'x') try('band 1.5', bit32.band, 1.5) try('band big', bit32.band, 2^40 + 5, -1)
