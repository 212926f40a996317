-- Layer 3: a command for every kind of event. ^variables are filled in, quoted where a shell is used.
settings { logfile = "/var/log/lsyncd/lsyncd.log" }

sync {
    source = "/srv/www",
    target = "/backup/www",
    delay  = 1,
    onStartup = "cp -a ^source. ^target",
    -- What has vanished again meanwhile is no failure.
    onCreate  = "test ! -e ^sourcePathname || cp -a ^sourcePathname ^targetPathdir",
    onModify  = "test ! -e ^sourcePathname || cp -a ^sourcePathname ^targetPathdir",
    onDelete  = "/bin/rm -rf ^targetPathname",
    onMove    = "/bin/mv ^o.targetPathname ^d.targetPathname",
}
