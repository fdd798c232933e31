//! Command lines: which arguments of which programs carry a secret, and whose. Lines of scripts, histories, crontabs, unit
//! files and workflows all come here. A program's own options are data; everything else is told by the names of options.

use super::super::lead::{Lead, account};
use super::{hosts, is_literal};
use crate::token::{self, named};

/// Programs with options that take a password or a token, and those that take the user; a letter may hold its value itself.
struct Program {
    /// The words that begin the command.
    names: &'static [&'static str],
    /// Options with a secret.
    secrets: &'static [&'static str],
    /// Options with the user.
    users: &'static [&'static str],
    /// A one-letter option whose value stands behind it without a blank.
    glued: &'static str,
    /// The word without which a one-letter option means something else: `docker run -p` names ports.
    verb: &'static str,
}

static PROGRAMS: &[Program] = &[
    signing_in(
        &["docker", "podman", "buildah", "skopeo", "nerdctl", "crane"],
        &["-p", "--password"],
        &["-u", "--username"],
    ),
    signing_in(&["helm", "oras", "regctl"], &["-p", "--password"], &["-u", "--username"]),
    signing_in(&["az"], &["-p", "--password", "--account-key", "--sas-token"], &["-u", "--username"]),
    signing_in(&["oc", "kubectl", "kubelogin"], &["-p", "--password", "--token"], &["-u", "--username"]),
    of(&["twine", "poetry", "uv", "flit"], &["-p", "--password", "-t", "--token"], &["-u", "--username"]),
    signing_in(&["cf", "ibmcloud", "bx"], &["-p", "--apikey"], &["-u"]),
    of(&["svn"], &["--password"], &["--username"]),
    of(&["mosquitto_pub", "mosquitto_sub"], &["-P", "--pw"], &["-u", "--username"]),
    of(&["ldapsearch", "ldapadd", "ldapmodify", "ldapdelete"], &["-w"], &["-D"]),
    of(&["influx", "redis-cli"], &["-a", "--pass", "-password"], &["--user", "-username"]),
    of(
        &["mongo", "mongosh", "mongodump", "mongorestore", "mongoimport", "mongoexport"],
        &["-p", "--password"],
        &["-u", "--username"],
    ),
    of(&["sqlcmd", "bcp"], &["-P"], &["-U"]),
    of(&["cargo"], &["--token"], &[]),
    of(&["npm", "yarn", "pnpm"], &["--_authToken", "--otp"], &[]),
    of(
        &["nuget", "dotnet"],
        &["-Password", "--password", "-ApiKey", "--api-key", "-k"],
        &["-UserName", "--username", "-u"],
    ),
    of(&["jf", "jfrog"], &["--password", "--access-token", "--apikey"], &["--user"]),
    of(&["rclone", "restic", "borg"], &["--password"], &["--user"]),
    of(&["vault"], &["-token", "password"], &["username"]),
    of(&["snyk"], &["auth"], &[]),
    of(&["ncftpput", "ncftpget", "lftp"], &["-p", "--password"], &["-u", "--user"]),
    of(&["smbclient"], &["--password"], &["-U"]),
    of(&["gitlab-runner"], &["-r", "-t", "--token", "--registration-token"], &[]),
    // With a blank, the word behind `-p` is a database, and the password is asked for.
    Program {
        names: &["mysql", "mysqldump", "mysqladmin", "mysqlimport", "mariadb", "mariadb-dump", "7z", "7za"],
        secrets: &["--password"],
        users: &["-u", "--user"],
        glued: "-p",
        verb: "",
    },
    Program { names: &["sshpass"], secrets: &["-p"], users: &["-l"], glued: "-p", verb: "" },
    of(&["wget"], &["--password", "--http-password", "--ftp-password"], &["--user", "--http-user", "--ftp-user"]),
];

const fn of(
    names: &'static [&'static str],
    secrets: &'static [&'static str],
    users: &'static [&'static str],
) -> Program {
    Program { names, secrets, users, glued: "", verb: "" }
}

const fn signing_in(
    names: &'static [&'static str],
    secrets: &'static [&'static str],
    users: &'static [&'static str],
) -> Program {
    Program { names, secrets, users, glued: "", verb: "login" }
}

