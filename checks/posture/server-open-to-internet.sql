/*
title    = "An MCP server can be called from the internet, past the gateway"
proven   = "No MCP server can be called from the internet past the gateway"
severity = "critical"
why      = "Everything that the gateway demands of a call is demanded of nobody who calls the server itself."
fix      = "Make its ingress internal, or close its environment to the public network."
item     = "isolation/ingress"
monotone = true
controls = { nist = ["AC-4", "CM-7"], iso27001 = ["A.8.9", "A.5.14"], soc2 = ["CC6.6"], cis = ["4.4"], owasp-mcp = ["MCP07:2025", "MCP09:2025"] }
*/
SELECT NULL                        AS person,
       printf('azure:%s', id)      AS subject,
       CASE WHEN reach = 'public' THEN 'fail'
            WHEN reach IN ('nobody', 'network', 'certificate', 'listed') THEN 'pass'
       END                         AS status,
       CASE WHEN reach IS NULL THEN printf('who can connect to %s is not shown', ifnull(name, id))
            ELSE printf('%s takes connections from anywhere on %s', ifnull(name, id), ifnull(address, 'its address')) END AS reason,
       allowed                     AS allowed,
       'A'                         AS grade
FROM   mcp_workload
WHERE  is_server = 1;
/*
[[case]]
name = "nobody, its network, a list, a certificate; and something that is no server"
mcp_workload = [
  { id = "/a", kind = "container-group", is_server = 1, reach = "nobody" }, { id = "/b", kind = "container-app", is_server = 1, reach = "network" },
  { id = "/c", kind = "container-app", is_server = 1, reach = "listed" }, { id = "/d", kind = "container-app", is_server = 1, reach = "certificate" },
  { id = "/web", kind = "container-app", is_server = 0, reach = "public" },
]
expect = "pass"

[[case]]
name = "anybody"
mcp_workload = [{ id = "/a", kind = "container-group", is_server = 1, reach = "public" }]
expect = { "azure:/a" = "fail" }

[[case]]
name = "its environment is not seen"
mcp_workload = [{ id = "/a", kind = "container-app", is_server = 1 }]
expect = { "azure:/a" = "unknown" }
*/
