/*
title    = "The inventory of interfaces does not exist, or a person can change it alone"
proven   = "The inventory of interfaces exists, and no person can change it alone"
severity = "medium"
why      = "A server that is not in the inventory is a shadow server; whoever can write to it can make one look approved."
fix      = "Keep an API Center, and let a pipeline write to it; people read it."
item     = "production/inventory-roles"
controls = { nist = ["CM-8", "AC-6"], iso27001 = ["A.5.9"], soc2 = ["CC6.3"], cis = ["1.1"], owasp-mcp = ["MCP09:2025"] }
*/
WITH center AS (SELECT DISTINCT center AS id FROM registered_api)
SELECT NULL                        AS person,
       printf('azure:%s', held.id) AS subject,
       'fail'                      AS status,
       printf('%s on the inventory is held by a person', ifnull(held.role_name, held.role)) AS reason,
       held.principal              AS principal,
       'A'                         AS grade
FROM   role_assignment AS held
JOIN   center ON held.scope = center.id
WHERE  held.principal_kind = 'User'
AND    (held.role_name IN ('Owner', 'Contributor', 'User Access Administrator', 'Azure API Center Service Contributor')
        OR held.role_name IS NULL)
UNION ALL
SELECT NULL, printf('azure:/subscriptions/%s', min(azure_subscription.id)), 'fail', 'no API Center holds any interface', NULL, 'A'
FROM   azure_subscription
WHERE  NOT EXISTS (SELECT 1 FROM registered_api)
HAVING count(*) > 0;
/*
[[case]]
name = "a pipeline writes, people read"
registered_api = [{ id = "/x", center = "/c" }]
role_assignment = [
  { id = "/r1", principal = "p", principal_kind = "ServicePrincipal", role = "c", role_name = "Contributor", scope = "/c" },
  { id = "/r2", principal = "u", principal_kind = "User", role = "r", role_name = "Reader", scope = "/c" },
]
expect = "pass"

[[case]]
name = "a person writes"
registered_api = [{ id = "/x", center = "/c" }]
role_assignment = [{ id = "/r1", principal = "u", principal_kind = "User", role = "c", role_name = "Contributor", scope = "/c" }]
expect = { "azure:/r1" = "fail" }

[[case]]
name = "no inventory"
azure_subscription = [{ id = "s" }]
expect = { "azure:/subscriptions/s" = "fail" }

[[case]]
name = "the inventory could not be read"
incomplete = ["registered_api"]
expect = "unknown"
*/
