-- A copy on the same machine, done by the program itself.
settings { logfile = "/var/log/lsyncd/lsyncd.log" }

sync {
    default.direct,
    source = "/srv/www",
    target = "/backup/www",
}
