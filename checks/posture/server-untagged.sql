/*
title    = "An MCP server does not carry the tag MCPServer=true"
proven   = "Every MCP server carries the tag MCPServer=true"
severity = "high"
why      = "Policies, alerts and inventories find servers by this tag: what does not carry it is watched by nobody."
fix      = "Set the tag MCPServer to true, or write down what the container is instead; then let a policy demand the tag."
item     = "hardening/3"
monotone = true
controls = { nist = ["CM-8", "CM-6"], iso27001 = ["A.5.9", "A.8.9"], soc2 = ["CC6.1"], cis = ["1.1"], owasp-mcp = ["MCP09:2025"] }
*/
SELECT NULL                        AS person,
       printf('azure:%s', id)      AS subject,
       CASE WHEN tag IS NULL            THEN 'fail'
            WHEN lower(tag) = 'true'    THEN 'pass'
            WHEN lower(tag) <> 'true'   THEN 'fail'
       END                         AS status,
       CASE WHEN tag IS NULL THEN printf('%s carries no tag MCPServer, and looks like a server: %s', ifnull(name, id), looks)
            ELSE printf('%s carries MCPServer=%s', ifnull(name, id), tag)
       END                         AS reason,
       kind                        AS kind,
       looks                       AS looks,
       'A'                         AS grade
FROM   mcp_workload
WHERE  is_server = 1;
/*
[[case]]
name = "tagged in any letter case, and a container that is no server"
mcp_workload = [
  { id = "/a", kind = "container-group", name = "a", tag = "true", is_server = 1 },
  { id = "/b", kind = "container-app", name = "b", tag = "True", looks = "its image is mcp/x", is_server = 1 },
  { id = "/c", kind = "container-job", name = "web", is_server = 0 },
]
expect = "pass"

[[case]]
name = "by name, image, command, port, and with a tag that says no, yes, 1, or nothing"
mcp_workload = [
  { id = "/a", kind = "container-group", name = "mcp-files", looks = "its name is mcp-files", is_server = 1 },
  { id = "/b", kind = "container-app", name = "b", looks = "its image is mcp/x", is_server = 1 },
  { id = "/c", kind = "container-group", name = "c", looks = "its command names MCP", is_server = 1 },
  { id = "/d", kind = "container-group", name = "d", looks = "it listens on port 3000", is_server = 1 },
  { id = "/e", kind = "container-job", name = "e", looks = "it has the variable MCP_PORT", is_server = 1 },
  { id = "/f", kind = "container-group", name = "f", tag = "false", is_server = 1 },
  { id = "/g", kind = "container-group", name = "g", tag = "yes", is_server = 1 },
  { id = "/h", kind = "container-group", name = "h", tag = "", is_server = 1 },
]
expect = { "azure:/a" = "fail", "azure:/b" = "fail", "azure:/c" = "fail", "azure:/d" = "fail", "azure:/e" = "fail", "azure:/f" = "fail", "azure:/g" = "fail", "azure:/h" = "fail" }

[[case]]
name = "the container groups of a subscription could not be read"
incomplete = ["mcp_workload"]
mcp_workload = [{ id = "/a", kind = "container-group", name = "a", tag = "true", is_server = 1 }]
expect = "unknown"
*/
