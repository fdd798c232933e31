//! A third corpus: whole files of many formats, credentials and what only looks like them side by side in each. What a
//! file says about owners must never end up at another credential.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use fastrand::Rng;
use leaver::source::runner::{Key, look};
use leaver::text::Secret;
use leaver::token;

use crate::hosts::{devops_pat, entra_secret, github};

/// Path, beginning, one part for each value, end. `{v}` is the value, `{n}` a name, `{u}` an owner, `{b}` the value and
/// `{p}` owner and value in base64.
type Format = (&'static str, &'static str, &'static str, &'static str);

/// Any value may stand here.
const OPEN: &[Format] = &[
    ("/c/app.ini", "[main]\n; settings\n", "{n} = {v}\n", ""),
    ("/c/app.properties", "# x\n", "app.{n}={v}\n", ""),
    ("/c/conf.toml", "[api]\n", "{n} = \"{v}\" # note\n", ""),
    ("/c/conf.json", "{\n", "  \"{n}\": \"{v}\",\n", "  \"z\": 1\n}\n"),
    ("/c/min.json", "[", "{\"k\":\"{n}\",\"v\":\"{v}\"},", "0]"),
    ("/c/nested.json", "{\"log\":\"", "{\\\"{n}\\\":\\\"{v}\\\"}\\n", "\"}"),
    ("/c/values.yaml", "app:\n", "  {n}: {v}\n", ""),
    ("/c/block.yaml", "script: |\n", "  export {n}={v}\n", "other: 1\n"),
    ("/c/deploy.yml", "kind: Deployment\nspec:\n  env:\n", "  - {name: {n}, value: '{v}'}\n", ""),
    ("/c/web.config", "<configuration>\n", "  <add key=\"{n}\" value=\"{v}\" />\n", "</configuration>\n"),
    ("/c/settings.xml", "<a>", "<{n}>{v}</{n}>", "</a>"),
    ("/c/info.plist", "<dict>\n", "<key>{n}</key><string>{v}</string>\n", "</dict>"),
    ("/c/run.sh", "#!/bin/sh\nset -e\n", "export {n}='{v}'\n", "exec \"$@\"\n"),
    ("/c/args.sh", "", "tool --{n} {v} --x && tool --{n}={v}\n", ""),
    ("/c/default.sh", "", ": \"${{n}:={v}}\"\necho \"${{n}:-{v}}\"\n", ""),
    ("/c/config.fish", "", "set -gx {n} {v}\n", ""),
    ("/c/x.ps1", "", "$env:{n} = \"{v}\";\r\n", ""),
    ("/c/x.cmd", "@echo off\r\n", "set {n}={v}\r\n", ""),
    ("/c/Dockerfile", "FROM alpine:3\n", "ARG {n}={v}\nENV {n}=${n} Y={v}\n", "RUN true\n"),
    ("/c/Makefile", "all:\n", "\t{n}={v} make x\n", ""),
    ("/c/main.tf", "provider \"x\" {\n", "  {n} = \"{v}\"\n", "}\n"),
    ("/c/index.js", "", "const {n}='{v}',q=`{v}`;", "module.exports={};\n"),
    ("/c/bundle.min.js", "!function(e){", "var a=e.{n}||\"{v}\";", "}(this);"),
    ("/c/app.py", "import os\n", "{n} = b'{v}'  # old\nos.environ.setdefault('{n}', '{v}')\n", ""),
    ("/c/Main.java", "class A {\n", "  String {n} = \"{v}\"; // TODO\n", "}\n"),
    ("/c/x.go", "package x\n", "var {n} = S{Token: \"{v}\"}\n", ""),
    ("/c/x.h", "", "#define {n} \"{v}\"\n", ""),
    ("/c/dump.sql", "", "INSERT INTO t VALUES (1,'{n}','{v}');\n", ""),
    ("/c/x.csv", "name,value,at\n", "{n},{v},2026-01-01\n", ""),
    ("/c/x.tsv", "", "{n}\t{v}\t1\n", ""),
    ("/c/README.md", "# Use\n\n| n | v |\n|---|---|\n", "| {n} | `{v}` |\n", ""),
    ("/c/x.html", "<form>", "<input type=hidden name={n} value={v}><a href=\"?t={v}&amp;x\">", "</form>"),
    ("/c/x.patch", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n", "-{n}={v}\n+{n}={v}\n", ""),
    ("/c/x.ipynb", "{\"cells\":[{\"source\":[", "\"{n} = '{v}'\\n\",", "\"\"]}]}"),
    ("/c/curl.log", "> GET / HTTP/1.1\r\n", "> X-{n}: {v}\r\n> Cookie: a=b; s={v}; c=d\r\n", "\r\n"),
    ("/r/_diag/Agent_1.log", "", "[2026-05-01 00:00:00Z INFO A] Adding '{n}': '{v}'\n", ""),
    ("/c/color.log", "", "2026 \u{1b}[1;32m{v}\u{1b}[0m {n}\n\\u001b[36m{v}\\u001b[0m\n", ""),
    ("/c/access.log", "", "1.2.3.4 - - \"GET /a?{n}={v}&y=1 HTTP/1.1\" 200\n", ""),
    ("/c/debug.log", "", "{n}: Some(\"{v}\"), ({v}) [{v}] <{v}> {v}, {v}; {v}|{v}\n", ""),
    ("/c/kv.log", "", "level=info msg=\"got {v}\" {n}={v} t=1\n", ""),
    ("/c/strace", "", "write(3, \"{n}={v}\\0\\n\", 60) = 60\n", ""),
    ("/c/.env", "", "{n}={v}\n", ""),
    ("/proc/44/environ", "A=b\0", "{n}={v}\0", "Z=1\0"),
    ("/etc/systemd/system/x.service", "[Service]\n", "Environment=\"{n}={v}\"\n", "ExecStart=/x\n"),
    ("/etc/cron.d/x", "", "5 4 * * * root {n}={v} /x\n", ""),
    ("/h/.bash_history", "ls\n", "{n}={v} ./x\n: 1700000000:0;export {n}={v}\n", ""),
    ("/c/compose.yaml", "services:\n  a:\n    environment:\n", "      - \"{n}={v}\"\n", ""),
    ("/c/secret.yaml", "kind: Secret\nstringData:\n", "  {n}: \"{v}\"\n", ""),
    ("/c/data.yaml", "apiVersion: v1\nkind: Secret\ndata:\n", "  {n}: {b}\n", ""),
    ("/c/list.yaml", "kind: List\nitems:\n", "- kind: Secret\n  data: {{n}: {b}}\n", ""),
    ("/c/x.reg", "Windows Registry Editor Version 5.00\r\n\r\n", "\"{n}\"=\"{v}\"\r\n", ""),
    ("/c/state.tfstate", "{\"outputs\":{", "\"{n}\":{\"value\":\"{v}\",\"type\":\"string\"},", "\"z\":{}}}"),
    ("/r/.github/workflows/a.yml", "jobs:\n  a:\n    env:\n", "      {n}: {v}\n", ""),
    ("/c/azure-pipelines.yml", "variables:\n", "- name: {n}\n  value: {v}\n", ""),
    ("/c/postman.json", "{\"auth\":[", "{\"key\":\"{n}\",\"value\":\"{v}\",\"type\":\"string\"},", "{}]}"),
];

/// Whatever stands here is a password, and somebody's.
const OWNED: &[Format] = &[
    ("/h/.git-credentials", "", "https://{u}:{v}@h{n}.example.org\n", ""),
    ("/h/.netrc", "", "machine h{n}.example.org\n  login {u}\n  password {v}\n", ""),
    ("/h/.docker/config.json", "{\"auths\":{", "\"{n}.example.org\":{\"auth\":\"{p}\"},", "\"z\":{}}}"),
    ("/c/.git/config", "[core]\n", "[remote \"{n}\"]\n\turl = https://{u}:{v}@h.example.org/a.git\n", ""),
    ("/c/http.log", "", "Authorization: Basic {p}\n", ""),
    ("/h/.pypirc", "", "[{n}]\nusername = {u}\npassword = {v}\n", ""),
];

const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

fn text(random: &mut Rng, alphabet: &str, length: usize) -> String {
    (0..length).map(|_| char::from(alphabet.as_bytes()[random.usize(..alphabet.len())])).collect()
}

/// Of a format, with classes of characters: `a` letters and digits, `u` those of URLs, `h` hexadecimal, `9` digits, `L`
/// letters, `l` lower case and digits, `B` base 32 in upper case; each with a count.
fn shaped(random: &mut Rng, parts: &[(&str, char, usize)]) -> String {
    let part = |(fixed, class, length): &(&str, char, usize)| {
        let alphabet = match class {
            'a' => format!("{LETTERS}0123456789"),
            'u' => format!("{LETTERS}0123456789-_"),
            'h' => "0123456789abcdef".to_owned(),
            '9' => "0123456789".to_owned(),
            'l' => "abcdefghijklmnopqrstuvwxyz0123456789".to_owned(),
            'B' => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".to_owned(),
            _ => LETTERS.to_owned(),
        };
        format!("{fixed}{}", text(random, &alphabet, *length))
    };
    parts.iter().map(part).collect()
}

fn summed(body: String, upper: bool) -> String {
    let sum = crc32fast::hash(body.as_bytes());
    if upper { format!("{body}{sum:08X}") } else { format!("{body}_{:08x}", sum.swap_bytes()) }
}

fn credentials(random: &mut Rng) -> Vec<String> {
    let shapes: &[&[(&str, char, usize)]] = &[
        &[("github_pat_", 'a', 22), ("_", 'a', 59)],
        &[("pypi-AgEIcHlwaS5vcmcC", 'u', 160)],
        &[("glpat-", 'u', 20)],
        &[("gldt-", 'u', 20)],
        &[("xoxp-", '9', 11), ("-", '9', 12), ("-", '9', 12), ("-", 'h', 32)],
        &[("xoxb-", '9', 12), ("-", '9', 12), ("-", 'a', 24)],
        &[("sk-ant-api03-", 'u', 93), ("AA", 'a', 0)],
        &[("sk-ant-admin01-", 'u', 93), ("AA", 'a', 0)],
        &[("sk-ant-oat01-", 'u', 93), ("AA", 'a', 0)],
        &[("sk-ant-ort01-", 'u', 93), ("AA", 'a', 0)],
        &[("sk-proj-", 'u', 74), ("T3BlbkFJ", 'u', 74)],
        &[("sk-svcacct-", 'u', 74), ("T3BlbkFJ", 'u', 74)],
        &[("sk-", 'a', 20), ("T3BlbkFJ", 'a', 20)],
        &[("hf_", 'L', 34)],
        &[("dckr_pat_", 'u', 27)],
        &[("dckr_oat_", 'u', 32)],
        &[("AKIA", 'B', 16)],
        &[("AIza", 'u', 35)],
        &[("1//0", 'u', 100)],
        &[("dapi", 'h', 32)],
        &[("squ_", 'h', 40)],
        &[("sqp_", 'h', 40)],
        &[("ntn_", '9', 11), ("", 'a', 35)],
        &[("figd_", 'u', 40)],
        &[("lin_api_", 'a', 40)],
        &[("sntryu_", 'h', 64)],
        &[("vcp_", 'u', 56)],
        &[("", 'a', 14), (".atlasv1.", 'u', 67)],
    ];
    let mut all: Vec<String> = shapes.iter().map(|shape| shaped(random, shape)).collect();
    let seed = random.u64(..1 << 40);
    all.extend(["ghp_", "gho_", "ghu_", "ghs_", "npm_"].map(|prefix| github(prefix, seed)));
    all.extend([devops_pat(seed), entra_secret(seed)]);
    all.push(summed(shaped(random, &[("ATATT3", 'u', 180), ("=", 'a', 0)]), true));
    all.push(summed(shaped(random, &[("glsa_", 'a', 32)]), false));
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let signature = shaped(random, &[("", 'u', 86)]);
    all.push(format!(
        "{}.{}.{signature}",
        part(r#"{"alg":"ES256","typ":"JWT"}"#),
        part(r#"{"jti":"1","exp":1900000000}"#)
    ));
    all
}

fn lookalikes(random: &mut Rng) -> Vec<String> {
    let mut digest = [0u8; 64];
    random.fill(&mut digest);
    let shapes: &[&[(&str, char, usize)]] = &[
        &[("ghp_", 'a', 36)],
        &[("gho_", 'a', 20)],
        &[("npm_", 'a', 36)],
        &[("npm_config_", 'l', 12)],
        &[("", 'h', 40)],
        &[("", 'h', 64)],
        &[("sha256:", 'h', 64)],
        &[("", 'h', 8), ("-", 'h', 4), ("-4", 'h', 3), ("-a", 'h', 3), ("-", 'h', 12)],
        &[("arn:aws:iam::", '9', 12), (":role/x", 'a', 0)],
        &[("sk-", 'a', 12)],
        &[("hf_", 'l', 10)],
        &[("my_ghp_", 'a', 36)],
        &[("dapi", 'h', 8)],
        &[("glpat-", 'a', 8)],
        &[("ATATT3", 'u', 60)],
        &[("AKIA", 'B', 6), ("EXAMPLE", 'a', 0)],
        &[("eyJ", 'a', 40)],
        &[("", 'l', 52)],
        &[("v1.2.3-", 'h', 12)],
        &[("i-", 'h', 17)],
        &[("https://example.org/", 'l', 30)],
        &[("data:image/png;base64,", 'a', 400)],
        &[("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI", 'a', 43)],
        &[("pk_live_", 'a', 24)],
        &[("", 'a', 84)],
        &[("", 'u', 43)],
    ];
    let mut all: Vec<String> = shapes.iter().map(|shape| shaped(random, shape)).collect();
    all.push(format!("sha512-{}", BASE64_STANDARD.encode(digest)));
    let fixed = [
        "${TOKEN}",
        "$(Token)",
        "%TOKEN%",
        "{{ .Values.token }}",
        "<token>",
        "***",
        "changeme",
        "xxxxxxxxxxxxxxxxxxxx",
    ];
    all.extend(fixed.map(str::to_owned));
    for prefix in ["ghp_", "npm_", "glpat-", "xoxb-", "hf_", "sk-proj-"] {
        all.push(format!("{prefix}{}", "x".repeat(36)));
        all.push(format!("{prefix}YOUR_TOKEN_HERE"));
    }
    all.push("AKIAIOSFODNN7EXAMPLE".to_owned());
    all.push("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned());
    all
}

/// A file with these values, and the owner that it names for each.
fn file(random: &mut Rng, format: &Format, values: &[String]) -> (Vec<u8>, Vec<String>) {
    let (path, head, part, tail) = *format;
    let (mut text_of_file, mut owners) = (head.to_owned(), Vec::new());
    for value in values {
        let (name, owner) = (text(random, "abcdefghijk", 6), format!("u{}", text(random, "lmnopqrst", 7)));
        // In the user information of a URL nothing else may stand as it is.
        let escaped = value.replace('/', "%2F").replace('=', "%3D");
        let value = if part.contains("://{u}") { &escaped } else { value };
        let filled = part
            .replace("{n}", &name)
            .replace("{u}", &owner)
            .replace("{b}", &BASE64_STANDARD.encode(value))
            .replace("{p}", &BASE64_STANDARD.encode(format!("{owner}:{value}")))
            .replace("{v}", value);
        text_of_file += &filled;
        owners.push(owner);
    }
    text_of_file += tail;
    let wide = || text_of_file.encode_utf16().flat_map(u16::to_le_bytes).collect();
    (if path.ends_with(".reg") { wide() } else { text_of_file.into_bytes() }, owners)
}

#[derive(Default)]
struct Tally {
    planted: usize,
    right: usize,
    wrong: usize,
    failed: BTreeMap<String, usize>,
}

impl Tally {
    fn note(&mut self, what: String) {
        *self.failed.entry(what).or_default() += 1;
    }

    fn file(&mut self, key: &Key, format: &Format, bytes: &[u8], real: &[(String, Option<String>)]) {
        let print = |value: &str| look("h", Path::new("/v"), value.as_bytes(), token::kinds(), key).pop();
        let rows = look("h", Path::new(format.0), bytes, token::kinds(), key);
        let mut rows: Vec<_> = rows.into_iter().filter(|row| row.confidence != "low").collect();
        for (value, owner) in real {
            self.planted += 1;
            let own = print(value).and_then(|own| rows.iter().position(|row| row.fingerprint == own.fingerprint));
            let Some(row) = own.map(|at| rows.swap_remove(at)) else {
                self.note(format!("missed {} in {}", &value[..4], format.0));
                continue;
            };
            self.right += 1;
            let named = row.owner_name.as_ref().map(|name| name.raw().to_owned());
            let inside = row.owner_source.as_deref() == Some("token");
            assert!(inside || named == *owner, "{named:?} instead of {owner:?} in {}", format.0);
        }
        for row in rows {
            self.wrong += 1;
            self.note(format!("{} in {}", row.kind, format.0));
        }
    }
}

#[test]
fn recall_precision_and_owners_in_files_of_many_formats() {
    let key = Key::from_setting(&Secret::new(&"k".repeat(40))).unwrap();
    let mut random = Rng::with_seed(77);
    let mut tally = Tally::default();
    for format in OPEN.iter().chain(OWNED) {
        let owned = OWNED.contains(format);
        let (mut credentials, mut others) = (credentials(&mut random), lookalikes(&mut random));
        random.shuffle(&mut credentials);
        random.shuffle(&mut others);
        for (real, others) in credentials.chunks(4).zip(others.chunks(4)) {
            let mut values = real.to_vec();
            values.extend(others.iter().filter(|_| !owned).cloned());
            random.shuffle(&mut values);
            let (bytes, owners) = file(&mut random, format, &values);
            let owners = values.iter().zip(owners).filter(|(value, _)| real.contains(value));
            let real: Vec<_> = owners.map(|(value, owner)| (value.clone(), owned.then_some(owner))).collect();
            tally.file(&key, format, &bytes, &real);
        }
    }
    let (right, all) = (tally.right as f64, tally.planted as f64);
    let (recall, precision) = (right / all, right / (right + tally.wrong as f64));
    assert!(
        recall >= 0.98 && precision >= 0.97,
        "recall {recall:.4} of {all}, precision {precision:.4}: {:#?}",
        tally.failed
    );
}
