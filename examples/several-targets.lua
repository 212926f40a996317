-- One directory kept in two places, with a table of one's own that both inherit from.
settings { logfile = "/var/log/lsyncd/lsyncd.log", maxProcesses = 2 }

local copy = {
    default.rsync,
    delay   = 2,
    exclude = { "*.tmp" },
    rsync   = { archive = true },
}

for _, place in ipairs { "near", "far" } do
    sync { copy, name = place, source = "/srv/www", target = "/backup/" .. place }
end