/// The users that a command of any other program may name.
const USERS: &[&str] = &["-u", "--user", "--username", "--login", "-U", "-l"];
/// Options that take a header.
const HEADERS: &[&str] = &["-H", "--header", "--http-header", "-Headers"];
/// Options that take a variable.
const VARIABLES: &[&str] = &["-e", "--env", "--build-arg", "--set", "--set-string", "--var", "-v", "--from-literal"];
/// Words that stand before the program.
const BEFORE: &[&str] =
    &["sudo", "env", "exec", "nohup", "time", "command", "then", "do", "else", "if", "&&", "!", "-", "RUN"];

/// The credentials of one line, which may hold several commands.
pub(super) fn line(line: &str) -> Vec<Lead> {
    let words = hosts::words(line.strip_prefix("Environment=").unwrap_or(line));
    let ends = |word: &String| matches!(word.as_str(), "|" | "||" | "&&" | ";" | "&") || word.ends_with(';');
    words.split_inclusive(ends).flat_map(command).collect()
}

fn command(words: &[String]) -> Vec<Lead> {
    let mut leads: Vec<Lead> = words.iter().flat_map(|word| hosts::assigned_in(word)).collect();
    let program = program(words);
    let user = user(program, words);
    let owned = |value: &str, name: &str| {
        let lead = Lead::new(value).named(name).of_kind("argument-secret");
        lead.beside(user.and_then(|user| account("login", user))).alone()
    };
    for (at, word) in words.iter().enumerate() {
        let next = words.get(at + 1).map_or("", String::as_str);
        let (option, value, is_joined) = match word.split_once('=').filter(|(name, _)| name.starts_with('-')) {
            Some((name, value)) => (name, value, true),
            None => (word.as_str(), next, false),
        };
        match option {
            "--jitconfig" => leads.extend(hosts::registration(option, value)),
            _ if HEADERS.contains(&option) => leads.extend(header(value)),
            _ if VARIABLES.contains(&option) && (is_joined || !is_assignment(value)) => leads.extend(set(value)),
            _ if is_secret(program, words, option) && is_password(value) => leads.push(owned(value, option)),
            "-u" | "--user" if !program.is_some_and(|program| program.users.contains(&option)) => {
                leads.extend(pair(value))
            }
            _ if !is_joined => leads.extend(glued(program, word).map(|value| owned(value, &word[..2]))),
            _ => {}
        }
    }
    leads.extend(login(words));
    leads.extend(declared(words));
    leads
}

/// `ENV NAME value` of an image, `$env:NAME = 'value'`, `setx NAME value`
fn declared(words: &[String]) -> Option<Lead> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["ENV" | "setx", name, value] if !name.contains('=') => hosts::variable(name, value),
        [name, "=", value, ..] => hosts::variable(name.strip_prefix("$env:").or(name.strip_prefix("$Env:"))?, value),
        _ => None,
    }
}

/// `db.password=x`
fn set(value: &str) -> Option<Lead> {
    value.split_once('=').and_then(|(name, value)| hosts::variable(name, value))
}

/// The program that a command starts: by its name, whatever stands before it.
fn program(words: &[String]) -> Option<&'static Program> {
    let is_prelude = |word: &&String| BEFORE.contains(&word.as_str()) || word.starts_with('-') || is_assignment(word);
    let mut names = words.iter().map(|word| word.rsplit('/').next().unwrap_or(word).trim_end_matches(".exe"));
    let first = words.iter().position(|word| !is_prelude(&word)).unwrap_or(0);
    let known = |name: &str| PROGRAMS.iter().find(|program| program.names.contains(&name));
    names.clone().nth(first).and_then(known).or_else(|| names.find_map(known))
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// The one user that a command names.
fn user<'w>(program: Option<&'static Program>, words: &'w [String]) -> Option<&'w str> {
    let options = program.map_or(USERS, |program| program.users);
    // Who a command runs as is not whose the password is.
    let start = words.iter().position(|word| word == "sudo").map_or(0, |at| at + 3);
    let rest = words.get(start.min(words.len())..)?;
    let mut users = rest.iter().enumerate().filter_map(|(at, word)| {
        if let Some((name, value)) = word.split_once('=') {
            return options.contains(&name).then_some(value);
        }
        if options.contains(&word.as_str()) {
            return rest.get(at + 1).map(String::as_str);
        }
        let is_glued =
            program.is_some_and(|program| !program.glued.is_empty()) && word.starts_with("-u") && word.len() > 2;
        is_glued.then(|| &word[2..])
    });
    let first = users.next().filter(|user| !user.starts_with(['-', '$']) && !user.contains(':'))?;
    users.all(|other| other == first).then_some(first)
}

