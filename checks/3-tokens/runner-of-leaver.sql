/*
title    = "A runner runs as an account of the leaver, or from that account's files"
proven   = "No runner runs as an account of the leaver, or from that account's files"
severity = "critical"
why      = "Its jobs start with everything that the account is signed in to, whether or not anybody works there any more."
fix      = "Take an image of the host as evidence first. Then stop the service, remove the runner, and register a new one under an account of its own: jobs for its labels wait until then."
monotone = true
controls = { nist = ["PS-4", "AC-2(3)", "AC-6"], iso27001 = ["A.5.18"], soc2 = ["CC6.1"], cis = ["5.5", "6.2"], owasp-nhi = ["NHI1:2025", "NHI10:2025"] }
*/
SELECT DISTINCT
       identity.person         AS person,
       runner.id               AS subject,
       'fail'                  AS status,
       CASE WHEN names_person(runner.service_user, identity.name) THEN printf('runs as %s', runner.service_user)
            WHEN names_person(runner.file_owner, identity.name)   THEN printf('its files belong to %s', runner.file_owner)
       END                     AS reason,
       'D'                     AS grade,
       runner.last_job_at      AS seen_at,
       runner.name             AS runner,
       runner.server           AS server,
       runner.running          AS running
FROM   runner
JOIN   identity ON names_person(runner.service_user, identity.name) OR names_person(runner.file_owner, identity.name)
WHERE  identity.kind IN ('upn', 'mail', 'github', 'devops');
/*
[[case]]
name = "the service runs as the leaver"
identity = [{ person = "p", kind = "upn", name = "alice@contoso.com" }]
runner = [{ id = "host:h/r", host = "h", kind = "github", service_user = "alice", file_owner = "root" }]
expect = { "host:h/r" = "fail" }

[[case]]
name = "no unit, but the leaver's files"
identity = [{ person = "p", kind = "upn", name = "alice@contoso.com" }]
runner = [{ id = "host:h/r", host = "h", kind = "github", file_owner = "alice" }]
expect = { "host:h/r" = "fail" }

[[case]]
name = "an account of its own"
identity = [{ person = "p", kind = "upn", name = "alice@contoso.com" }]
runner = [{ id = "host:h/r", host = "h", kind = "github", service_user = "svc-runner", file_owner = "svc-runner" }]
expect = "pass"

[[case]]
name = "a host that could not be read as a whole"
incomplete = ["runner"]
identity = [{ person = "p", kind = "upn", name = "alice@contoso.com" }]
expect = "unknown"
*/
