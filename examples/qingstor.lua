-- A QingStor bucket. Credentials are read from ~/.qingstor/config.yaml, as qsctl reads them.
settings {
    logfile    = "/var/log/lsyncd/lsyncd.log",
    statusFile = "/var/log/lsyncd/lsyncd.status",
}

sync {
    default.qingstor,
    source  = "/srv/photos",
    target  = "qs://bucket/photos",
    delay   = 2,
    exclude = { "*.part" },
}
