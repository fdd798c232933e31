/*
title    = "An MCP server lets in addresses that are not the gateway's"
proven   = "MCP servers let in the gateway's addresses and no others"
severity = "high"
why      = "The list is all that stands between the internet and the server, and somebody else is on it."
fix      = "Let in the gateway's present addresses only; with a tier whose addresses change, use a virtual network instead of a list."
item     = "isolation/addresses"
controls = { nist = ["AC-4"], iso27001 = ["A.8.9"], soc2 = ["CC6.6"], cis = ["13.4"], owasp-mcp = ["MCP07:2025"] }
*/
WITH allowed AS (
       SELECT mcp_workload.id, ifnull(mcp_workload.name, mcp_workload.id) AS name, piece.value AS range
       FROM   mcp_workload
       JOIN   json_each('["' || replace(mcp_workload.allowed, ' ', '","') || '"]') AS piece
       WHERE  mcp_workload.is_server = 1 AND mcp_workload.reach = 'listed'),
     gateway_address AS (
       SELECT (SELECT group_concat(addresses, ' ') FROM api_gateway) AS ranges, (SELECT min(stable) FROM api_gateway) AS stable)
SELECT NULL                        AS person,
       printf('azure:%s', allowed.id) AS subject,
       CASE WHEN gateway_address.ranges IS NULL THEN 'fail'
            WHEN gateway_address.stable = 0 THEN 'fail'
            WHEN min(address_within(allowed.range, gateway_address.ranges)) = 0 THEN 'fail'
            WHEN count(*) = sum(address_within(allowed.range, gateway_address.ranges)) THEN 'pass'
       END                         AS status,
       printf('%s lets in %s; %s', allowed.name, group_concat(allowed.range, ', '), CASE
            WHEN gateway_address.ranges IS NULL THEN 'the gateway has no address that stays'
            WHEN gateway_address.stable = 0     THEN 'the tier of the gateway changes its addresses'
            ELSE 'the gateway has ' || gateway_address.ranges END) AS reason,
       'A'                         AS grade
FROM   allowed, gateway_address
GROUP BY allowed.id;
/*
[[case]]
name = "the gateway's addresses, and a server without a list"
api_gateway = [{ id = "/g", addresses = "20.1.2.3 20.1.2.4", stable = 1 }]
mcp_workload = [{ id = "/a", kind = "container-app", is_server = 1, reach = "listed", allowed = "20.1.2.3/32 20.1.2.4" }, { id = "/b", kind = "container-app", is_server = 1, reach = "network" }]
expect = "pass"

[[case]]
name = "somebody else beside it, a whole network around it, the address before the last"
api_gateway = [{ id = "/g", addresses = "20.1.2.3", stable = 1 }]
mcp_workload = [
  { id = "/a", kind = "container-app", is_server = 1, reach = "listed", allowed = "20.1.2.3/32 81.2.3.4/32" },
  { id = "/b", kind = "container-app", is_server = 1, reach = "listed", allowed = "20.1.0.0/16" },
  { id = "/c", kind = "container-app", is_server = 1, reach = "listed", allowed = "20.9.9.9" },
]
expect = { "azure:/a" = "fail", "azure:/b" = "fail", "azure:/c" = "fail" }

[[case]]
name = "a tier whose addresses change"
api_gateway = [{ id = "/g", addresses = "20.1.2.3", stable = 0 }]
mcp_workload = [{ id = "/a", kind = "container-app", is_server = 1, reach = "listed", allowed = "20.1.2.3" }]
expect = { "azure:/a" = "fail" }

[[case]]
name = "a range that is not understood"
api_gateway = [{ id = "/g", addresses = "20.1.2.3", stable = 1 }]
mcp_workload = [{ id = "/a", kind = "container-app", is_server = 1, reach = "listed", allowed = "2001:db8::/32" }]
expect = { "azure:/a" = "unknown" }
*/