/// Whether an option takes a secret: of this program, or by its name.
fn is_secret(program: Option<&'static Program>, words: &[String], option: &str) -> bool {
    let means = |program: &Program| {
        let verb = option.len() > 2 || program.verb.is_empty() || words.iter().any(|word| word == program.verb);
        verb && program.secrets.contains(&option)
    };
    if program.is_some_and(means) {
        return true;
    }
    let is_long = option.starts_with("--") || (option.starts_with('-') && option.len() > 4);
    is_long && named::says(option) == named::Says::Secret
}

/// An option, a reference, a file or a word is no password.
fn is_password(value: &str) -> bool {
    let plain = value.trim_matches(['"', '\'']);
    is_literal(plain) && !plain.starts_with('-') && !plain.contains('`') && has_two_sorts(plain)
}

/// Letters alone are a word.
fn has_two_sorts(value: &str) -> bool {
    let sorts = [
        value.bytes().any(|byte| byte.is_ascii_lowercase()),
        value.bytes().any(|byte| byte.is_ascii_uppercase()),
        value.bytes().any(|byte| byte.is_ascii_digit()),
        value.bytes().any(|byte| !byte.is_ascii_alphanumeric()),
    ];
    sorts.iter().filter(|sort| **sort).count() >= 2
}

/// `-pSecret`
fn glued<'w>(program: Option<&'static Program>, word: &'w str) -> Option<&'w str> {
    let option = program.map(|program| program.glued).filter(|option| !option.is_empty())?;
    let value = word.strip_prefix(option)?;
    is_password(value).then_some(value)
}

/// `Authorization: Bearer x`, `PRIVATE-TOKEN: x`
fn header(text: &str) -> Option<Lead> {
    let (name, value) = text.split_once(':')?;
    let (name, value) = (name.trim(), value.trim());
    if named::says(name) == named::Says::Nothing {
        return None;
    }
    let (scheme, rest) = value.split_once(' ').map_or(("", value), |(scheme, rest)| (scheme, rest.trim()));
    let is_scheme = ["bearer", "token", "basic", "apikey", "digest", "ssws", "bot", "key", "genie"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known));
    if scheme.eq_ignore_ascii_case("basic") {
        let pair = token::base64(rest.as_bytes()).and_then(|pair| String::from_utf8(pair).ok())?;
        return self::pair(&pair).map(|lead| lead.named(name));
    }
    let secret = if is_scheme { rest } else { value };
    token::named::is_secret(name, secret).then(|| Lead::new(secret).named(name).of_kind("argument-secret").alone())
}

/// `user:password`; beside a word that says nothing the user is the token.
pub(super) fn pair(value: &str) -> Option<Lead> {
    let (user, password) = value.split_once(':')?;
    let lead = |secret: &str| Lead::new(secret).named("--user").of_kind("argument-secret");
    if token::placeholder::is_filler(password.as_bytes()) {
        return token::opaque::may_be_secret(user).then(|| lead(user));
    }
    let names = !user.is_empty() && !user.starts_with('$') && !user.contains(['/', '{']);
    (names && is_password(password)).then(|| lead(password).beside(account("login", user)).alone())
}

/// `echo SECRET | docker login --password-stdin`
fn login(words: &[String]) -> Option<Lead> {
    let says = |word: &String| matches!(word.rsplit('/').next(), Some("echo" | "printf"));
    let (first, rest) = words.split_first().filter(|(first, _)| says(first))?;
    let value = rest.iter().find(|word| !word.starts_with('-') && word.as_str() != first)?;
    let is_piped = words.last().is_some_and(|word| word == "|");
    let is_value = is_piped && is_password(value) && named::is_drawn(value);
    is_value.then(|| Lead::new(value).named("stdin").of_kind("argument-secret"))
}

/// Whether a text has any command that could carry a secret: most scripts have none, and reading lines takes time.
pub(super) fn may_carry(text: &str) -> bool {
    WORDS.as_ref().is_none_or(|words| words.is_match(text))
}

