-- Each request with the next of the tokens in the file that is the first argument, as of several users. With a second argument each
-- has an address of its own (see cold.lua).
local requests, number, tokens = {}, 0, {}

function init(arguments)
  for token in io.lines(arguments[1]) do
    tokens[#tokens + 1] = "Bearer " .. token
    requests[#tokens] = wrk.format("GET", nil, { Authorization = tokens[#tokens] })
  end
  if arguments[2] then
    request = function()
      number = number + 1
      return wrk.format("GET", wrk.path .. "&min_confidence=0." .. string.format("%09d", number),
        { Authorization = tokens[number % #tokens + 1] })
    end
  end
end

function request()
  number = number + 1
  return requests[number % #requests + 1]
end
