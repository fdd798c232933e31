/*
title    = "An MCP server runs on the machine of whoever uses it"
proven   = "No MCP server runs on the machine of whoever uses it"
severity = "high"
why      = "No gateway, policy or log sees what it does there, and it acts with whatever that machine holds."
fix      = "Take the server out of the configuration of the client; offer it behind the gateway instead."
item     = "hardening/1"
controls = { nist = ["CM-7", "CM-8", "AC-20"], iso27001 = ["A.5.9", "A.8.9"], soc2 = ["CC6.8"], cis = ["2.1"], owasp-mcp = ["MCP09:2025"] }
*/
SELECT NULL                        AS person,
       id                          AS subject,
       CASE WHEN transport = 'stdio' THEN 'fail'
            WHEN lower(target) IN ('localhost', '127.0.0.1', '::1', '[::1]', '0.0.0.0', 'host.docker.internal') THEN 'fail'
            WHEN target IS NOT NULL THEN 'pass'
       END                         AS status,
       CASE WHEN transport = 'stdio' THEN printf('%s starts %s as %s', client, ifnull(target, 'a program'), name)
            ELSE printf('%s calls %s on %s', client, name, ifnull(target, 'an address that is not shown')) END AS reason,
       host                        AS host,
       path                        AS path,
       reaches                     AS reaches,
       'A'                         AS grade
FROM   mcp_server;
/*
[[case]]
name = "behind the gateway"
mcp_server = [{ id = "host:h/m#a", host = "h", path = "/m", client = "claude-code", name = "a", transport = "http", target = "gateway.contoso.example", literals = 0 }]
expect = "pass"

[[case]]
name = "programs, containers, and servers on the same machine"
mcp_server = [
  { id = "1", host = "h", path = "/m", client = "claude-code", name = "a", transport = "stdio", target = "npx", literals = 0 },
  { id = "2", host = "h", path = "/m", client = "cursor", name = "b", transport = "stdio", target = "docker", literals = 0 },
  { id = "3", host = "h", path = "/m", client = "vscode", name = "c", transport = "stdio", literals = 1 },
  { id = "4", host = "h", path = "/m", client = "vscode", name = "d", transport = "http", target = "localhost", literals = 0 },
  { id = "5", host = "h", path = "/m", client = "vscode", name = "e", transport = "http", target = "127.0.0.1", literals = 0 },
  { id = "6", host = "h", path = "/m", client = "vscode", name = "f", transport = "http", target = "host.docker.internal", literals = 0 },
]
expect = { "1" = "fail", "2" = "fail", "3" = "fail", "4" = "fail", "5" = "fail", "6" = "fail" }

[[case]]
name = "no machine was scanned"
incomplete = ["mcp_server"]
expect = "unknown"
*/
