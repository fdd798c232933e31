/*
title    = "A pipeline identity trusts a GitHub repository that is not there any more"
proven   = "Every GitHub repository that a pipeline identity trusts is there"
severity = "medium"
why      = "The trust is for a name. Once the repository is deleted, renamed or transferred, whoever may create one of that name under that owner gets the identity."
fix      = "Delete the federated credential; where the repository moved, write a new one for where it is now. Jobs at the old name stop getting tokens."
action   = "delete-federated-credential"
unseen   = true
controls = { nist = ["AC-2", "IA-4", "CM-8"], iso27001 = ["A.5.16"], soc2 = ["CC6.1"], cis = ["5.5"], owasp-nhi = ["NHI1:2025", "NHI4:2025"] }
*/
SELECT NULL                    AS person,
       trust.subject           AS subject,
       CASE WHEN asked.state = 'present' AND trust.repository_id <> asked.repository_id THEN 'fail'
            WHEN asked.state = 'present'             THEN 'pass'
            WHEN asked.state IN ('moved', 'absent')  THEN 'fail'
       END                     AS status,
       CASE WHEN asked.state = 'moved' AND asked.owner <> trust.owner COLLATE NOCASE THEN 'high'
       END                     AS severity,
       CASE WHEN asked.state = 'moved'   THEN printf('%s trusts %s, which is %s/%s today', trust.object_name, trust.trusts, asked.owner, asked.repository)
            WHEN asked.state = 'absent'  THEN printf('%s trusts %s, and there is no such repository', trust.object_name, trust.trusts)
            WHEN asked.state = 'present' THEN printf('%s trusts %s, but the repository of that name is number %s today',
                                                     trust.object_name, trust.trusts, asked.repository_id)
            ELSE printf('%s trusts %s, a repository that is private or gone: nobody could say which', trust.object_name, trust.trusts)
       END                     AS reason,
       'A'                     AS grade,
       trust.can               AS can
FROM   trust
LEFT JOIN github_trusted_repository AS asked
  ON   asked.asked_owner = trust.owner COLLATE NOCASE
  AND  asked.asked_name = trust.repository COLLATE NOCASE
WHERE  trust.issuer_kind = 'github'
AND    trust.owner IS NOT NULL
AND    trust.repository IS NOT NULL
AND    instr(trust.owner || trust.repository, '*') = 0
AND    instr(trust.owner || trust.repository, '?') = 0;
/*
[[case]]
name = "deleted, transferred, made anew"
federated_credential = [
  { id = "f1", object = "o1", object_kind = "application", issuer_kind = "github", owner = "contoso", repository = "gone", subject = "repo:contoso/gone:pull_request" },
  { id = "f2", object = "o1", object_kind = "application", issuer_kind = "github", owner = "contoso", repository = "tool", subject = "repo:contoso/tool:pull_request" },
  { id = "f3", object = "o1", object_kind = "application", issuer_kind = "github", owner = "contoso", repository = "api", repository_id = "5", subject = "repo:contoso@1/api@5:pull_request" },
]
github_trusted_repository = [
  { asked_owner = "contoso", asked_name = "gone", state = "absent" },
  { asked_owner = "contoso", asked_name = "tool", state = "moved", owner = "alice-dev", repository = "tool" },
  { asked_owner = "contoso", asked_name = "api", state = "present", owner = "contoso", repository = "api", repository_id = "6" },
]
expect = { "entra:application/o1/federated/f1" = "fail", "entra:application/o1/federated/f2" = "fail", "entra:application/o1/federated/f3" = "fail" }

[[case]]
name = "it is there"
federated_credential = [{ id = "f1", object = "o1", object_kind = "application", issuer_kind = "github", owner = "contoso", repository = "api", subject = "repo:contoso/api:pull_request" }]
github_trusted_repository = [{ asked_owner = "Contoso", asked_name = "API", state = "present", owner = "contoso", repository = "api", repository_id = "6" }]
expect = "pass"

[[case]]
name = "of others, and private or gone"
federated_credential = [{ id = "f1", object = "o1", object_kind = "application", issuer_kind = "github", owner = "agency", repository = "x", subject = "repo:agency/x:pull_request" }]
github_trusted_repository = [{ asked_owner = "agency", asked_name = "x" }]
expect = { "entra:application/o1/federated/f1" = "unknown" }

[[case]]
name = "repositories could not be asked for"
incomplete = ["github_trusted_repository"]
expect = "unknown"
*/