static WORDS: std::sync::LazyLock<Option<aho_corasick::AhoCorasick>> = std::sync::LazyLock::new(|| {
    let words = [
        "pass",
        "token",
        "secret",
        "key",
        "auth",
        " -u",
        " -p",
        "pwd",
        "cred",
        "login",
        "jitconfig",
        "cookie",
        " -a",
        " -w",
        "-H",
        "pat",
    ];
    aho_corasick::AhoCorasick::builder().ascii_case_insensitive(true).build(words).ok()
});

/// The variables in a script, and what its commands carry. Lines that go on are one.
pub(super) fn script(text: &str) -> Vec<Lead> {
    if !may_carry(text) {
        return Vec::new();
    }
    let (mut leads, mut whole, mut first) = (Vec::new(), String::new(), 1);
    for (number, line) in (1..).zip(text.lines()) {
        let plain = line.trim();
        if whole.is_empty() {
            first = number;
            if plain.starts_with('#') || plain.starts_with("//") {
                continue;
            }
        }
        match plain.strip_suffix('\\').filter(|_| whole.len() < 4096) {
            Some(part) => {
                whole.push_str(part);
                whole.push(' ');
            }
            None => {
                whole.push_str(plain);
                if whole.len() < 16 * 1024 {
                    leads.extend(self::line(&whole).into_iter().map(|lead| lead.at(first)));
                }
                whole.clear();
            }
        }
    }
    leads
}

/// Beginnings of commands that carry credentials, wherever they are written down.
static COMMANDS: std::sync::LazyLock<Option<aho_corasick::AhoCorasick>> = std::sync::LazyLock::new(|| {
    let begins = [
        "curl ",
        "wget --",
        "docker login",
        "podman login",
        "sshpass -",
        "az login",
        "mysql -",
        "mysqldump -",
        "oc login",
        "helm registry login",
        "twine upload",
        "skopeo login",
        "buildah login",
        "http --auth",
        "cf login",
    ];
    aho_corasick::AhoCorasick::new(begins).ok()
});

/// So many commands of one text are read: documentation of an interface has more, and no credentials.
const MOST: usize = 1000;

/// The credentials of commands in any text: a file of notes, a page, a string of a program.
pub(super) fn anywhere(text: &[u8]) -> Vec<Lead> {
    let Some(commands) = COMMANDS.as_ref() else { return Vec::new() };
    let (mut leads, mut done, mut line, mut counted) = (Vec::new(), 0, 1, 0);
    for found in commands.find_iter(text).take(MOST) {
        let is_begin = found.start().checked_sub(1).is_none_or(|at| !text[at].is_ascii_alphanumeric());
        if found.start() < done || !is_begin {
            continue;
        }
        let (whole, end) = logical(text, found.start());
        line += memchr::memchr_iter(b'\n', &text[counted..found.start()]).count() as u64;
        (counted, done) = (found.start(), end);
        leads.extend(self::line(&whole).into_iter().map(|lead| lead.at(line)));
    }
    leads
}

