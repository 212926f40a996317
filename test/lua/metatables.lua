dofile('prelude.lua')
local names = { 'add', 'sub', 'mul', 'div', 'mod', 'pow', 'idiv', 'band', 'bor', 'bxor', 'shl', 'shr', 'concat' }
local operators = { add = '+', sub = '-', mul = '*', div = '/', mod = '%', pow = '^', idiv = '//', band = '&', bor = '|', bxor = '~', shl = '<<', shr = '>>', concat = '..' }
local meta = {} for _, name in ipairs(names) do meta['__' .. name] = function(a, b) return name, type(a), type(b) end end
meta.__unm = function(a, b) return 'unm', a == b end meta.__bnot = function(a, b) return 'bnot', a == b end meta.__len = function() return 'len' end
meta.__eq = function() return 'eq' end meta.__lt = function() return 1 end meta.__le = function() return nil end meta.__call = function(self, ...) return 'call', ... end
meta.__tostring = function() return 'an object' end meta.__index = function(_, key) return 'index ' .. tostring(key) end
object, other = setmetatable({}, meta), setmetatable({}, meta)
for _, name in ipairs(names) do
  for _, operands in ipairs { { 'object', 'other' }, { 'object', '1' }, { '1', 'object' }, { 'object', '"s"' }, { '"s"', 'object' }, { '1.5', 'object' }, { 'nil', 'object' }, { 'object', 'nil' }, { '{}', 'object' } } do
    run('return ' .. operands[1] .. ' ' .. operators[name] .. ' ' .. operands[2])
  end
end
for _, source in ipairs { 'return -object', 'return ~object', 'return #object', 'return object == other', 'return object ~= other', 'return object == object', 'return object == 1', 'return object < other', 'return object <= other', 'return object > other', 'return object >= other', 'return object < 1', 'return 1 < object', 'return object(1, nil, 3)', 'return object.field', 'return object[1]', 'return tostring(object)', 'return rawequal(object, other)', 'return rawlen(object)', 'return rawget(object, "x")', 'return object:method()', 'return "a" .. object .. "b"', 'return not object', 'return object and 1', 'return object + 1 + 2' } do run(source) end
-- inheritance and __index chains
local Base = {} Base.__index = Base function Base.new(x) return setmetatable({ x = x }, Base) end function Base:get() return self.x end function Base:name() return 'base' end
local Derived = setmetatable({}, { __index = Base }) Derived.__index = Derived function Derived.new(x) return setmetatable(Base.new(x), Derived) end function Derived:name() return 'derived ' .. Base.name(self) end
show('classes', Base.new(1):get(), Derived.new(2):get(), Derived.new(3):name(), Derived.new(4).nothing)
-- __newindex
local log = {} local watched = setmetatable({}, { __newindex = function(t, k, v) log[#log + 1] = k rawset(t, k, v) end }) watched.a = 1 watched.a = 2 watched.b = 3 show('newindex', log, watched)
local store = {} local proxy = setmetatable({}, { __newindex = store, __index = store }) proxy.x = 5 show('redirect', rawget(proxy, 'x'), store.x, proxy.x)
-- defaults, callables, iterators
show('default', setmetatable({}, { __index = { a = 1 } }).a) for k, v in setmetatable({}, { __call = function(_, _, k) k = (k or 0) + 1 if k <= 3 then return k, k * k end end }) do print(k, v) end
for k, v in pairs(setmetatable({}, { __pairs = function(t) return function(_, k) if not k then return 1, 'only' end end, t, nil end })) do print(k, v) end
try('pairs bad', pairs, setmetatable({}, { __pairs = 5 })) for i, v in ipairs(setmetatable({}, { __index = function(_, i) if i < 4 then return i * i end end })) do print(i, v) end
try('loop', function() local t = {} setmetatable(t, { __index = t }) return t.x end) try('index loop', function() local a, b = {}, {} setmetatable(a, { __index = b }) setmetatable(b, { __index = a }) return a.x end)
try('call chain', setmetatable({}, { __call = setmetatable({}, { __call = function(...) return select('#', ...) end }) })) try('call bad', setmetatable({}, { __call = 5 }))
try('tostring bad', tostring, setmetatable({}, { __tostring = function() return {} end })) try('name', function() return (tostring(setmetatable({}, { __name = 'Thing' })):gsub('0x%x+', 'ADDR')) end) try('name arg', string.rep, setmetatable({}, { __name = 'Thing' })) try('name bad', function() return (tostring(setmetatable({}, { __name = 5 })):gsub('0x%x+', 'ADDR')) end)
try('len bad', function() return #setmetatable({}, { __len = function() return 'x' end }) end) try('len in table', table.unpack, setmetatable({}, { __len = function() return 'x' end })) try('concat len', table.concat, setmetatable({ 'a', 'b', 'c' }, { __len = function() return 2 end }))
try('metatable field', getmetatable, setmetatable({}, { __metatable = false })) try('set protected', setmetatable, setmetatable({}, { __metatable = 1 }), nil) try('unset', function() return getmetatable(setmetatable(setmetatable({}, {}), nil)) end)
try('eq types', function() return setmetatable({}, { __eq = function() return true end }) == setmetatable({}, {}) end) try('eq mixed', function() return setmetatable({}, { __eq = function() return true end }) == 5 end) try('lt fallback', function() return setmetatable({}, { __lt = function() return false end }) <= setmetatable({}, {}) end) try('le none', function() return setmetatable({}, {}) <= setmetatable({}, {}) end)
try('lt mixed', function() local m = { __lt = function(a, b) return 'yes' end } return setmetatable({}, m) < 5, 'x' < setmetatable({}, m) end) try('arith error', function() return setmetatable({}, { __add = function() error('no adding', 0) end }) + 1 end) try('index nil call', function() return setmetatable({}, { __index = 5 }).x end) try('newindex nil', function() setmetatable({}, { __newindex = 5 }).x = 1 end)
getmetatable('').__add = nil getmetatable('').__index = function(s, k) if type(k) == 'number' then return s:sub(k, k) end return string[k] end show('string index', ('abc')[2], ('abc'):upper()) getmetatable('').__index = string
show('gc mode', getmetatable(setmetatable({}, { __gc = true, __mode = 'k' })).__mode) show('debug meta', debug.setmetatable(5, { __index = function(n, k) return k .. n end }) == 5, (7).x) debug.setmetatable(5, nil) try('no more', function() return (7).x end) show('nil meta', debug.setmetatable(nil, { __index = function() return 'from nil' end }), (nil).x) debug.setmetatable(nil, nil)
