-- Only what changes while running, and a complete comparison every night at half past three.
settings { logfile = "/var/log/lsyncd/lsyncd.log" }

sync {
    default.rsync,
    source  = "/srv/www",
    target  = "/backup/www",
    delay   = 2,
    crontab = { "0 30 3 * * *" },
    rsync   = { archive = true },
}
