//! Files that somebody wrote so that reading them takes long: each reader, on what it begins with, over and over. A test holds
//! that their time is linear, and a bench says how long a megabyte takes.

/// How many bytes of something there are.
type Make = fn(usize) -> String;

/// A unit over and over, with a number in place of `#`.
fn units(unit: &str, bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + unit.len());
    for n in 0.. {
        if text.len() >= bytes {
            break;
        }
        text.push_str(&unit.replace('#', &n.to_string()));
    }
    text
}

/// What stands around a unit, by the files that are read so.
const FORMS: &[(&[&str], &str, &[&str], &str)] = &[
    (
        &[
            ".config/x/credentials.json",
            "claude/.credentials.json",
            ".azure/msal_token_cache.json",
            ".docker/config.json",
        ],
        "{",
        &[
            "\"a#token\":\"q9w8e7r6t5y4u3i2#\",",
            "\"a#token\":\"q9w8e7r6t5y4u3i2#\",\"a#user\":\"al#\",",
            "\"https://r#/\":{\"auth\":\"YWxpY2U6cXdlcnR5dWlvcA==\"},",
            "\"a#\":{\"token\":\"q9w8e7r6t5y4u3i2#\",\"user\":{\"email\":\"a#@b.c\"}},",
        ],
        "\"user\":\"al\"}",
    ),
    (
        &[".mcp.json", ".cursor/mcp.json", "x/settings.json"],
        "{\"mcpServers\":[",
        &["{\"command\":\"x\"},", "{\"command\":\"x\",\"env\":{\"A\":\"b\"}},", "{\"url\":\"https://h/mcp\"},"],
        "{}]}",
    ),
    (
        &[".mcp.json"],
        "{\"mcpServers\":{\"a\":{\"command\":\"x\",\"env\":{\"token\":\"",
        &["token:", "token: ", "Bearer ", "{{$a", "[$a", "${a:-", "%7B%7B", "://a:b@"],
        "\"}}}}",
    ),
    (
        &[".mcp.json"],
        "{\"mcpServers\":{\"a\":{\"command\":\"",
        &["$v ", "--token ", "-e A=b ", "--header A: ", "'", "-c '"],
        "\"}}}",
    ),
    (
        &["x.json", ".claude.json"],
        "",
        &["[", "{\"a\":", "/*", "//\n", "},", ",}", "\"\\\\", "[1,", "\"", "\\u0041"],
        "",
    ),
    (
        &[".github/workflows/a.yml", "compose.yaml", ".kube/config", "deploy/secret.yaml", ".gitlab-ci.yml"],
        "kind: Secret\nenv:\n",
        &[
            "- a\n",
            "- - ",
            "  a#: b\n",
            "  - name: a#\n    value: b#\n",
            "? ",
            "[",
            "{",
            "[a,",
            "{a: ",
            "&a# b\n",
            "*a ",
            "!!a ",
            "  - &a# [*a#, b]\n",
            "---\n",
            "|\n",
            "'",
            "\"",
            "\t",
            "# a\n",
            "  run: a\n",
            "a: b: ",
            "%",
            ": ",
            "? a\n: b\n",
            "  token#: q9w8e7r6t5y4u3i2#\n",
            "...\n",
            "  - >\n",
            "\u{85}",
            "    users:\n",
        ],
        "",
    ),
    (
        &[".cargo/credentials.toml", ".codex/config.toml"],
        "",
        &[
            "[a#]\n",
            "[[a]]\n",
            "a#=1\n",
            "a.",
            "[a.",
            "a={b=",
            "a=[",
            "a=\"\"\"",
            "[a.b#]\nc.d.e=1\n",
            "a='",
            "[[a.b]]\n",
            "a = {b.c.d=1},",
            "a#.b.c.d.e.f = 1\n",
        ],
        "",
    ),
    (
        &[".databrickscfg", "rclone.conf", ".my.cnf", ".gitconfig", ".pypirc", ".aws/credentials", "x/.toolrc"],
        "",
        &[
            "[a]\nuser=b\npassword=c#\n",
            "[a#]\nuser=b\npassword=c#\n",
            "password#=q9w8e7r6#\n",
            "a#user=b\na#password=q9w8e7#\n",
            "[",
            "]",
            "=",
            ":",
            "a : ",
            " #",
            " ;",
            "://",
            "\"",
            "extraheader = AUTHORIZATION: basic QTpC\n",
        ],
        "",
    ),
    (
        &["gradle.properties", "liquibase.properties"],
        "",
        &["\\\\\\\n", "a\\\n", "\\\n", "\\u0041", "\\", "a=b\n", "a\\:", "!\n", "password#=q9w8e7r6#\n"],
        "",
    ),
    (
        &[".m2/settings.xml", "filezilla/sitemanager.xml", "NuGet.Config"],
        "<servers>",
        &[
            "<a>",
            "</a>",
            "<a/>",
            "<a b=\"c\"/>",
            "<!--",
            "<!-- a -->",
            "&amp;",
            "&",
            "&a;",
            "<![CDATA[",
            "<![CDATA[a]]>",
            "<a ",
            "<add key=\"token#\" value=\"x#\"/>",
            "<?",
            "<!DOCTYPE ",
            "<server><id>a</id><password>p#</password></server>",
            "<a><b>",
            "]]>",
        ],
        "",
    ),
    (
        &[".terraformrc", "x.tfvars"],
        "",
        &["a {\n", "}\n", "a = \"b\"\n", "token# = \"q9w8e7#\"\n", "a {\n}\n", "{", "["],
        "",
    ),
    (
        &[
            ".npmrc",
            ".netrc",
            ".git-credentials",
            ".pgpass",
            ".bash_history",
            "etc/crontab",
            "runner/.env",
            "systemd/system/a.service",
            ".curlrc",
            ".msmtprc",
            "svn.simple/a",
            "ansible/hosts",
            "build.sbt",
            "a.credential",
            "etc/environment",
            "id_rsa",
            "a.txt",
            "a.sh",
        ],
        "",
        &[
            "//r#/:_authToken=q9w8e7r6t5y4#\n",
            "//r#/:_password=cTl3OGU3\n",
            "machine a login b password c#\n",
            "machine ",
            "macdef ",
            "https://a:b#@c\n",
            "a:b:c:d:e#\n",
            "\\:",
            "curl -u a:b# ",
            "-u ",
            "A#=b\n",
            "A#TOKEN=q9w8e7r6t5y4#\n",
            "export ",
            "Environment=",
            "'",
            "\"",
            "user = \"a:b\"\n",
            "account a\nuser b\npassword c#\n",
            "K 8\nusername\nV 1\na\n",
            "K ",
            "a ansible_user=b ansible_password=c#\n",
            "Credentials(\"a\",\"b\",\"c\",\"d#\")\n",
            "Credentials(",
            "service=a\n",
            "path = a\n[include]\n",
            "://u:passw0rd#@h ",
            "://u:passw0rd@h hf_#",
            "Authorization: Basic QTpCCCCC ",
            "\\/",
            "\\u002d",
            "%2D",
            "user=a token=q9w8e7r6t5y4# ",
            "-----BEGIN RSA PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n",
            "eyJhbGciOiJIUzI1NiJ9.",
            "\0",
            "\u{feff}",
            "a",
            "=",
            "YWxpY2U6cXdlcnR5dWlvcA",
            "YWxpY2U6cXdlcnR5dWlvcGFzZGZnaGprbHp4Y3Zibm0= ",
            "\u{1b}[1m",
        ],
        "",
    ),
];

