/*
title    = "An MCP server does not stand in a subnet for MCP servers"
proven   = "Every MCP server stands in a subnet for MCP servers"
severity = "high"
why      = "Rules of a network can keep others out of a subnet, not out of one server among other things."
fix      = "Move the server to a subnet that holds MCP servers only, and name that in [posture] subnets."
item     = "hardening/2"
controls = { nist = ["AC-4", "CM-7"], iso27001 = ["A.8.9"], soc2 = ["CC6.6"], cis = ["12.2"], owasp-mcp = ["MCP09:2025"] }
*/
WITH approved AS (SELECT value AS subnet FROM posture_setting WHERE kind = 'subnet'),
     server AS (
       SELECT mcp_workload.*,
              (SELECT group_concat(DISTINCT ifnull(other.name, other.id)) FROM mcp_workload AS other
               WHERE  other.is_server = 0 AND other.subnet = mcp_workload.subnet) AS neighbours,
              EXISTS (SELECT 1 FROM approved WHERE approved.subnet = mcp_workload.subnet) AS is_approved
       FROM   mcp_workload
       WHERE  is_server = 1)
SELECT NULL                        AS person,
       printf('azure:%s', id)      AS subject,
       CASE WHEN subnet IS NULL THEN 'fail'
            WHEN neighbours IS NOT NULL THEN 'fail'
            WHEN is_approved = 0 AND EXISTS (SELECT 1 FROM approved) THEN 'fail'
            WHEN is_approved = 1 THEN 'pass'
       END                         AS status,
       printf('%s %s', ifnull(name, id), CASE
            WHEN subnet IS NULL          THEN 'stands in no subnet'
            WHEN neighbours IS NOT NULL  THEN 'shares its subnet with ' || neighbours
            WHEN is_approved = 0         THEN 'stands in ' || subnet || ', which [posture] subnets does not approve'
            ELSE 'stands in an approved subnet' END) AS reason,
       subnet                      AS subnet,
       reach                       AS reach,
       'A'                         AS grade
FROM   server;
/*
[[case]]
name = "in an approved subnet with other servers only"
posture_setting = [{ kind = "subnet", value = "/n1" }]
mcp_workload = [
  { id = "/a", kind = "container-group", is_server = 1, subnet = "/n1" }, { id = "/b", kind = "container-app", is_server = 1, subnet = "/n1" },
  { id = "/web", kind = "container-app", is_server = 0, subnet = "/n2" }, { id = "/job", kind = "container-job", is_server = 0 },
]
expect = "pass"

[[case]]
name = "in none, in another, beside something else, of two"
posture_setting = [{ kind = "subnet", value = "/n1" }]
mcp_workload = [
  { id = "/none", kind = "container-group", is_server = 1 }, { id = "/public", kind = "container-group", is_server = 1, reach = "public" },
  { id = "/other", kind = "container-group", is_server = 1, subnet = "/n3" }, { id = "/two", kind = "container-group", is_server = 1, subnet = "/n1 /n3" },
  { id = "/app", kind = "container-app", is_server = 1, subnet = "/n4" }, { id = "/job", kind = "container-job", is_server = 1, subnet = "/n5" },
]
expect = { "azure:/none" = "fail", "azure:/public" = "fail", "azure:/other" = "fail", "azure:/two" = "fail", "azure:/app" = "fail", "azure:/job" = "fail" }

[[case]]
name = "a neighbour that is no server"
posture_setting = [{ kind = "subnet", value = "/n1" }]
mcp_workload = [{ id = "/a", kind = "container-group", is_server = 1, subnet = "/n1" }, { id = "/web", kind = "container-app", is_server = 0, subnet = "/n1" }]
expect = { "azure:/a" = "fail" }

[[case]]
name = "nobody said which subnets are approved"
mcp_workload = [{ id = "/a", kind = "container-group", is_server = 1, subnet = "/n1" }]
incomplete = ["posture_setting"]
expect = { "azure:/a" = "unknown" }
*/
