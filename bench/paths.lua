-- The next of the lines of a file, over and over: a path, and perhaps a token behind a blank.
local requests, number = {}, 0

function init(arguments)
  for line in io.lines(arguments[1]) do
    local path, token = line:match("^(%S+) ?(%S*)$")
    requests[#requests + 1] = wrk.format("GET", path, token ~= "" and { Authorization = "Bearer " .. token } or nil)
  end
end

function request()
  number = number + 1
  return requests[number % #requests + 1]
end
