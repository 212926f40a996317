dofile('prelude.lua')
local function write(path, content) local h = assert(io.open(path, 'w')) h:write(content) h:close() end
local function content(path) local h = io.open(path, 'rb') if not h then return nil end local c = h:read('a') h:close() return c end
-- modes
for _, mode in ipairs { 'r', 'w', 'a', 'r+', 'w+', 'a+', 'rb', 'wb', 'ab', 'r+b', 'w+b', 'a+b', 'rw', 'x', '', 'rb+', 'R', 'r ', 'rr' } do
  write('mode.txt', 'line one\nline two\n')
  try('open ' .. mode, function()
    local h, m, c = io.open('mode.txt', mode) if not h then return h, m, c end
    local out = table.pack(h:read('l')) local w = table.pack(h:write('X')) if w[1] == h then w[1] = 'file' end
    show('  read', table.unpack(out, 1, out.n)) show('  write', table.unpack(w, 1, w.n)) show('  seek', h:seek()) show('  end', h:seek('end')) show('  set', h:seek('set', 2)) show('  read 3', h:read(3)) show('  close', h:close()) return content('mode.txt')
  end)
end
try('absent', io.open, 'absent.txt') try('absent dir', io.open, 'absent/x', 'w') try('absent a', io.open, 'absent/x', 'a') try('directory w', io.open, '.', 'w') try('nul', io.open, 'mode.txt\0x') try('empty', io.open, '')
do local h = io.open('.') if h then show('dir read', h:read('a')) show('dir line', h:read('l')) show('dir close', h:close()) end end
-- formats
local samples = { '', '\n', 'no end', 'one\n', 'one\ntwo\nthree', 'a\n\nb\n', '12 0x1F -3.5e2 .5 5. abc', '  42\n1e5 nan 7', '\0\1\2\n\255', '1,2;3', '0x 5', '1e+ 2', '- 3', '99999999999999999999 9223372036854775807', 'x', '0x1p4 1e2x' }
for i, sample in ipairs(samples) do
  write('sample.txt', sample)
  for _, formats in ipairs { {}, { 'l' }, { 'L' }, { 'a' }, { 'n' }, { 'l', 'l' }, { 'l', 'a' }, { 'n', 'n' }, { 'n', 'n', 'n', 'l' }, { 0 }, { 1 }, { 3, 'l' }, { 100 }, { 'a', 'a' }, { 'a', 'l' }, { '*l' }, { '*n', '*a' }, { 'L', 'L' }, { 2.0 }, { 'n', 1, 'l' } } do
    local h = io.open('sample.txt') show(i .. ' ' .. texts(table.unpack(formats)), h:read(table.unpack(formats))) h:close()
  end
