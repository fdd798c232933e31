/*
title    = "A call passes the gateway without a token that is fully validated"
proven   = "No call passes the gateway without a token that is fully validated"
severity = "critical"
why      = "Whoever can reach the gateway then acts as anybody, and the log does not say who it was."
fix      = "Validate issuer, audience and scope of the token first thing in the inbound section at the widest scope, and let every narrower policy begin with <base />."
item     = "hardening/6"
controls = { nist = ["IA-2", "IA-8", "AC-3"], iso27001 = ["A.8.5", "A.5.15"], soc2 = ["CC6.1"], cis = ["6.7"], owasp-mcp = ["MCP07:2025"], owasp-nhi = ["NHI4:2025"] }
*/
SELECT NULL                        AS person,
       printf('azure:%s', id)      AS subject,
       CASE WHEN understood = 0                       THEN NULL
            WHEN auth IN ('never', 'sometimes')       THEN 'fail'
            WHEN issuer = 0 OR audience = 0 OR scopes = 0 OR strict = 0 OR first = 0 THEN 'fail'
            WHEN code IS NOT NULL AND code NOT IN (401, 403) THEN 'fail'
            WHEN auth = 'always' AND issuer = 1 AND audience = 1 AND scopes = 1 AND strict = 1 AND first = 1
                 AND code IN (401, 403)               THEN 'pass'
       END                         AS status,
       CASE WHEN auth = 'always' THEN 'high' END AS severity,
       printf('%s of %s: %s', ifnull(operation, 'every operation'), interface, CASE
            WHEN understood = 0      THEN 'its policy is not understood'
            WHEN auth = 'never'      THEN concat_ws(' ', 'no token is validated', 'because the ' || cut || ' policy has no <base />')
            WHEN auth = 'sometimes'  THEN 'a token is validated in some branches only'
            ELSE concat_ws(', ',
                 iif(issuer = 0, 'tokens of any tenant are taken', iif(issuer IS NULL, 'a hidden value decides on the issuer', NULL)),
                 iif(audience = 0, 'tokens for anything are taken', iif(audience IS NULL, 'a hidden value decides on the audience', NULL)),
                 iif(scopes = 0, 'no scope is demanded', iif(scopes IS NULL, 'a hidden value decides on the scope', NULL)),
                 iif(strict = 0, 'tokens without an end or a signature are taken', NULL),
                 iif(first = 0, 'something is sent or answered before', NULL),
                 iif(code NOT IN (401, 403), 'a refused call gets ' || code, iif(code IS NULL, 'what a refused call gets is not a number', NULL)))
       END)                        AS reason,
       product                     AS product,
       backend                     AS backend,
       'A'                         AS grade
FROM   gateway_call
WHERE  open = 0
UNION ALL
SELECT NULL, printf('azure:/subscriptions/%s', min(id)), 'fail', NULL,
       'no interface of API Management was seen: nothing stands before the servers', NULL, NULL, 'A'
FROM   azure_subscription
WHERE  NOT EXISTS (SELECT 1 FROM gateway_call)
AND    NOT EXISTS (SELECT 1 FROM api_gateway WHERE servers > 0)
HAVING count(*) > 0;
/*
[[case]]
name = "everything is demanded first, and what clients have to read without a token is open"
gateway_call = [
  { id = "/o1", interface = "mcp", open = 0, understood = 1, auth = "always", issuer = 1, audience = 1, scopes = 1, strict = 1, first = 1, code = 401 },
  { id = "/o2", interface = "mcp", open = 1, understood = 1, auth = "never" },
]
expect = "pass"

[[case]]
name = "none, in a branch, any tenant, any audience, no scope, no end, too late, with a friendly code, cut off"
gateway_call = [
  { id = "/none", interface = "mcp", open = 0, understood = 1, auth = "never" },
  { id = "/branch", interface = "mcp", open = 0, understood = 1, auth = "sometimes", issuer = 1, audience = 1, scopes = 1, strict = 1, first = 1, code = 401 },
  { id = "/tenant", interface = "mcp", open = 0, understood = 1, auth = "always", issuer = 0, audience = 1, scopes = 1, strict = 1, first = 1, code = 401 },
  { id = "/audience", interface = "mcp", open = 0, understood = 1, auth = "always", issuer = 1, audience = 0, scopes = 1, strict = 1, first = 1, code = 401 },
  { id = "/scope", interface = "mcp", open = 0, understood = 1, auth = "always", issuer = 1, audience = 1, scopes = 0, strict = 1, first = 1, code = 401 },
  { id = "/lax", interface = "mcp", open = 0, understood = 1, auth = "always", issuer = 1, audience = 1, scopes = 1, strict = 0, first = 1, code = 401 },
  { id = "/late", interface = "mcp", open = 0, understood = 1, auth = "always", issuer = 1, audience = 1, scopes = 1, strict = 1, first = 0, code = 401 },
  { id = "/code", interface = "mcp", open = 0, understood = 1, auth = "always", issuer = 1, audience = 1, scopes = 1, strict = 1, first = 1, code = 200 },
  { id = "/cut", interface = "mcp", open = 0, understood = 1, auth = "never", cut = "operation" },
]
expect = { "azure:/none" = "fail", "azure:/branch" = "fail", "azure:/tenant" = "fail", "azure:/audience" = "fail", "azure:/scope" = "fail", "azure:/lax" = "fail", "azure:/late" = "fail", "azure:/code" = "fail", "azure:/cut" = "fail" }

[[case]]
name = "a policy that is not understood, or hides its issuer in a secret"
gateway_call = [
  { id = "/odd", interface = "mcp", open = 0, understood = 0 },
  { id = "/hidden", interface = "mcp", open = 0, understood = 1, auth = "always", audience = 1, scopes = 1, strict = 1, first = 1, code = 401 },
]
expect = { "azure:/odd" = "unknown", "azure:/hidden" = "unknown" }

[[case]]
name = "no gateway at all"
azure_subscription = [{ id = "s" }]
expect = { "azure:/subscriptions/s" = "fail" }

[[case]]
name = "policies could not be read"
incomplete = ["gateway_call"]
gateway_call = [{ id = "/o1", interface = "mcp", open = 0, understood = 1, auth = "always", issuer = 1, audience = 1, scopes = 1, strict = 1, first = 1, code = 401 }]
expect = "unknown"
*/
