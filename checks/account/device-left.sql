/*
title    = "A device of the leaver is still trusted"
proven   = "No device of the leaver is trusted"
severity = "low"
why      = "A registered device carries its own sign-in token and can satisfy device-based access rules."
fix      = "Disable the device in Entra; nobody can sign in with it then. Where it is managed, take an image of it as evidence before it is wiped."
action   = "disable-device"
monotone = true
controls = { nist = ["PS-4", "AC-19"], iso27001 = ["A.5.11"], soc2 = ["CC6.4"], cis = ["1.1"] }
*/
SELECT device.person                  AS person,
       'entra:device/' || device.id   AS subject,
       CASE WHEN min(device.enabled) = 0 AND count(device.enabled) = count(*) THEN 'pass'
            WHEN max(device.enabled) = 1 THEN 'fail'
       END                            AS status,
       printf('%s device %s', min(device.relation), ifnull(max(device.name), 'without a readable name')) AS reason,
       max(device.seen_at)            AS seen_at,
       'A'                            AS grade
FROM   device
GROUP BY device.person, device.id;
/*
[[case]]
name = "disabled"
device = [{ id = "d1", person = "p", relation = "owned", enabled = false }]
expect = "pass"

[[case]]
name = "registered and owned by the same person"
device = [
  { id = "d1", person = "p", relation = "owned", enabled = true },
  { id = "d1", person = "p", relation = "registered", enabled = true },
]
expect = { "entra:device/d1" = "fail" }

[[case]]
name = "the state of the device is hidden"
device = [{ id = "d1", person = "p", relation = "owned" }]
expect = { "entra:device/d1" = "unknown" }

[[case]]
name = "devices could not be listed"
incomplete = ["device"]
expect = "unknown"
*/
