/*
title    = "An MCP server does not act as an identity of its own with few roles"
proven   = "Every MCP server acts as an identity of its own with few roles"
severity = "high"
why      = "What several servers share cannot be taken from one of them, and a log that names it names none of them."
fix      = "Give each server one user-assigned identity that nothing else uses, with roles on single resources only."
item     = "hardening/2"
controls = { nist = ["AC-6", "IA-9"], iso27001 = ["A.5.16", "A.8.2"], soc2 = ["CC6.1", "CC6.3"], cis = ["5.5"], owasp-nhi = ["NHI5:2025", "NHI9:2025"], owasp-mcp = ["MCP02:2025"] }
*/
WITH server AS (SELECT * FROM mcp_workload WHERE is_server = 1),
     wrong AS (
       SELECT server.id, ifnull(server.name, server.id) AS name, server.own_identity, server.identities,
              (SELECT group_concat(DISTINCT ifnull(other.name, other.id)) FROM workload_identity AS mine
               JOIN   workload_identity AS theirs ON theirs.identity = mine.identity AND theirs.workload <> mine.workload
               JOIN   mcp_workload AS other ON other.id = theirs.workload
               WHERE  mine.workload = server.id) AS shared,
              (SELECT group_concat(DISTINCT ifnull(held.role_name, held.role) || ' on ' || ifnull(held.scope, 'an unknown scope'))
               FROM   workload_identity AS mine
               LEFT JOIN managed_identity ON managed_identity.id = mine.identity
               JOIN   role_assignment AS held ON held.principal = ifnull(mine.principal, managed_identity.principal) COLLATE NOCASE
               WHERE  mine.workload = server.id
               AND    (held.role_name IN ('Owner', 'Contributor', 'User Access Administrator', 'Role Based Access Control Administrator')
                       OR held.scope NOT LIKE '/subscriptions/%/%')) AS wide
       FROM   server)
SELECT NULL                        AS person,
       printf('azure:%s', id)      AS subject,
       CASE WHEN own_identity = 1 OR identities = 0 OR identities > 1 OR shared IS NOT NULL OR wide IS NOT NULL THEN 'fail'
            WHEN own_identity = 0 AND identities = 1 THEN 'pass'
       END                         AS status,
       printf('%s %s', name, concat_ws(', ',
            iif(own_identity = 1, 'has a system-assigned identity', NULL),
            iif(identities = 0, 'has no user-assigned identity', NULL),
            iif(identities > 1, printf('has %d user-assigned identities', identities), NULL),
            'shares its identity with ' || shared,
            'holds more than a server uses: ' || wide)) AS reason,
       shared                      AS shared_with,
       wide                        AS roles,
       'A'                         AS grade
FROM   wrong;
/*
[[case]]
name = "one identity that nothing else uses, with a role on one resource; a container that is no server"
mcp_workload = [
  { id = "/a", kind = "container-group", is_server = 1, own_identity = 0, identities = 1 },
  { id = "/web", kind = "container-app", is_server = 0, own_identity = 1, identities = 0 },
]
workload_identity = [{ workload = "/a", identity = "/i", principal = "p" }]
role_assignment = [{ id = "/r", principal = "p", role = "x", role_name = "Storage Blob Data Reader", scope = "/subscriptions/s/resourcegroups/g/providers/x/y/z" }]
expect = "pass"

[[case]]
name = "its own, none, two, shared with a server, shared with something else, an owner, a role over everything"
mcp_workload = [
  { id = "/own", kind = "container-group", is_server = 1, own_identity = 1, identities = 1 },
  { id = "/none", kind = "container-group", is_server = 1, own_identity = 0, identities = 0 },
  { id = "/two", kind = "container-group", is_server = 1, own_identity = 0, identities = 2 },
  { id = "/sa", kind = "container-group", is_server = 1, own_identity = 0, identities = 1 },
  { id = "/sb", kind = "container-group", is_server = 1, own_identity = 0, identities = 1 },
  { id = "/sc", kind = "container-group", is_server = 1, own_identity = 0, identities = 1 },
  { id = "/web", kind = "container-app", is_server = 0, own_identity = 0, identities = 1 },
  { id = "/owner", kind = "container-group", is_server = 1, own_identity = 0, identities = 1 },
  { id = "/wide", kind = "container-group", is_server = 1, own_identity = 0, identities = 1 },
]
workload_identity = [
  { workload = "/own", identity = "/i0", principal = "p0" }, { workload = "/sa", identity = "/i1", principal = "p1" }, { workload = "/sb", identity = "/i1", principal = "p1" },
  { workload = "/sc", identity = "/i2", principal = "p2" }, { workload = "/web", identity = "/i2", principal = "p2" },
  { workload = "/owner", identity = "/i3" }, { workload = "/wide", identity = "/i4", principal = "p4" },
]
managed_identity = [{ id = "/i3", principal = "p3" }]
role_assignment = [
  { id = "/r3", principal = "P3", role = "o", role_name = "Owner", scope = "/subscriptions/s/resourcegroups/g" },
  { id = "/r4", principal = "p4", role = "r", role_name = "Reader", scope = "/subscriptions/s" },
]
expect = { "azure:/own" = "fail", "azure:/none" = "fail", "azure:/two" = "fail", "azure:/sa" = "fail", "azure:/sb" = "fail", "azure:/sc" = "fail", "azure:/owner" = "fail", "azure:/wide" = "fail" }

[[case]]
name = "roles could not be read"
mcp_workload = [{ id = "/a", kind = "container-group", is_server = 1, own_identity = 0, identities = 1 }]
incomplete = ["role_assignment"]
expect = "unknown"
*/
