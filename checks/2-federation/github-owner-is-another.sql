/*
title    = "A pipeline identity trusts a GitHub login that has changed hands"
proven   = "No GitHub login that a pipeline identity trusts has changed hands"
severity = "high"
why      = "The login was given up and registered by somebody else, or the account was renamed: the trust does not mean whom it was made for."
fix      = "Find out for whom the trust was made, and delete it or write it anew with today's numbers of owner and repository. A trust whose number does not match accepts nothing: deleting it stops nothing."
action   = "delete-federated-credential"
controls = { nist = ["AC-2", "IA-4"], iso27001 = ["A.5.16"], soc2 = ["CC6.1"], cis = ["5.5"], owasp-nhi = ["NHI1:2025", "NHI4:2025"] }
*/
SELECT NULL                    AS person,
       trust.subject           AS subject,
       'fail'                  AS status,
       CASE WHEN trust.owner_id <> account.user_id THEN 'medium'
            WHEN trust.owner_id IS NULL            THEN 'critical'
       END                     AS severity,
       CASE WHEN trust.owner_id <> account.user_id
                 THEN printf('%s trusts %s, but %s is number %s today', trust.object_name, trust.trusts, account.asked, account.user_id)
            ELSE printf('%s trusts %s, and the account of that login was made on %s, after the last day of the leaver who had it',
                        trust.object_name, trust.trusts, substr(account.created_at, 1, 10))
       END                     AS reason,
       'A'                     AS grade,
       account.login           AS login_today,
       trust.can               AS can
FROM   trust
JOIN   github_account AS account ON account.asked = trust.owner COLLATE NOCASE
WHERE  trust.issuer_kind = 'github'
AND    account.state = 'present'
AND    (trust.owner_id <> account.user_id
        OR (trust.owner_id IS NULL
            AND EXISTS (SELECT 1
                        FROM   github_leaver AS leaver
                        JOIN   last_day ON last_day.person = leaver.person
                        WHERE  leaver.login = account.asked COLLATE NOCASE
                        AND    ifnull(leaver.user_id <> account.user_id, 1)
                        AND    account.created_at > last_day.ends_at)));
/*
[[case]]
name = "another number, and an account that is younger than the leaver's last day"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
last_day = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z }]
federated_credential = [
  { id = "f1", object = "o1", object_kind = "application", issuer_kind = "github", owner = "contoso", owner_id = "1", subject = "repo:contoso@1/x@2:pull_request" },
  { id = "f2", object = "o1", object_kind = "application", issuer_kind = "github", owner = "alice-dev", subject = "repo:alice-dev/x:pull_request" },
]
github_account = [
  { asked = "contoso", state = "present", login = "contoso", user_id = "99" },
  { asked = "alice-dev", state = "present", login = "alice-dev", user_id = "100", created_at = 2026-05-20T00:00:00Z },
]
expect = { "entra:application/o1/federated/f1" = "fail", "entra:application/o1/federated/f2" = "fail" }

[[case]]
name = "the same number"
federated_credential = [{ id = "f1", object = "o1", object_kind = "application", issuer_kind = "github", owner = "contoso", owner_id = "1", subject = "repo:contoso@1/x@2:pull_request" }]
github_account = [{ asked = "contoso", state = "present", login = "contoso", user_id = "1" }]
expect = "pass"

[[case]]
name = "accounts could not be asked for"
incomplete = ["github_account"]
expect = "unknown"
*/
