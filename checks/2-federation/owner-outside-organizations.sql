/*
title    = "A pipeline identity trusts a GitHub owner that is none of our organisations"
proven   = "Pipeline identities trust only owners on GitHub that are our organisations"
severity = "medium"
why      = "Whoever controls that account controls the identity, and no offboarding of ours reaches it."
fix      = "Ask the identity's owner first whose organisation it is. Add it to [github] organizations if it is ours; if not, delete the federated credential: jobs there get no more tokens."
controls = { nist = ["AC-20", "IA-9"], iso27001 = ["A.5.19"], soc2 = ["CC6.1", "CC9.2"], cis = ["15.1"], owasp-nhi = ["NHI3:2025", "NHI6:2025"] }
*/
SELECT NULL                          AS person,
       trust.subject                 AS subject,
       CASE WHEN organization.name IS NOT NULL THEN 'pass'
            WHEN trust.owner IS NOT NULL       THEN 'fail'
       END                           AS status,
       printf('%s trusts %s', trust.object_name, trust.trusts) AS reason,
       trust.owner                   AS owner,
       trust.can                     AS can,
       'A'                           AS grade
FROM   trust
LEFT JOIN configured_organization AS organization
       ON organization.kind = 'github' AND organization.name = trust.owner COLLATE NOCASE
WHERE  trust.issuer_kind = 'github'
  AND  EXISTS (SELECT 1 FROM configured_organization);
/*
[[case]]
name = "our own organisation in any case"
configured_organization = [{ kind = "github", name = "contoso" }]
federated_credential = [{ id = "f1", object = "o1", object_kind = "application", issuer_kind = "github", owner = "Contoso", subject = "repo:Contoso/x:pull_request" }]
expect = "pass"

[[case]]
name = "another owner, and an owner that is a pattern"
configured_organization = [{ kind = "github", name = "contoso" }]
federated_credential = [
  { id = "f1", object = "o1", object_kind = "application", issuer_kind = "github", owner = "agency", subject = "repo:agency/x:pull_request" },
  { id = "f2", object = "o1", object_kind = "application", issuer_kind = "github", owner = "contoso*", expression = "claims['sub'] matches 'repo:contoso*'" },
]
expect = { "entra:application/o1/federated/f1" = "fail", "entra:application/o1/federated/f2" = "fail" }

[[case]]
name = "an owner that cannot be read"
configured_organization = [{ kind = "github", name = "contoso" }]
federated_credential = [{ id = "f1", object = "o1", object_kind = "application", issuer_kind = "github", subject = "repository_id:5" }]
expect = { "entra:application/o1/federated/f1" = "unknown" }

[[case]]
name = "nobody said which organisations are ours"
incomplete = ["configured_organization"]
federated_credential = [{ id = "f1", object = "o1", object_kind = "application", issuer_kind = "github", owner = "agency", subject = "repo:agency/x:pull_request" }]
expect = "unknown"
*/