end
do local h = io.open('sample.txt') try('format x', h.read, h, 'x') try('format table', h.read, h, {}) try('format empty', h.read, h, '') try('format nil', h.read, h, nil) try('format nl', h.read, h, 'nl') h:close() end
-- lines
write('lines.txt', 'one\ntwo\n\nfour')
for line in io.lines('lines.txt') do show('line', line) end for line in io.lines('lines.txt', 'L') do show('Line', line) end for a, b in io.lines('lines.txt', 1, 2) do show('parts', a, b) end for all in io.lines('lines.txt', 'a') do show('all', all) break end
try('lines absent', io.lines, 'absent.txt') try('lines bad', function() for x in io.lines('lines.txt', 'x') do print(x) end end) try('lines over', function() local f = io.lines('lines.txt') while f() do end return f() end)
do local h = io.open('lines.txt') for line in h:lines() do show('h line', line) break end show('rest', h:read('a')) show('still open', io.type(h)) h:close() try('closed lines', function() for _ in h:lines() do end end) end do local h = io.open('lines.txt') local f = h:lines() h:close() try('closed between', f) end
try('many', function() local t = {} for i = 1, 300 do t[i] = 'l' end return io.lines('lines.txt', table.unpack(t)) end)
-- writing and seeking
do local h = io.open('out.txt', 'w') show('write', h:write('a', 1, 2.5, 3.0, 1e100, -0.0, 2^53) == h) try('write nil', h.write, h, nil) try('write table', h.write, h, 'x', {}) try('write bool', h.write, h, true) show('write none', h:write() == h) h:close() show('written', content('out.txt')) end
do local h = io.open('out.txt', 'w+') h:write('0123456789') for _, case in ipairs { { 'set', 3 }, { 'cur', 2 }, { 'cur', -4 }, { 'end', -2 }, { 'end', 5 }, { 'set', -1 }, { 'cur', -100 }, { 'set', 0 } } do show('seek ' .. texts(table.unpack(case)), h:seek(table.unpack(case))) show('  read', h:read(2)) end try('seek bad', h.seek, h, 'x') try('seek 1.5', h.seek, h, 'set', 1.5) try('seek str', h.seek, h, 'set', '3') h:seek('set', 2) h:write('XY') show('now', h:seek()) h:seek('set', 20) h:write('far') h:seek('set') show('all', h:read('a')) h:close() end
do local h = io.open('out.txt', 'a+') show('a+ read', h:read(3)) h:write('END') show('a+ at', h:seek()) h:seek('set', 0) h:write('!') h:seek('set', 0) show('a+ all', h:read('a')) h:close() end do local h = io.open('out.txt', 'r+') show('r+', h:read(2)) h:seek('cur', 0) h:write('__') h:seek('cur', 0) show('r+ next', h:read(2)) h:close() show('r+ all', content('out.txt')) end
do local h = io.open('out.txt', 'w') h:write('x') show('setvbuf', h:setvbuf('no'), h:setvbuf('full', 1024), h:setvbuf('line')) try('setvbuf bad', h.setvbuf, h, 'x') show('flush', h:flush() == h or h:flush()) h:close() end
-- handles
do local h = io.open('out.txt') show('type', io.type(h), io.type(5), io.type(nil), io.type('x')) print((tostring(h):gsub('0x%x+', 'ADDR'))) show('close', h:close()) show('type', io.type(h), tostring(h)) try('close again', h.close, h) try('read closed', h.read, h) try('write closed', h.write, h, 'x') try('seek closed', h.seek, h) try('io.close closed', io.close, h) try('lines closed', h.lines, h) try('flush closed', h.flush, h) end
try('type()', io.type) try('read wrong', io.stdout.read, {}) try('close wrong', io.close, 5) try('method none', io.stdout.write) print(getmetatable(io.stdout).__name, getmetatable(io.stdout).__index == getmetatable(io.stdout), type(getmetatable(io.stdout).__gc)) try('stdout read', io.stdout.read, io.stdout)
-- default files
io.output('default.txt') io.write('to default ', 1, '\n') io.write('second\n') print(io.type(io.output()), io.output() == io.stdout) io.close() try('write closed default', io.write, 'x') try('close closed default', io.close) io.output(io.stdout) show('default', content('default.txt'))
io.input('default.txt') show('read', io.read()) show('read', io.read('n')) show('read', io.read('a')) for l in io.lines() do print(l) end io.close(io.input()) try('read closed default', io.read) try('lines closed default', io.lines) io.input(io.stdin) try('input absent', io.input, 'absent.txt') try('output absent', io.output, 'absent/x') try('input bad', io.input, {}) show('input', io.input() == io.stdin)
do local t = io.tmpfile() t:write('temporary') t:seek('set') show('tmpfile', t:read('a'), io.type(t)) t:close() end
do local h = io.open('big.txt', 'w') for i = 1, 5000 do h:write('line number ', i, '\n') end h:close() local n, sum = 0, 0 for l in io.lines('big.txt') do n = n + 1 sum = sum + #l end show('big', n, sum, #content('big.txt')) local h2 = io.open('big.txt') h2:seek('set', 70000) show('far', h2:read('l'), h2:read('l'), h2:seek()) h2:close() write('long.txt', ('x'):rep(200000) .. '\nend') local h3 = io.open('long.txt') show('long', #h3:read('l'), h3:read('l'), h3:read('l')) h3:close() end
