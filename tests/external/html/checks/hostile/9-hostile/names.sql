/*
title    = "A name is <script>pwned=1</script> \"' onerror=pwned=1 [link](javascript:pwned=1) `code`"
severity = "critical"
why      = "</style><style>@import 'http://127.0.0.1:9/';</style> & more"
fix      = "</script><script>pwned=1</script>"
monotone = true
*/
WITH name(value) AS (
  VALUES ('<script>pwned=1;fetch("http://127.0.0.1:9/")</script>'),
         ('<img src=http://127.0.0.1:9/x onerror="pwned=1">'),
         ('"><svg onload=pwned=1>'),
         (''' onmouseover=pwned=1 x='''),
         ('</td></tr></table></main><iframe srcdoc="<script>top.pwned=1</script>">'),
         ('<base href="http://127.0.0.1:9/"><link rel=stylesheet href=x>'),
         ('<meta http-equiv=refresh content="0;url=http://127.0.0.1:9/">'),
         ('<!--<form action=http://127.0.0.1:9/><button>x'),
         ('javascript:pwned=1'),
         ('=cmd|''/c calc''!A0'),
         ('+1;-1,@x'),
         ('::error::pwned'),
         ('##vso[task.setvariable variable=x]pwned'),
         ('[x](http://127.0.0.1:9/) @everyone `` ` {0} ]]> &#x3c;b&#x3e;'),
         (char(27) || '[2J' || char(27) || ']8;;http://127.0.0.1:9/' || char(7) || 'x' || char(8238) || 'gpj' || char(0, 65535)),
         (char(9) || '=1' || char(13, 10) || '=2'),
         ('')
)
SELECT person.id                                AS person,
       'entra:user/' || printf('%s', value)     AS subject,
       'fail'                                   AS status,
       value                                    AS reason,
       value                                    AS actor,
       value                                    AS fact,
       value                                    AS path
FROM   person
JOIN   name;
