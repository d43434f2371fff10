-- A week's forecasts under an address that was never asked before, so that no kept answer serves it.
local number = 0
function request()
  number = number + 1
  return wrk.format("GET", wrk.path .. "&min_confidence=0." .. string.format("%09d", number))
end
