/*
title    = "An MCP server is in no inventory: a shadow server"
proven   = "Every MCP server is in the inventory"
severity = "medium"
why      = "Nobody decided that it should exist, so nobody will decide that it should end."
fix      = "Register it in API Center, or remove it."
controls = { nist = ["CM-8"], iso27001 = ["A.5.9"], soc2 = ["CC6.1"], cis = ["1.1"], owasp-mcp = ["MCP09:2025"] }
*/
WITH known AS (SELECT lower(name) AS name FROM registered_api WHERE name IS NOT NULL UNION SELECT lower(title) FROM registered_api WHERE title IS NOT NULL)
SELECT NULL                        AS person,
       printf('azure:%s', server.id) AS subject,
       'fail'                      AS status,
       printf('%s is not in the inventory of interfaces', ifnull(server.name, server.id)) AS reason,
       server.kind                 AS kind,
       'A'                         AS grade
FROM   mcp_workload AS server
WHERE  server.is_server = 1
AND    NOT EXISTS (SELECT 1 FROM known WHERE known.name = lower(server.name))
AND    NOT EXISTS (SELECT 1 FROM gateway_call AS call JOIN known ON known.name = lower(call.interface) WHERE call.backend = lower(server.address))
UNION ALL
SELECT NULL, printf('azure:%s/interface/%s', call.gateway, call.interface), 'fail', printf('%s is offered by the gateway, and not in the inventory', call.interface), 'interface', 'A'
FROM   gateway_call AS call
WHERE  NOT EXISTS (SELECT 1 FROM known WHERE known.name = lower(call.interface))
GROUP BY call.gateway, call.interface;
/*
[[case]]
name = "by its name, or by the interface that leads to it"
registered_api = [{ id = "/x", name = "github-mcp", center = "/c" }, { id = "/y", name = "y", title = "Files", center = "/c" }]
mcp_workload = [{ id = "/a", kind = "container-app", name = "GitHub-MCP", is_server = 1 }, { id = "/b", kind = "container-app", name = "b", is_server = 1, address = "Files.example" }]
gateway_call = [{ id = "/o", gateway = "/g", interface = "files", open = 0, understood = 1, backend = "files.example" }]
expect = "pass"

[[case]]
name = "a server and an interface that nobody registered"
mcp_workload = [{ id = "/a", kind = "container-app", name = "a", is_server = 1 }]
gateway_call = [{ id = "/o", gateway = "/g", interface = "m", open = 0, understood = 1 }]
expect = { "azure:/a" = "fail", "azure:/g/interface/m" = "fail" }

[[case]]
name = "the inventory could not be read"
incomplete = ["registered_api"]
expect = "unknown"
*/
