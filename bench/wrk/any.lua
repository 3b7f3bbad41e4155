-- One of so many files at random: wrk ... -- COUNT. Names as content.make_names() gives them.
local count
init = function(args)
    count = tonumber(args[1])
    math.randomseed(7)
end
request = function()
    local n = math.random(0, count - 1)
    return wrk.format("GET", string.format("/names/%d/%d.html", math.floor(n / 1000), n % 1000))
end
