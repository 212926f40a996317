dofile('prelude.lua')
for _, command in ipairs { 'echo hello', 'true', 'false', 'exit 3', 'exit 255', 'kill -9 $$', 'kill -15 $$', 'printf "a\\nb\\nc"', 'printf ""', 'nosuchcommand 2>/dev/null', '{ echo err >&2; } 2>/dev/null', 'cat /dev/null', 'printf "\\377\\0\\001"', 'echo "$((1+1))"', 'seq 5', 'head -c 100000 /dev/zero | wc -c', 'printf "\xc3\xa4\xff" | od -An -tx1' } do
  local h = io.popen(command) show(command, h:read('a')) show('  close', h:close())
end
for _, case in ipairs { { 'cat > out.txt', 'some text' }, { 'wc -c > out.txt', 'five5' }, { 'cat > /dev/null; exit 7', 'ignored' }, { 'cat > /dev/null; kill -9 $$', '' }, { 'tr a-z A-Z > out.txt', 'shout\n' } } do
  local h = io.popen(case[1], 'w') show(case[1], h:write(case[2]) == h) show('  close', h:close()) local f = io.open('out.txt') show('  out', f and f:read('a')) if f then f:close() end
end
do local h = io.popen('seq 4') show('line', h:read()) show('number', h:read('n')) show('rest', h:read('a')) show('over', h:read('l')) show('empty', h:read('a')) show('type', io.type(h)) show('seek', h:seek('set', 0)) h:close() show('closed', io.type(h)) end
do for line in io.popen('printf "x\\ny\\n"'):lines() do show('lines', line) end end
try('mode x', io.popen, 'true', 'x') try('mode rw', io.popen, 'true', 'rw') try('no command', io.popen) try('write to read', function() local h = io.popen('true') local a, b, c = h:write('x') h:close() return a, b, c end)
do local h = io.popen('cat > /dev/null', 'w') show('read from write', h:read('a')) h:close() end
for _, command in ipairs { 'true', 'false', 'exit 42', 'kill -9 $$', 'kill -TERM $$', 'nosuchcommand 2>/dev/null', 'exit 127', 'test -d .', '', 'cd / && test -d .', 'echo x > made.txt' } do show('execute ' .. command, os.execute(command)) end
show('shell', os.execute()) do local f = io.open('made.txt') show('made', f:read('a')) f:close() end try('execute bad', os.execute, {}) show('execute nul', os.execute('true\0false'))
