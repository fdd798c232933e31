/*
title    = "A service connection of Azure DevOps was made or last changed by the leaver"
proven   = "No service connection of Azure DevOps was made or last changed by the leaver"
severity = "high"
why      = "A service connection lets jobs act outside Azure DevOps. Whoever made one administers it, and knows the secret that it stores."
fix      = "Give it another owner, and renew the secret that it stores: pipelines that use it fail until the new one is in. Where it signs in by workload identity federation, look at who else may use it. Delete it only if nothing uses it."
monotone = true
applies  = "devops_organization"
controls = { nist = ["PS-4", "AC-6", "IA-5"], iso27001 = ["A.5.17", "A.5.18"], soc2 = ["CC6.1", "CC6.3"], cis = ["6.2", "6.8"], owasp-nhi = ["NHI1:2025", "NHI5:2025"] }
*/
SELECT connection.person        AS person,
       connection.id            AS subject,
       'fail'                   AS status,
       CASE WHEN count(azure_power.roles) > 0 THEN 'critical'
       END                      AS severity,
       printf('%s of %s, %s by %s, signs in by %s%s', ifnull(connection.name, connection.connection),
              ifnull(connection.project_name, connection.project), ifnull(connection.deed, 'made'), ifnull(connection.actor_name, 'the leaver'),
              connection.scheme, ifnull('; it is shared with ' || connection.shared, '')) AS reason,
       connection.grade         AS grade,
       min(principal.principal) AS principal,
       min(iif(principal.via <> connection.id, principal.via, NULL)) AS federated,
       iif(connection.app_id IS NULL AND connection.subject IS NULL, NULL,
           ifnull(min(azure_power.roles), 'no Azure role assignment was seen')) AS can,
       iif(connection.subject IS NULL, 'stored in the connection', 'none: ' || connection.subject) AS secret,
       (SELECT substr(group_concat(use.id, ', '), 1, 500) FROM devops_connection_use AS use
        WHERE  use.organization = connection.organization AND use.project = connection.project
        AND    (use.connection = connection.name COLLATE NOCASE OR use.connection = connection.connection COLLATE NOCASE)) AS used_in,
       connection.actor_name    AS actor,
       connection.changed_at    AS seen_at
FROM   devops_connection AS connection
LEFT JOIN devops_principal AS principal ON principal.connection = connection.id
LEFT JOIN azure_power ON azure_power.principal = lower(principal.principal)
LEFT JOIN devops_user AS account ON account.person = connection.person AND account.organization = connection.organization
WHERE  connection.person IS NOT NULL
GROUP BY connection.id;
/*
[[case]]
name = "by federation, with a stored secret, by name only"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
managed_identity = [{ id = "/i1", principal = "m1", client_id = "c1" }]
federated_credential = [{ id = "f1", object = "/i1", object_kind = "managed-identity", name = "n", issuer = "https://vstoken.dev.azure.com/o", issuer_kind = "azure-devops", subject = "sc://contoso/web/prod" }]
role_assignment = [{ id = "/r1", principal = "m1", role = "x", role_name = "Owner", scope = "/subscriptions/s" }]
devops_connection = [
  { id = "s1", organization = "contoso", project = "p1", connection = "g1", name = "prod", scheme = "WorkloadIdentityFederation", issuer = "https://vstoken.dev.azure.com/o", subject = "sc://contoso/web/prod", person = "p", grade = "B", deed = "made" },
  { id = "s2", organization = "contoso", project = "p1", connection = "g2", name = "hub", scheme = "Token", person = "p", grade = "D", deed = "changed" },
]
expect = { "s1" = "fail", "s2" = "fail" }

[[case]]
name = "made by another"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
devops_connection = [{ id = "s1", organization = "contoso", project = "p1", connection = "g1", scheme = "Token", actor = "u9", actor_name = "bob@contoso.com" }]
expect = "pass"

[[case]]
name = "the connections of a project could not be listed"
now = "2026-06-01T00:00:00Z"
incomplete = ["devops_connection"]
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
expect = "unknown"

[[case]]
name = "the accounts could not be listed"
now = "2026-06-01T00:00:00Z"
incomplete = ["devops_user"]
devops_organization = [{ id = "o", name = "contoso" }]
expect = "unknown"
*/
