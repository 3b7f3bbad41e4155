-- One of 10,000 files at random.
local requests = {}
init = function(args)
    for i = 0, 9999 do requests[i] = wrk.format("GET", string.format("/many/%05d.html", i)) end
    math.randomseed(7)
end
request = function() return requests[math.random(0, 9999)] end
