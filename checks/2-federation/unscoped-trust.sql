/*
title    = "A pipeline identity trusts a whole repository, a whole organisation, or any pull request"
proven   = "No pipeline identity trusts a whole repository, a whole organisation, or any pull request"
severity = "medium"
why      = "Everybody who can open a branch or a pull request there gets the identity: a protected branch or environment protects nothing then."
fix      = "Name one protected branch, or one environment with reviewers, for the jobs that are needed, and write that credential first. Then delete this one: jobs from anywhere else get no more tokens."
monotone = true
controls = { nist = ["AC-6", "CM-5"], iso27001 = ["A.8.2", "A.8.32"], soc2 = ["CC6.1", "CC8.1"], cis = ["6.8"], owasp-nhi = ["NHI5:2025", "NHI6:2025"] }
*/
SELECT NULL                          AS person,
       trust.subject                 AS subject,
       CASE trust.scope
            WHEN 'branch'       THEN 'pass'
            WHEN 'tag'          THEN 'pass'
            WHEN 'environment'  THEN 'pass'
            WHEN 'workflow'     THEN 'pass'
            WHEN 'pull-request' THEN 'fail'
            WHEN 'repository'   THEN 'fail'
            WHEN 'organization' THEN 'fail'
       END                           AS status,
       CASE trust.scope
            WHEN 'organization' THEN 'high'
            WHEN 'repository'   THEN 'medium'
            WHEN 'pull-request' THEN 'medium'
       END                           AS severity,
       CASE trust.scope
            WHEN 'pull-request' THEN printf('%s trusts any pull request: %s', trust.object_name, trust.trusts)
            WHEN 'repository'   THEN printf('%s trusts every branch: %s', trust.object_name, trust.trusts)
            WHEN 'organization' THEN printf('%s trusts every repository: %s', trust.object_name, trust.trusts)
       END                           AS reason,
       trust.scope                   AS scope,
       trust.can                     AS can,
       'A'                           AS grade
FROM   trust
WHERE  trust.issuer_kind = 'github';
/*
[[case]]
name = "one branch, one tag, one environment, another issuer"
federated_credential = [
  { id = "f1", object = "o1", object_kind = "application", issuer_kind = "github", scope = "branch" },
  { id = "f2", object = "o1", object_kind = "application", issuer_kind = "github", scope = "tag" },
  { id = "f3", object = "o1", object_kind = "application", issuer_kind = "github", scope = "environment" },
  { id = "f4", object = "o1", object_kind = "application", issuer_kind = "kubernetes", subject = "system:serviceaccount:a:b" },
]
expect = "pass"

[[case]]
name = "any pull request, any branch, any repository"
federated_credential = [
  { id = "f1", object = "o1", object_kind = "application", issuer_kind = "github", scope = "pull-request" },
  { id = "f2", object = "o1", object_kind = "application", issuer_kind = "github", scope = "repository" },
  { id = "f3", object = "/i", object_kind = "managed-identity", name = "n", issuer_kind = "github", scope = "organization", expression = "claims['sub'] matches 'repo:contoso/*'" },
]
expect = { "entra:application/o1/federated/f1" = "fail", "entra:application/o1/federated/f2" = "fail", "azure:/i/federated/n" = "fail" }

[[case]]
name = "a subject that cannot be read"
federated_credential = [{ id = "f1", object = "o1", object_kind = "application", issuer_kind = "github", subject = "nonsense" }]
expect = { "entra:application/o1/federated/f1" = "unknown" }

[[case]]
name = "federated credentials could not be listed"
incomplete = ["federated_credential"]
expect = "unknown"
*/
