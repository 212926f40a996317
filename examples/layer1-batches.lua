-- Layer 1: an action that takes everything ready as one list and hands it to one tar.
settings { logfile = "/var/log/lsyncd/lsyncd.log" }

sync {
    source = "/srv/www",
    target = "/backup/www",
    delay  = 1,
    action = function(inlet)
        local list = inlet.getEvents(function(event)
            return event.etype ~= "Init" and event.etype ~= "Delete"
        end)
        if list.size() == 0 then
            -- deletions are not archived
            local event = inlet.getEvent()
            if event then inlet.discardEvent(event) end
            return
        end
        local config = inlet.getConfig()
        local names = {}
        for _, path in ipairs(list.getPaths()) do names[#names + 1] = "." .. path end
        spawn(list, "/bin/tar", "<", table.concat(names, "\n"),
            "-C", config.source, "--no-recursion", "--ignore-failed-read",
            "-czf", config.target .. "/changes-" .. os.time() .. "-" .. #names .. ".tar.gz", "-T", "-")
    end,
    collect = function(agent, exitcode)
        if exitcode ~= 0 then return "again" end
    end,
}
