dofile('prelude.lua')
-- lua5.3 itself stands at the bottom of every stack: that line is not ours to show.
local function lines(s) for line in (s .. '\n'):gmatch('(.-)\n') do if not line:find('[C]: in ?', 1, true) then print((plain(line))) end end end
local function inner() lines(debug.traceback('message')) end
local function middle() inner() return 1 end
function outer() middle() return 1 end
outer()
lines(debug.traceback('level 1', 1)) lines(debug.traceback('level 2', 2)) lines(debug.traceback(5)) print(debug.traceback({}) ~= nil, debug.traceback(nil) ~= nil, type(debug.traceback(true)))
local object = { method = function(self) lines(debug.traceback('in method')) return 1 end, nested = { deep = function() lines(debug.traceback('in field')) return 1 end } }
object:method(); object.nested.deep() local up = object.method; (function() up(object) return 1 end)()
setmetatable(object, { __index = function(t, k) lines(debug.traceback('in index')) return 1 end, __add = function() lines(debug.traceback('in add')) return 1 end }) local _ = object.absent, object + 1
for _ in (function() lines(debug.traceback('in iterator')) end) do end
select(2, pcall(function() lines(debug.traceback('in pcall')) return 1 end)) xpcall(function() error('raised') end, function(m) lines(debug.traceback(m)) end) xpcall(function() local x = nil; x.y = 1 end, function(m) lines(debug.traceback(m)) end)
table.sort({ 2, 1 }, function(a, b) lines(debug.traceback('in sort')) return a < b end) string.gsub('a', 'a', function() lines(debug.traceback('in gsub')) end) load('lines = ...; local function f() lines(debug.traceback("in chunk")) return 1 end f()', '=chunk')(lines) load('local l = ... l(debug.traceback("in text")) return 1', 'some text\nmore')(lines)
local co = coroutine.create(function(a) local b = a * 2 coroutine.yield(b) error('in coroutine') end) coroutine.resume(co, 5) lines(debug.traceback(co)) lines(debug.traceback(co, 'with message')) lines(debug.traceback(co, nil, 1)) coroutine.resume(co) lines(debug.traceback(co, 'failed')) print(coroutine.status(co))
local function recurse(n) if n == 0 then lines(debug.traceback('deep')) return 0 end return 1 + recurse(n - 1) end recurse(5) coroutine.wrap(function() recurse(40) return 1 end)()
local function tail(n) if n == 0 then lines(debug.traceback('tail')) return 0 end return tail(n - 1) end print(tail(3))
-- getinfo
local function info(what, f) local i = debug.getinfo(f, what) local out = {} for _, key in ipairs { 'source', 'short_src', 'what', 'currentline', 'linedefined', 'lastlinedefined', 'nups', 'nparams', 'isvararg', 'name', 'namewhat', 'istailcall' } do if i[key] ~= nil then out[#out + 1] = key .. '=' .. tostring(i[key]) end end print(table.concat(out, ' ')) end
info('Slnut', outer) info('Slnut', middle) info('Slnut', print) info('S', function() end) info('u', function(a, b, ...) return up, a end) info('S', load('return 1', '=named')) info('S', load('return 1', 'text of the chunk')) info('S', load('return 1', 'two\nlines')) info('S', load('return 1', '@' .. ('path/'):rep(20) .. 'end.lua')) info('S', load('return 1', ('text '):rep(20)))
;(function() info('Slnt', 1) info('Slnt', 2) end)() local function named() info('n', 2) info('l', 2) info('n', 3) end named() object.field = named object.field() object.nested.field = named object.nested.field() global_named = named global_named() print(debug.getinfo(100)) print(pcall(debug.getinfo, {})) print(pcall(debug.getinfo)) print(debug.getinfo(outer, 'f').func == outer, debug.getinfo(1, 'l').currentline)
do local active = debug.getinfo(recurse, 'L').activelines local list = {} for line in pairs(active) do list[#list + 1] = line end table.sort(list) print(table.concat(list, ' ')) end
-- locals and upvalues
do local a, b, c = 1, 'two', nil local function show_locals() for i = 1, 3 do local name, value = debug.getlocal(2, i) print(i, name ~= nil, text(value) ~= nil) end end show_locals() local function f(x, y, ...) local z = x for i = 1, 4 do print(debug.getlocal(1, i)) end print(debug.getlocal(1, -1)) print(debug.getlocal(1, -2)) print(debug.setlocal(1, 1, 'changed'), x) end f(10, 20, 'var') print(debug.getlocal(f, 1), debug.getlocal(f, 2), debug.getlocal(f, 3)) print(debug.getupvalue(show_locals, 1) ~= nil) end
do local x, y = 1, 2 local function f() return x + y end local function g() return x end print(debug.getupvalue(f, 1)) print(debug.getupvalue(f, 2)) print(debug.getupvalue(f, 3)) print(debug.setupvalue(f, 1, 10), f(), g()) print(debug.upvalueid(f, 1) == debug.upvalueid(g, 1)) debug.upvaluejoin(f, 1, f, 2) print(f()) print(pcall(debug.upvalueid, f, 5)) end
do local count = 0 debug.sethook(function() count = count + 1 end, 'l') local x = 1
  x = 2
  x = 3
  debug.sethook() print('lines', count) print(debug.gethook()) end
do local events = {} debug.sethook(function(event) events[#events + 1] = event end, 'cr') math.abs(1) debug.sethook() print(table.concat(events, ' ')) end print(type(debug.getregistry()), debug.getmetatable('').__index == string, debug.getuservalue(5), pcall(debug.setmetatable, 1))
