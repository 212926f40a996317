dofile('prelude.lua')
-- run once for each of some time zones (TZ)
local letters = 'aAbBcCdDeFgGhHIjmMnprRStTuUVwWxXyYzZ'
local times = { 0, -1, 1, 86399, 951782400, 951868799, 1078012800, 1700000000, 1711846799, 1711846800, 1719835200, 1729987199, 1729994400, 1735689599, 1735689600, 1230768000, 1262304000, 2147483647, 2147483648, 4102444800, -2208988800, -86400, 253402300799, 1104537600, 1136073600, 1167609600, 1199145600, 1293840000, 1325376000, 1356998400 }
for _, at in ipairs(times) do
  -- before 1950 zones had local mean times, whose seconds JavaScript does not keep
  for _, utc in ipairs(at > -6e8 and { '', '!' } or { '!' }) do
    local parts = {}
    for letter in letters:gmatch('.') do parts[#parts + 1] = letter .. '=' .. (os.date(utc .. '%' .. letter, at):gsub('\n', '\\n'):gsub('\t', '\\t')) end
    print(utc .. at, table.concat(parts, ' '))
    local t = os.date(utc .. '*t', at) show('fields', t) if utc == '' then try('back', os.time, t) t.isdst = nil try('guess', os.time, t) end
  end
end
for month = 1, 14 do for _, day in ipairs { 1, 15, 31 } do local t = { year = 2023, month = month, day = day, hour = 12 } show('time', os.time(t), t.month, t.day, t.wday, t.yday, t.isdst) end end
print(os.date('!%c', 1e9), os.date('!%x %X %p', 1e9), os.date('!%EY %Ey %EC %Ex %EX %Ec', 1e9), os.date('!%Od %OH %OM %OS %Om %OI %Oe %Ou %OU %OV %Ow %OW %Oy', 1e9))
for year = 1995, 2030 do local at = os.time { year = year, month = 1, day = 1, hour = 12 } print(year, os.date('%G-%V %g %U %W %j %a %u %w', at), os.date('%G-%V %U %W %j', at - 86400)) end
