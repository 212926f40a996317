-- Helpers of the oracle scripts. Every line printed is compared with lua5.3's.

-- A value so that type and every digit can be seen; addresses and the sign of NaN are left out.
function text(value)
  local kind = type(value)
  if kind == 'number' then
    if value ~= value then return 'nan' end
    if math.type(value) == 'float' then return string.format('%.17g f', value) end
    return string.format('%d i', value)
  elseif kind == 'string' then
    return (string.format('%q', value):gsub('\\\n', '\\n'))
  elseif kind == 'table' then
    local keys, parts = {}, {}
    for key in pairs(value) do keys[#keys + 1] = key end
    table.sort(keys, function(a, b)
      if type(a) == type(b) and (type(a) == 'number' or type(a) == 'string') then return a < b end
      return type(a) < type(b)
    end)
    for i, key in ipairs(keys) do parts[i] = '[' .. text(key) .. ']=' .. text(value[key]) end
    return '{' .. table.concat(parts, ', ') .. '}'
  elseif kind == 'nil' or kind == 'boolean' then
    return tostring(value)
  end
  return kind
end

-- Any number of values, nils at the end too.
function texts(...)
  local parts = table.pack(...)
  for i = 1, parts.n do parts[i] = text(parts[i]) end
  return table.concat(parts, ' | ', 1, parts.n)
end

function show(label, ...)
  print(label .. ': ' .. texts(...))
end

-- Addresses differ from run to run.
function plain(value)
  if type(value) ~= 'string' then return value end
  return (value:gsub(': 0x%x+', ': 0xADDR'))
end

-- The results of a call, or its error.
function try(label, f, ...)
  local results = table.pack(pcall(f, ...))
  for i = 2, results.n do results[i] = plain(results[i]) end
  if results[1] then print(label .. ': ' .. texts(table.unpack(results, 2, results.n)))
  else print(label .. ' FAILS ' .. texts(results[2])) end
end

-- Runs source text; what it returns, or where and why it fails.
function run(source)
  local f, message = load(source, '=run')
  if f then try(source:gsub('\n', ' '), f) else print(source .. ' REFUSED ' .. message) end
end
