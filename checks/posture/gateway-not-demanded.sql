/*
title    = "An MCP server does not demand what only the gateway sends"
proven   = "Every MCP server demands what only the gateway sends"
severity = "high"
why      = "Whoever finds the server's address calls it as the gateway does."
fix      = "Let the gateway send a secret header, an identity's token or a certificate, and let the server refuse calls without it."
item     = "isolation/header"
controls = { nist = ["IA-9", "AC-4"], iso27001 = ["A.8.5"], soc2 = ["CC6.1", "CC6.6"], cis = ["6.7"], owasp-mcp = ["MCP07:2025"] }
*/
WITH sent AS (
       SELECT backend, min(header IS NOT NULL OR proof = 1) AS always, group_concat(DISTINCT interface) AS interfaces, group_concat(DISTINCT header) AS headers,
              min(understood) AS understood
       FROM   gateway_call
       WHERE  open = 0 AND backend IS NOT NULL
       GROUP BY backend)
SELECT NULL                        AS person,
       printf('azure:%s', probe.workload) AS subject,
       CASE probe.outcome WHEN 'answered' THEN 'fail' WHEN 'refused' THEN 'pass' END AS status,
       'critical'                  AS severity,
       CASE probe.outcome WHEN 'answered' THEN printf('%s answered a call without a token', probe.address)
            ELSE printf('%s gave no answer', probe.address) END AS reason,
       NULL                        AS header,
       'A'                         AS grade
FROM   probe
UNION ALL
SELECT NULL, printf('azure:backend/%s', sent.backend),
       CASE WHEN sent.understood = 0 THEN NULL WHEN sent.always = 0 THEN 'fail' END, NULL,
       CASE WHEN sent.understood = 0 THEN printf('the policy before %s is not understood', sent.backend)
            WHEN sent.always = 0 THEN printf('the gateway sends %s nothing that proves it is the gateway: %s', sent.backend, sent.interfaces)
            ELSE printf('the gateway sends %s a proof; whether the server demands it only a probe tells', sent.backend) END,
       sent.headers, 'A'
FROM   sent
WHERE  NOT EXISTS (SELECT 1 FROM probe JOIN mcp_workload AS server ON server.id = probe.workload WHERE server.address = sent.backend);
/*
[[case]]
name = "a probe was refused"
mcp_workload = [{ id = "/a", kind = "container-app", is_server = 1, address = "mcp.example" }]
gateway_call = [{ id = "/o", interface = "m", open = 0, understood = 1, backend = "mcp.example", header = "X-Gateway", proof = 0 }]
probe = [{ workload = "/a", address = "mcp.example", outcome = "refused" }]
expect = "pass"

[[case]]
name = "a probe was answered; nothing is sent; sent by one interface of two"
mcp_workload = [{ id = "/a", kind = "container-app", is_server = 1, address = "open.example" }]
gateway_call = [
  { id = "/o1", interface = "m", open = 0, understood = 1, backend = "open.example", header = "X-Gateway", proof = 0 },
  { id = "/o2", interface = "n", open = 0, understood = 1, backend = "bare.example", proof = 0 },
  { id = "/o3", interface = "o", open = 0, understood = 1, backend = "half.example", header = "X-Gateway", proof = 0 },
  { id = "/o4", interface = "p", open = 0, understood = 1, backend = "half.example", proof = 0 },
]
probe = [{ workload = "/a", address = "open.example", outcome = "answered" }]
expect = { "azure:/a" = "fail", "azure:backend/bare.example" = "fail", "azure:backend/half.example" = "fail" }

[[case]]
name = "a proof is sent, and nobody looked whether it is demanded"
gateway_call = [{ id = "/o", interface = "m", open = 0, understood = 1, backend = "mcp.example", proof = 1 }]
expect = { "azure:backend/mcp.example" = "unknown" }
*/