/// What no unit between two texts makes.
const OTHERS: &[(&str, Make)] = &[
    (".mcp.json", |bytes| {
        let (variables, words) = (units("\"V#\":\"w#\",", bytes / 2), units("\"$V#\",", bytes / 2));
        format!(
            "{{\"mcpServers\":{{\"a\":{{\"command\":\"x\",\"env\":{{{variables}\"z\":\"\"}},\"args\":[{words}\"z\"]}}}}}}"
        )
    }),
    (".github/workflows/a.yml", |bytes| format!("env:\n  {}: [{}]\n", "a".repeat(bytes / 2), units("a#,", bytes / 2))),
    (".github/workflows/a.yml", |bytes| {
        format!("\"{}\":\n{}", "a".repeat(bytes / 2), units("  - name: a#\n    value: b#\n", bytes / 2))
    }),
    (".config/x/credentials.json", |bytes| {
        format!("{{\"token{}\":[{}\"z\"],\"user\":\"a\"}}", "n".repeat(bytes / 2), units("\"q9w8e7r6#\",", bytes / 2))
    }),
    (".config/x/credentials.json", |bytes| {
        format!(
            "{{\"user\":[{}\"z\"],{}\"z\":1}}",
            units("\"a\",", bytes / 2),
            units("\"a#token\":\"q9w8e7r6#\",", bytes / 2)
        )
    }),
    (".config/x/credentials.json", |bytes| {
        format!("{{\"user\":\"{}\",{}\"z\":1}}", "a".repeat(bytes / 2), units("\"a#token\":\"q9w8e7r6#\",", bytes / 2))
    }),
    ("a.txt", |bytes| {
        units("://u:passw0rd#@h ", bytes / 2) + &units("hf_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0fF#\n", bytes / 2)
    }),
];

/// Each file by its path, with what makes so many bytes of it.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, Box<dyn Fn(usize) -> String>)> {
    let of_form = |(paths, before, inside, behind): &'static (&'static [&'static str], &str, &'static [&str], &str)| {
        let each = paths.iter().flat_map(move |path| inside.iter().map(move |unit| (*path, *unit)));
        each.map(move |(path, unit)| {
            let make = move |bytes| format!("{before}{}{behind}", units(unit, bytes));
            (path, Box::new(make) as Box<dyn Fn(usize) -> String>)
        })
    };
    let others = OTHERS.iter().map(|(path, make)| (*path, Box::new(make) as Box<dyn Fn(usize) -> String>));
    others.chain(FORMS.iter().flat_map(of_form))
}
