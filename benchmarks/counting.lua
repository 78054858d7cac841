-- For wrk: each request has a query that no other one has.

local number = 0

function request()
   number = number + 1
   return wrk.format(nil, wrk.path .. "?" .. number)
end
