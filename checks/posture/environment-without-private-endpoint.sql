/*
title    = "An environment of MCP servers is reached by its public address"
proven   = "No environment of MCP servers is reached by a public address"
severity = "medium"
why      = "As long as it has one, a single setting of a single server decides whether the internet can call it."
fix      = "Make the environment internal, or switch its public network access off and reach it by a private endpoint."
item     = "isolation/private-endpoint"
controls = { nist = ["AC-4"], iso27001 = ["A.8.9"], soc2 = ["CC6.6"], cis = ["12.2"], owasp-mcp = ["MCP09:2025"] }
*/
SELECT NULL                        AS person,
       printf('azure:%s', environment.id) AS subject,
       CASE WHEN environment.internal = 1       THEN 'pass'
            WHEN environment.public_network = 0 THEN 'pass'
            WHEN environment.internal = 0       THEN 'fail'
       END                         AS status,
       printf('%s has a public address%s', ifnull(environment.name, environment.id), CASE
            WHEN environment.endpoints > 0 OR count(endpoint.id) > 0 THEN ' beside its private endpoint' ELSE '' END) AS reason,
       environment.subnet          AS subnet,
       'A'                         AS grade
FROM   container_environment AS environment
JOIN   mcp_workload AS server ON server.environment = environment.id AND server.is_server = 1
LEFT JOIN private_endpoint AS endpoint ON endpoint.target = environment.id AND lower(endpoint.state) = 'approved'
GROUP BY environment.id;
/*
[[case]]
name = "internal, or closed; one that holds no server"
mcp_workload = [{ id = "/a", kind = "container-app", is_server = 1, environment = "/e" }, { id = "/b", kind = "container-app", is_server = 1, environment = "/f" }]
container_environment = [{ id = "/e", internal = 1 }, { id = "/f", internal = 0, public_network = 0, endpoints = 1 }, { id = "/web", internal = 0 }]
expect = "pass"

[[case]]
name = "public, and public beside a private endpoint"
mcp_workload = [{ id = "/a", kind = "container-app", is_server = 1, environment = "/e" }, { id = "/b", kind = "container-app", is_server = 1, environment = "/f" }]
container_environment = [{ id = "/e", internal = 0 }, { id = "/f", internal = 0, public_network = 1 }]
private_endpoint = [{ id = "/p", target = "/f", state = "Approved" }]
expect = { "azure:/e" = "fail", "azure:/f" = "fail" }

[[case]]
name = "not shown"
mcp_workload = [{ id = "/a", kind = "container-app", is_server = 1, environment = "/e" }]
container_environment = [{ id = "/e" }]
expect = { "azure:/e" = "unknown" }
*/
