/*
title    = "A pipeline identity trusts something that is named after the leaver"
proven   = "No pipeline identity trusts anything that is named after the leaver"
severity = "medium"
why      = "A branch, an environment or an actor of that name was made for this person. It outlives them, and whoever can use the name gets the identity."
fix      = "Write a credential for a branch or environment that belongs to nobody, for the jobs that are still needed. Then delete this one: jobs that match it get no more tokens."
action   = "delete-federated-credential"
monotone = true
controls = { nist = ["PS-4", "AC-2(3)"], iso27001 = ["A.5.18"], soc2 = ["CC6.3"], cis = ["5.5", "6.2"], owasp-nhi = ["NHI1:2025", "NHI6:2025"] }
*/
SELECT trust.person                  AS person,
       trust.subject                 AS subject,
       CASE trust.likeness
            WHEN 'exact'        THEN 'fail'
            WHEN 'other-case'   THEN 'fail'
            WHEN 'same-number'  THEN 'fail'
            WHEN 'other-number' THEN 'pass'
       END                           AS status,
       CASE WHEN trust.reach = 'yes'                     THEN 'critical'
            WHEN trust.place IN ('actor', 'workflow')    THEN 'high'
            WHEN trust.place NOT IN ('actor', 'workflow') THEN 'medium'
       END                           AS severity,
       printf('%s trusts %s, where the %s names the leaver', trust.object_name, trust.trusts, trust.place) AS reason,
       trust.witness                 AS token_subject,
       trust.can                     AS can,
       'D'                           AS grade
FROM   federated_trust AS trust
WHERE  trust.place IN ('actor', 'workflow', 'repository', 'branch', 'tag', 'environment', 'text');
/*
[[case]]
name = "the login is only a part of other words"
identity = [
  { person = "p", kind = "github", name = "alice" },
  { person = "q", kind = "github", name = "alice-dev" },
]
federated_credential = [
  { id = "f1", object = "o1", object_kind = "application", issuer = "https://token.actions.githubusercontent.com", subject = "repo:contoso/malice-tools:ref:refs/heads/malice" },
  { id = "f2", object = "o1", object_kind = "application", issuer = "https://token.actions.githubusercontent.com", subject = "repo:contoso/x:environment:alice-developer" },
]
expect = "pass"

[[case]]
name = "branch, environment, actor and a word in a subject of another issuer"
identity = [{ person = "p", kind = "github", name = "alice" }]
federated_credential = [
  { id = "f1", object = "o1", object_kind = "application", issuer = "https://token.actions.githubusercontent.com", expression = "claims['sub'] matches 'repo:contoso/x:ref:refs/heads/alice/*'" },
  { id = "f2", object = "o1", object_kind = "application", issuer = "https://token.actions.githubusercontent.com", subject = "repo:contoso/x:environment:ALICE" },
  { id = "f3", object = "o1", object_kind = "application", issuer = "https://token.actions.githubusercontent.com", subject = "repo:contoso/x:actor:alice" },
  { id = "f4", object = "o1", object_kind = "application", issuer = "https://ci.contoso.example", subject = "job:alice:deploy" },
]
expect = { "entra:application/o1/federated/f1" = "fail", "entra:application/o1/federated/f2" = "fail", "entra:application/o1/federated/f3" = "fail", "entra:application/o1/federated/f4" = "fail" }

[[case]]
name = "federated credentials could not be listed"
identity = [{ person = "p", kind = "github", name = "alice" }]
incomplete = ["federated_credential"]
expect = "unknown"
*/
