/*
title    = "The gateway does not limit how often one principal calls"
proven   = "The gateway limits how often one principal calls"
severity = "high"
why      = "A copy of everything is made in minutes: a limit for each principal makes it take days, in which somebody sees it."
fix      = "Limit by a claim of the validated token, such as oid: rate-limit-by-key with at most 50 calls in 60 seconds, at every interface."
item     = "hardening/9"
controls = { nist = ["AC-6", "SI-4"], iso27001 = ["A.8.12", "A.8.16"], soc2 = ["CC6.6", "CC7.2"], cis = ["4.1"], owasp-mcp = ["MCP07:2025"] }

[params]
calls = 50 # that one principal may make in a minute
*/
SELECT NULL                        AS person,
       printf('azure:%s', id)      AS subject,
       CASE WHEN understood = 0                            THEN NULL
            WHEN limited_by IS NULL                        THEN 'fail'
            WHEN limited_by = 'unknown'                    THEN NULL
            WHEN limited_by <> 'principal'                 THEN 'fail'
            WHEN limited > :calls OR limit_sure = 0        THEN 'fail'
            WHEN limited <= :calls AND limit_sure = 1      THEN 'pass'
       END                         AS status,
       printf('%s of %s: %s', ifnull(operation, 'every operation'), interface, CASE
            WHEN understood = 0                THEN 'its policy is not understood'
            WHEN limited_by IS NULL            THEN concat_ws(' ', 'calls are not limited', 'because the ' || cut || ' policy has no <base />')
            WHEN limited_by = 'unknown'        THEN 'what its limit counts by is not understood'
            WHEN limited_by = 'address'        THEN 'calls are limited for each address, which many principals share and one can change'
            WHEN limited_by = 'subscription'   THEN 'calls are limited for each subscription key, which several principals can share'
            WHEN limited_by = 'token'          THEN 'calls are limited for each token: a new one starts anew'
            WHEN limited_by = 'chosen'         THEN 'calls are limited by a value that the caller chooses'
            WHEN limited_by = 'everybody'      THEN 'calls are limited for all principals together'
            WHEN limited IS NULL               THEN 'how many calls it allows is not a number'
            WHEN limit_sure = 0                THEN 'not every call counts'
            ELSE printf('one principal can make %d calls in a minute', limited)
       END)                        AS reason,
       limited                     AS calls_a_minute,
       limited_by                  AS counted_by,
       product                     AS product,
       'A'                         AS grade
FROM   gateway_call
WHERE  open = 0
UNION ALL
SELECT NULL, printf('azure:/subscriptions/%s', min(id)), 'fail',
       'no interface of API Management was seen: nothing limits calls', NULL, NULL, NULL, 'A'
FROM   azure_subscription
WHERE  NOT EXISTS (SELECT 1 FROM gateway_call)
AND    NOT EXISTS (SELECT 1 FROM api_gateway WHERE servers > 0)
HAVING count(*) > 0;
/*
[[case]]
name = "fifty a minute for each principal"
gateway_call = [{ id = "/o", interface = "mcp", open = 0, understood = 1, limited = 50, limited_by = "principal", limit_sure = 1 }]
expect = "pass"

[[case]]
name = "none, by address, key, token, session, for all together, too many, in a branch only"
gateway_call = [
  { id = "/none", interface = "mcp", open = 0, understood = 1 },
  { id = "/address", interface = "mcp", open = 0, understood = 1, limited_by = "address", limit_sure = 1 },
  { id = "/key", interface = "mcp", open = 0, understood = 1, limited_by = "subscription", limit_sure = 1 },
  { id = "/token", interface = "mcp", open = 0, understood = 1, limited_by = "token", limit_sure = 1 },
  { id = "/session", interface = "mcp", open = 0, understood = 1, limited_by = "chosen", limit_sure = 1 },
  { id = "/all", interface = "mcp", open = 0, understood = 1, limited_by = "everybody", limit_sure = 1 },
  { id = "/many", interface = "mcp", open = 0, understood = 1, limited = 51, limited_by = "principal", limit_sure = 1 },
  { id = "/some", interface = "mcp", open = 0, understood = 1, limited = 10, limited_by = "principal", limit_sure = 0 },
]
expect = { "azure:/none" = "fail", "azure:/address" = "fail", "azure:/key" = "fail", "azure:/token" = "fail", "azure:/session" = "fail", "azure:/all" = "fail", "azure:/many" = "fail", "azure:/some" = "fail" }

[[case]]
name = "what is not understood"
gateway_call = [
  { id = "/odd", interface = "mcp", open = 0, understood = 0 },
  { id = "/key", interface = "mcp", open = 0, understood = 1, limited_by = "unknown", limit_sure = 1 },
  { id = "/number", interface = "mcp", open = 0, understood = 1, limited_by = "principal", limit_sure = 1 },
]
expect = { "azure:/odd" = "unknown", "azure:/key" = "unknown", "azure:/number" = "unknown" }

[[case]]
name = "policies could not be read"
incomplete = ["gateway_call"]
expect = "unknown"
*/
