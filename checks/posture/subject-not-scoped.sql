/*
title    = "A trusted subject names neither a branch nor an environment"
proven   = "Every trusted subject names a branch or an environment"
severity = "high"
why      = "Everybody who can open a branch or a pull request there gets the identity."
fix      = "Bind the credential to one protected branch, tag or environment."
item     = "hardening/11"
monotone = true
controls = { nist = ["AC-6", "CM-5"], iso27001 = ["A.8.2", "A.8.32"], soc2 = ["CC6.1", "CC8.1"], cis = ["6.8"], owasp-nhi = ["NHI5:2025", "NHI6:2025"] }
*/
SELECT NULL                        AS person,
       trust.subject               AS subject,
       CASE WHEN trust.scope IN ('branch', 'tag', 'environment', 'workflow') THEN 'pass'
            WHEN trust.scope IN ('pull-request', 'repository', 'organization') THEN 'fail'
       END                         AS status,
       CASE trust.scope
            WHEN 'pull-request' THEN printf('%s trusts any pull request: %s', trust.object_name, trust.trusts)
            WHEN 'repository'   THEN printf('%s trusts every branch: %s', trust.object_name, trust.trusts)
            WHEN 'organization' THEN printf('%s trusts every repository: %s', trust.object_name, trust.trusts)
            ELSE printf('%s trusts %s, which is not understood', trust.object_name, trust.trusts)
       END                         AS reason,
       trust.scope                 AS scope,
       trust.can                   AS can,
       'A'                         AS grade
FROM   trust
WHERE  trust.issuer_kind = 'github';
/*
[[case]]
name = "a branch, a tag, an environment, another issuer"
federated_credential = [
  { id = "f1", object = "o1", object_kind = "application", issuer_kind = "github", scope = "branch" },
  { id = "f2", object = "o1", object_kind = "application", issuer_kind = "github", scope = "tag" },
  { id = "f3", object = "o1", object_kind = "application", issuer_kind = "github", scope = "environment" },
  { id = "f4", object = "o1", object_kind = "application", issuer_kind = "kubernetes", subject = "system:serviceaccount:a:b" },
]
expect = "pass"

[[case]]
name = "any pull request, any branch, any repository, by applications and by managed identities"
federated_credential = [
  { id = "f1", object = "o1", object_kind = "application", issuer_kind = "github", scope = "pull-request" },
  { id = "f2", object = "o1", object_kind = "application", issuer_kind = "github", scope = "repository" },
  { id = "f3", object = "o1", object_kind = "application", issuer_kind = "github", scope = "organization" },
  { id = "f4", object = "/i", object_kind = "managed-identity", name = "n", issuer_kind = "github", scope = "pull-request" },
  { id = "f5", object = "/i", object_kind = "managed-identity", name = "m", issuer_kind = "github", scope = "repository" },
  { id = "f6", object = "/i", object_kind = "managed-identity", name = "o", issuer_kind = "github", scope = "organization", expression = "claims['sub'] matches 'repo:contoso/*'" },
]
expect = { "entra:application/o1/federated/f1" = "fail", "entra:application/o1/federated/f2" = "fail", "entra:application/o1/federated/f3" = "fail", "azure:/i/federated/n" = "fail", "azure:/i/federated/m" = "fail", "azure:/i/federated/o" = "fail" }

[[case]]
name = "a subject that cannot be read"
federated_credential = [{ id = "f1", object = "o1", object_kind = "application", issuer_kind = "github", subject = "nonsense" }]
expect = { "entra:application/o1/federated/f1" = "unknown" }

[[case]]
name = "federated credentials could not be listed"
incomplete = ["federated_credential"]
expect = "unknown"
*/
