/*
title    = "A ruleset can be bypassed by the leaver"
proven   = "The leaver can bypass no ruleset"
severity = "medium"
why      = "The exception outlives the person: with any access to the repository the account is not bound by the ruleset."
fix      = "Name a team first where the exception is still needed. Then take the account off the bypass list: saving a ruleset replaces the whole list."
monotone = true
controls = { nist = ["AC-2(3)", "AC-5", "CM-3"], iso27001 = ["A.5.3", "A.8.32"], soc2 = ["CC6.3", "CC8.1"], cis = ["6.2"] }
*/
SELECT leaver.person           AS person,
       printf('%s/bypass/%s', bypass.id, bypass.actor_id) AS subject,
       CASE WHEN bypass.actor_id = leaver.user_id THEN 'fail'
       END                     AS status,
       CASE WHEN bypass.mode = 'pull_request' THEN 'low'
       END                     AS severity,
       printf('%s %s bypass %s of %s', leaver.login, iif(bypass.actor_id = leaver.user_id, 'may', 'has no known number and perhaps may'), ifnull(bypass.ruleset, bypass.id),
              ifnull(bypass.organization || '/' || bypass.repository, bypass.organization)) AS reason,
       bypass.mode             AS mode,
       'A'                     AS grade
FROM   github_leaver AS leaver
JOIN   github_ruleset_bypass AS bypass ON bypass.actor_id = leaver.user_id OR leaver.user_id IS NULL
WHERE  bypass.actor_kind = 'User';
/*
[[case]]
name = "always"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_ruleset_bypass = [{ id = "github:org/contoso/ruleset/1", organization = "contoso", ruleset = "main is reviewed", actor_id = "7", actor_kind = "User", mode = "always" }]
expect = { "github:org/contoso/ruleset/1/bypass/7" = "fail" }

[[case]]
name = "a team that happens to have the number of the account"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_ruleset_bypass = [{ id = "r", organization = "contoso", actor_id = "7", actor_kind = "Team", mode = "always" }]
expect = "pass"

[[case]]
name = "rulesets name accounts by number alone, and that of the leaver is not known"
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
github_ruleset_bypass = [{ id = "r", organization = "contoso", actor_id = "7", actor_kind = "User", mode = "always" }]
expect = { "r/bypass/7" = "unknown" }

[[case]]
name = "GitHub did not show who may bypass a ruleset"
incomplete = ["github_ruleset_bypass"]
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
expect = "unknown"
*/