/// From a place on to the end of the line, with the lines that go on.
fn logical(text: &[u8], start: usize) -> (String, usize) {
    let (mut whole, mut at) = (String::new(), start);
    for _ in 0..12 {
        let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |end| at + end);
        let part = String::from_utf8_lossy(&text[at..end.min(at + 4096)]).into_owned();
        at = (end + 1).min(text.len());
        match part.trim_end().strip_suffix('\\') {
            Some(part) if end < text.len() => whole.extend([part, " "]),
            _ => {
                whole.push_str(&part);
                break;
            }
        }
    }
    (whole, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let owner = |lead: &Lead| {
            lead.owner.as_ref().and_then(|known| known.owner.name.as_ref()).map(|name| name.raw().to_owned())
        };
        line(text)
            .iter()
            .map(|lead| format!("{} {}", lead.value.expose(), owner(lead).unwrap_or_else(|| "-".into())))
            .collect()
    }

    #[test]
    fn arguments_that_carry_a_secret_are_known_by_program_and_name() {
        for (text, expected) in [
            ("curl -s -u al:Zt7-kQ2w9 https://x", "Zt7-kQ2w9 al"),
            ("curl -H 'Authorization: Bearer Zt7kQ2w9xY1' https://x", "Zt7kQ2w9xY1 -"),
            ("curl --header \"PRIVATE-TOKEN: Zt7kQ2w9xY1\" https://x", "Zt7kQ2w9xY1 -"),
            ("curl -H 'X-Api-Key: Zt7kQ2w9xY1' https://x", "Zt7kQ2w9xY1 -"),
            ("docker login -u al -p Zt7-kQ2w9 r.contoso.com", "Zt7-kQ2w9 al"),
            ("sudo -u bo docker login --username=al --password=Zt7-kQ2w9", "Zt7-kQ2w9 al"),
            ("az login --service-principal -u al -p 'Zt7-kQ2w9'", "Zt7-kQ2w9 al"),
            ("sshpass -p Zt7-kQ2w9 ssh al@host", "Zt7-kQ2w9 -"),
            ("sshpass -pZt7-kQ2w9 scp x host:", "Zt7-kQ2w9 -"),
            ("mysql -ual -pZt7-kQ2w9 db", "Zt7-kQ2w9 al"),
            ("mysqldump --user=al --password=Zt7-kQ2w9 db", "Zt7-kQ2w9 al"),
            ("PGPASSWORD=Zt7-kQ2w9 psql -U al db", "Zt7-kQ2w9 -"),
            ("docker run -e API_TOKEN=Zt7-kQ2w9 x", "Zt7-kQ2w9 -"),
            ("cargo publish --token Zt7-kQ2w9xx", "Zt7-kQ2w9xx -"),
            ("deploy --db-password Zt7-kQ2w9 && echo done", "Zt7-kQ2w9 -"),
            ("docker login -u al -p Zt7-kQ2w9 && docker run -u bo x", "Zt7-kQ2w9 al"),
            ("wget --user al --password Zt7-kQ2w9 https://x", "Zt7-kQ2w9 al"),
            ("ENV NPM_TOKEN Zt7-kQ2w9", "Zt7-kQ2w9 -"),
            ("$env:NPM_TOKEN = 'Zt7-kQ2w9'", "Zt7-kQ2w9 -"),
            ("helm upgrade x --set db.password=Zt7-kQ2w9", "Zt7-kQ2w9 -"),
        ] {
            assert_eq!(told(text), [expected], "{text}");
        }
    }

    #[test]
    fn what_is_no_secret_is_none() {
        for text in [
            "docker run -p 127.0.0.1:8080:80 -u 1000:1000 x",
            "docker login -u al --password-stdin r-1.contoso.com",
            "docker login -u al -p $PASSWORD",
            "docker login -u al --password-stdin < file",
            "mkdir -p /srv/some/folder-1",
            "curl -u \"$USER:$PASS\" https://x",
            "curl -u user:password https://x",
            "curl -H 'Content-Type: application/json' https://x",
            "curl -H \"Authorization: Bearer ${TOKEN}\" https://x",
            "az login -p \"$(cat secret)\"",
            "mysql -p db_name_of_1",
            "mysql -proot",
            "ssh -p 2222 host",
            "tool --token-file /run/secrets/x1",
            "tool --password",
            "nc -p 12345678 host",
        ] {
            assert_eq!(told(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_script_is_read_with_the_lines_that_go_on() {
        let text = "#!/bin/sh\n# docker login -p Zt7-kQ2w9\ndocker login \\\n  -u al \\\n  -p Zt7-kQ2w9\nexport X_TOKEN=Zt7-kQ2w9z\n";
        let lines: Vec<_> = script(text).iter().map(|lead| (lead.value.expose().to_owned(), lead.line)).collect();
        assert_eq!(lines, [("Zt7-kQ2w9".to_owned(), Some(3)), ("Zt7-kQ2w9z".to_owned(), Some(6))]);
    }

    #[test]
    fn a_command_is_read_wherever_it_is_written_down() {
        let text =
            "notes\n  $ curl -s \\\n   -u al:Zt7-kQ2w9 https://x\nx = run(\"docker login -u bo -p Zt7-kQ2w8 r\")\n";
        let found: Vec<_> =
            anywhere(text.as_bytes()).iter().map(|lead| (lead.value.expose().to_owned(), lead.line)).collect();
        assert_eq!(found, [("Zt7-kQ2w9".to_owned(), Some(2)), ("Zt7-kQ2w8".to_owned(), Some(4))]);
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_survived(text in "[ -~]{0,200}") {
            let _ = (script(&text), anywhere(format!("curl {text}\\\ncurl {text}").as_bytes()));
        }
    }
}
