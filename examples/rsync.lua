-- A local or remote copy by rsync: the whole tree at start, then what changed, every five seconds at most.
settings {
    logfile    = "/var/log/lsyncd/lsyncd.log",
    statusFile = "/var/log/lsyncd/lsyncd.status",
}

sync {
    default.rsync,
    source  = "/srv/www",
    target  = "/backup/www",
    delay   = 5,
    exclude = { "*.tmp", ".git/" },
    rsync   = { archive = true, compress = false },
}
