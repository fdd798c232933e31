/*
title    = "Somebody left, and no sealed report about them exists in time"
proven   = "About everybody who left a sealed report was made in time"
severity = "high"
why      = "A checklist that nobody carries out protects nothing, and nobody can tell the difference later."
fix      = "Audit every leaver within the days of [posture] offboarding-days, with --bundle and [archive]; a nightly sweep does it."
item     = "hardening/16"
controls = { nist = ["PS-4", "CA-7"], iso27001 = ["A.6.5", "A.5.28"], soc2 = ["CC6.2"], cis = ["6.2"] }
*/
WITH allowed AS (SELECT max(CAST(value AS INTEGER)) AS days FROM posture_setting WHERE kind = 'offboarding-days'),
     proven AS (
       SELECT departed.person, departed.day, min(report.at) AS first_at, max(report.signed) AS signed
       FROM   departed
       LEFT JOIN sealed_report AS report ON report.person = departed.person AND report.at >= departed.day
       GROUP BY departed.person)
SELECT NULL                        AS person,
       proven.person               AS subject,
       CASE WHEN proven.day IS NULL THEN NULL
            WHEN proven.first_at IS NULL AND days_between(proven.day, :now) <= allowed.days + 1 THEN 'pass'
            -- Without an archive nobody can tell; it is a gap that says so.
            WHEN proven.first_at IS NULL AND NOT EXISTS (SELECT 1 FROM posture_setting WHERE kind = 'archive') THEN NULL
            WHEN proven.first_at IS NULL THEN 'fail'
            WHEN days_between(proven.day, proven.first_at) > allowed.days + 1 THEN 'fail'
            WHEN proven.signed = 0 THEN 'fail'
            WHEN days_between(proven.day, proven.first_at) <= allowed.days + 1 AND proven.signed = 1 THEN 'pass'
       END                         AS status,
       CASE WHEN proven.day IS NULL      THEN 'the last day is not known'
            WHEN proven.first_at IS NULL THEN printf('left on %s, and the archive holds no report since', proven.day)
            WHEN proven.signed = 0       THEN printf('left on %s; no report since is signed', proven.day)
            ELSE printf('left on %s, and the first report since is of %s', proven.day, proven.first_at) END AS reason,
       proven.first_at             AS seen_at,
       'A'                         AS grade
FROM   proven, allowed;
/*
[[case]]
name = "in time, and somebody who left yesterday"
posture_setting = [{ kind = "offboarding-days", value = "3" }]
departed = [{ person = "p", day = "2026-05-01" }, { person = "q", day = "2026-05-31" }]
sealed_report = [{ person = "p", at = 2026-05-02T08:00:00Z, signed = 1 }]
expect = "pass"

[[case]]
name = "never, too late, a day too late, before the last day only, about somebody else only, signed by nobody"
posture_setting = [{ kind = "offboarding-days", value = "3" }, { kind = "archive", value = "configured" }]
departed = [{ person = "never", day = "2026-05-01" }, { person = "late", day = "2026-05-01" }, { person = "before", day = "2026-05-01" }, { person = "bare", day = "2026-05-01" }, { person = "almost", day = "2026-05-01" }, { person = "other", day = "2026-05-10" }]
sealed_report = [
  { person = "late", at = 2026-05-20T08:00:00Z, signed = 1 }, { person = "before", at = 2026-04-20T08:00:00Z, signed = 1 },
  { person = "bare", at = 2026-05-02T08:00:00Z, signed = 0 }, { person = "almost", at = 2026-05-06T08:00:00Z, signed = 1 },
  { person = "somebody", at = 2026-05-11T08:00:00Z, signed = 1 },
]
expect = { "never" = "fail", "late" = "fail", "before" = "fail", "bare" = "fail", "almost" = "fail", "other" = "fail" }

[[case]]
name = "the last day is not known"
posture_setting = [{ kind = "offboarding-days", value = "3" }]
departed = [{ person = "p" }]
expect = { "p" = "unknown" }

[[case]]
name = "no archive is configured, so no report can be missing from it"
posture_setting = [{ kind = "offboarding-days", value = "3" }]
incomplete = ["sealed_report"]
departed = [{ person = "p", day = "2026-05-01" }]
expect = { "p" = "unknown" }

[[case]]
name = "the archive could not be read"
posture_setting = [{ kind = "offboarding-days", value = "3" }]
incomplete = ["sealed_report"]
expect = "unknown"
*/
