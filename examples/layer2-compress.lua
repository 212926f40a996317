-- Layer 2: functions decide. Text files are kept compressed, everything else is left.
settings { logfile = "/var/log/lsyncd/lsyncd.log" }

local function compress(event)
    if event.isdir or not string.ends(event.path, ".txt") then return end
    -- What has vanished again meanwhile is no failure.
    spawnShell(event, 'test ! -e "$1" || gzip -c -- "$1" > "$2.gz"', event.sourcePath, event.targetPath)
end

sync {
    source = "/srv/www",
    target = "/backup/www",
    delay  = 1,
    onCreate = compress,
    onModify = compress,
    onDelete = function(event)
        spawn(event, "/bin/rm", "-f", "--", event.targetPath .. ".gz")
    end,
}
