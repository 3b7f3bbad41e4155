-- 16 requests at once on each connection.
init = function(args)
    local requests = {}
    for i = 1, 16 do requests[i] = wrk.format() end
    batch = table.concat(requests)
end
request = function() return batch end
