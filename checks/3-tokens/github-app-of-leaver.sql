/*
title    = "An app that the leaver owns or installed has access to a GitHub organisation"
proven   = "No app that the leaver owns or installed has access to a GitHub organisation"
severity = "high"
why      = "An installed app acts with keys of its owner and needs no member. Its own tokens outlive whoever installed it."
fix      = "Find out first who needs it. If the leaver owns the app, uninstall it, for its owner can sign in as it at any time; if they only installed it, suspend the installation, which can be undone. Whatever works through the app stops."
monotone = true
controls = { nist = ["PS-4", "AC-2(3)", "SA-9"], iso27001 = ["A.5.18", "A.5.19"], soc2 = ["CC6.3", "CC9.2"], cis = ["5.5", "6.2"], owasp-nhi = ["NHI1:2025", "NHI3:2025"] }

[params]
log_days = 180            # how far back the audit log reaches; an own GitHub server may keep less
*/
SELECT leaver.person           AS person,
       app.id                  AS subject,
       'fail'                  AS status,
       'critical'              AS severity,
       printf('%s belongs to %s and may use %s repositories of %s', ifnull(app.app, 'an app'), app.owner,
              ifnull(app.repositories, 'unknown'), app.organization) AS reason,
       'B'                     AS grade,
       app.owner               AS actor,
       ifnull(app.updated_at, app.created_at) AS seen_at,
       app.permissions         AS permissions
FROM   github_leaver AS leaver
JOIN   github_app_installation AS app ON same_account(leaver.login, leaver.user_id, app.owner, app.owner_id)
WHERE  app.suspended_at IS NULL
UNION ALL
SELECT leaver.person, app.id, 'fail', NULL,
       printf('%s was installed by %s and may use %s repositories of %s', ifnull(app.app, 'an app'), event.actor,
              ifnull(app.repositories, 'unknown'), app.organization),
       'C', event.actor, event.at, app.permissions
FROM   github_leaver AS leaver
JOIN   github_event AS event ON same_account(leaver.login, leaver.user_id, event.actor, event.actor_id)
JOIN   github_app_installation AS app
  ON   app.organization = event.organization COLLATE NOCASE
  AND  (app.installation_id = event.thing_id
        OR (event.thing_id IS NULL
            AND ifnull(abs(seconds_between(event.at, app.created_at))
                       <= iif(ifnull(replace(lower(event.name), ' ', '-') = lower(app.app), 1), 120, 5), 1)))
WHERE  event.action = 'integration_installation.create'
AND    app.suspended_at IS NULL
UNION ALL
SELECT NULL, printf('github:org/%s/installations', app.organization), NULL, NULL,
       printf('%d apps of %s were installed before the audit log begins: nobody can say by whom', count(*), app.organization),
       NULL, NULL, NULL, substr(group_concat(DISTINCT app.app), 1, 500)
FROM   github_app_installation AS app
WHERE  app.suspended_at IS NULL
AND    (app.created_at IS NULL OR days_between(app.created_at, :now) >= :log_days)
GROUP BY app.organization;
/*
[[case]]
name = "owned by the leaver, and installed by them"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_event = [{ id = "e1", organization = "contoso", action = "integration_installation.create", at = 2026-04-01T00:00:00Z, actor = "alice-dev", actor_id = "7", name = "Nightly Sync" }]
github_app_installation = [
  { id = "i1", organization = "contoso", installation_id = "1", app = "alices-bot", owner = "alice-dev", owner_id = "7", created_at = 2026-04-01T00:00:00Z },
  { id = "i2", organization = "contoso", installation_id = "2", app = "nightly-sync", owner = "vendor", owner_id = "50", created_at = 2026-04-01T00:00:01Z },
]
expect = { "i1" = "fail", "i2" = "fail" }

[[case]]
name = "of others, and a suspended one"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_app_installation = [
  { id = "i1", organization = "contoso", installation_id = "1", app = "alice-dev-helper", owner = "alice-developer", owner_id = "9", created_at = 2026-04-01T00:00:00Z },
  { id = "i2", organization = "contoso", installation_id = "2", app = "old", owner = "alice-dev", owner_id = "7", suspended_at = 2026-05-02T00:00:00Z, created_at = 2026-04-01T00:00:00Z },
]
expect = "pass"

[[case]]
name = "installed before the log begins"
now = "2026-06-01T00:00:00Z"
github_app_installation = [{ id = "i1", organization = "contoso", installation_id = "1", app = "ci", owner = "vendor", created_at = 2021-04-01T00:00:00Z }]
expect = { "github:org/contoso/installations" = "unknown" }

[[case]]
name = "installed apps could not be listed"
incomplete = ["github_app_installation"]
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
expect = "unknown"
*/
