/*
title    = "The leaver still has a delegated grant on an MCP gateway"
proven   = "The leaver has no delegated grant on any MCP gateway"
severity = "medium"
why      = "Whatever client holds this consent gets tokens for the gateway in the leaver's name, with no further question."
fix      = "Disable the account first, or the next sign-in consents anew. Then revoke the grant and the leaver's sessions: the client loses this person's access, and tokens that are out live on for up to an hour."
action   = "revoke-grant"
monotone = true
controls = { nist = ["PS-4", "AC-2(3)"], iso27001 = ["A.5.18"], soc2 = ["CC6.2"], cis = ["6.2"], owasp-nhi = ["NHI1:2025"], owasp-mcp = ["MCP01:2025", "MCP07:2025"] }
*/
SELECT person.id                                                 AS person,
       printf('entra:grant/%s', delegated_grant.id)              AS subject,
       'fail'                                                    AS status,
       printf('the client %s may call the gateway %s as this person',
              coalesce(service_principal.name, delegated_grant.client),
              coalesce(gateway.name, gateway.app_id))            AS reason,
       CASE
         WHEN has_scope(delegated_grant.scope, 'mcp.tools.secrets')
           OR has_scope(delegated_grant.scope, 'mcp.tools.admin') THEN 'critical'
         WHEN has_scope(delegated_grant.scope, 'mcp.tools.write') THEN 'high'
         ELSE 'medium'
       END                                                       AS severity,
       'A'                                                       AS grade,
       trim(delegated_grant.scope)                               AS scope,
       delegated_grant.client                                    AS client
FROM   person
JOIN   delegated_grant   ON delegated_grant.principal = person.object_id
JOIN   gateway           ON gateway.id = delegated_grant.resource
LEFT JOIN service_principal ON service_principal.id = delegated_grant.client;
/*
[[case]]
name            = "a grant to read on the gateway"
person          = [{ id = "entra:user/p", object_id = "p" }]
gateway         = [{ id = "gw", app_id = "gw-app", name = "mcp" }]
delegated_grant = [{ id = "g1", client = "cli", resource = "gw", consent = "Principal", principal = "p", scope = "mcp.tools.read" }]
expect          = { "entra:grant/g1" = "fail" }

[[case]]
name            = "scopes that could not be read are still a grant"
person          = [{ id = "entra:user/p", object_id = "p" }]
gateway         = [{ id = "gw", app_id = "gw-app" }]
delegated_grant = [{ id = "g1", client = "cli", resource = "gw", consent = "Principal", principal = "p" }]
expect          = "fail"

[[case]]
name            = "a grant of somebody else, and one on another resource"
person          = [{ id = "entra:user/p", object_id = "p" }]
gateway         = [{ id = "gw", app_id = "gw-app" }]
delegated_grant = [
  { id = "g1", client = "cli", resource = "gw", consent = "Principal", principal = "q", scope = "mcp.tools.read" },
  { id = "g2", client = "cli", resource = "graph", consent = "Principal", principal = "p", scope = "User.Read" },
]
expect          = { "entra:grant/g1" = "pass", "entra:grant/g2" = "pass" }

[[case]]
name            = "a gateway that could not be resolved leaves nothing clean"
incomplete      = ["gateway"]
person          = [{ id = "entra:user/p", object_id = "p" }]
delegated_grant = [{ id = "g1", client = "cli", resource = "gw", consent = "Principal", principal = "p", scope = "mcp.tools.read" }]
expect          = "unknown"

[[case]]
name            = "grants that could not be listed"
incomplete      = ["delegated_grant"]
person          = [{ id = "entra:user/p", object_id = "p" }]
gateway         = [{ id = "gw", app_id = "gw-app" }]
expect          = "unknown"
*/
