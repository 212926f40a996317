-- Another machine by rsync over ssh; renames are done there by mv. The key must work without a password.
settings {
    logfile = "/var/log/lsyncd/lsyncd.log",
    insist  = true,
}

sync {
    default.rsyncssh,
    source    = "/srv/www",
    host      = "backup.example.com",
    targetdir = "/backup/www",
    delay     = 5,
    rsync     = { archive = true },
}
