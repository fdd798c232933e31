/*
title    = "An MCP server stands in no virtual network"
proven   = "Every MCP server stands in a virtual network"
severity = "high"
why      = "Nothing in between can refuse a connection to it, and nothing sees where it connects to."
fix      = "Deploy it into a subnet; container apps get theirs from their environment."
item     = "isolation/network"
monotone = true
controls = { nist = ["AC-4"], iso27001 = ["A.8.9"], soc2 = ["CC6.6"], cis = ["12.2"], owasp-mcp = ["MCP09:2025"] }
*/
SELECT NULL                        AS person,
       printf('azure:%s', server.id) AS subject,
       CASE WHEN server.subnet IS NOT NULL THEN 'pass'
            WHEN server.environment IS NULL OR environment.id IS NOT NULL THEN 'fail'
       END                         AS status,
       CASE WHEN server.environment IS NOT NULL AND environment.id IS NULL THEN printf('the environment of %s is not seen', ifnull(server.name, server.id))
            ELSE printf('%s stands in no subnet of a virtual network', ifnull(server.name, server.id)) END AS reason,
       'A'                         AS grade
FROM   mcp_workload AS server
LEFT JOIN container_environment AS environment ON environment.id = server.environment
WHERE  server.is_server = 1;
/*
[[case]]
name = "in a subnet, its own or its environment's"
mcp_workload = [{ id = "/a", kind = "container-group", is_server = 1, subnet = "/n" }]
expect = "pass"

[[case]]
name = "in none"
mcp_workload = [{ id = "/a", kind = "container-group", is_server = 1 }, { id = "/b", kind = "container-app", is_server = 1, environment = "/e" }]
container_environment = [{ id = "/e", internal = 0 }]
expect = { "azure:/a" = "fail", "azure:/b" = "fail" }

[[case]]
name = "its environment is not seen"
mcp_workload = [{ id = "/b", kind = "container-app", is_server = 1, environment = "/elsewhere" }]
expect = { "azure:/b" = "unknown" }
*/
