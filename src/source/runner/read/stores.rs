//! The stores of package managers, clouds and other tools: which file, which format, what its fields are called. A new tool is
//! a line here; how records are read stands in [`super::record`], formats of lines in [`super::lines`].

use super::super::document::Format;
use super::record::{Fields, USUAL};
use super::{How, Reader, lines, text};

const fn store(place: &'static str, paths: &'static [&'static str], format: Format, fields: Fields) -> Reader {
    Reader { place, paths, how: How::Records(format, fields), names: None }
}

/// Passwords and tokens whose user may stand beside them.
const fn kept(kind: &'static str) -> Fields {
    Fields { kind, ..USUAL }
}

/// What a tool got when somebody signed in.
const fn sign_in(kind: &'static str) -> Fields {
    Fields { kind, sign_in: true, ..USUAL }
}

const fn with(fields: Fields, secrets: &'static [&'static str], users: &'static [&'static str]) -> Fields {
    Fields { secrets, users, ..fields }
}

const fn table(fields: Fields, tables: &'static [&'static str]) -> Fields {
    Fields { tables, ..fields }
}

const fn of(fields: Fields, owner: &'static str) -> Fields {
    Fields { owner, ..fields }
}

/// Packages: Java, .NET, PHP, Python, JavaScript, Ruby, Rust, Go, Dart, C++ and the rest.
static PACKAGES: &[Reader] = &[
    store("maven", &["settings.xml", ".mvn/*.xml"], Format::Xml, kept("maven-secret")),
    store("maven", &["settings-security.xml"], Format::Xml, with(kept("maven-secret"), &["master"], &[])),
    store("gradle", &["gradle.properties"], Format::Properties, with(kept("gradle-secret"), &["gprkey"], &[])),
    store("ivy", &["ivysettings.xml"], Format::Xml, kept("ivy-secret")),
    store("tomcat", &["tomcat-users.xml"], Format::Xml, kept("tomcat-secret")),
    store("sonar", &["sonar-project.properties", "sonar-scanner.properties"], Format::Properties, kept("sonar-secret")),
    store("nuget", &["nuget.config", "nuget.*.config"], Format::Xml, with(kept("nuget-secret"), &["apikey"], &[])),
    store(
        "composer",
        &[".composer/auth.json", "composer/auth.json"],
        Format::Json,
        table(kept("composer-secret"), &["githuboauth", "gitlabtoken", "gitlaboauth", "bearer"]),
    ),
    text("pypi", &[".pypirc"], lines::pypi),
    store(
        "pypi",
        &["pypoetry/auth.toml", ".poetry/auth.toml"],
        Format::Toml,
        table(of(kept("pypi-secret"), "pypi"), &["pypitoken"]),
    ),
    store(
        "pypi",
        &["uv/credentials/*.toml", "uv/credentials.toml", "pdm/config.toml", "hatch/config.toml"],
        Format::Toml,
        of(kept("pypi-secret"), "pypi"),
    ),
    store("npm", &[".yarnrc.yml"], Format::Yaml, of(kept("npm-secret"), "npm")),
    store("npm", &["bunfig.toml", ".bunfig.toml"], Format::Toml, of(kept("npm-secret"), "npm")),
    store(
        "helm",
        &["helm/repositories.yaml", ".helm/repository/repositories.yaml", "repositories.yaml"],
        Format::Yaml,
        kept("helm-secret"),
    ),
    store(
        "rubygems",
        &[".gem/credentials", "gem/credentials", ".gem/*/credentials"],
        Format::Yaml,
        table(kept("rubygems-secret"), &[""]),
    ),
    text("bundler", &[".bundle/config"], lines::bundler),
    store(
        "ivy",
        &[
            ".ivy2/.credentials",
            ".ivy2/.credentials*",
            ".sbt/.credentials",
            ".sbt/credentials",
            ".credentials.properties",
        ],
        Format::Properties,
        kept("ivy-secret"),
    ),
    text("sbt", &["credentials.sbt", ".sbt/*.sbt", ".sbt/*/*.sbt"], lines::sbt),
    store(
        "conan",
        &[".conan2/credentials.json", ".conan/credentials.json", "conan2/credentials.json"],
        Format::Json,
        kept("conan-secret"),
    ),
    store("artifactory", &[".jfrog/jfrog-cli.conf*", "jfrog-cli.conf*"], Format::Json, kept("artifactory-secret")),
    store("cabal", &[".cabal/config", "cabal/config"], Format::Ini, kept("hackage-secret")),
    store("stack", &[".stack/upload/credentials.json"], Format::Json, kept("hackage-secret")),
    store("dart", &["dart/pub-credentials.json", ".pub-cache/credentials.json"], Format::Json, sign_in("dart-secret")),
    store("dart", &["dart/pub-tokens.json"], Format::Json, kept("dart-secret")),
    store("conda", &[".condarc"], Format::Yaml, kept("conda-secret")),
];

/// Clouds and platforms.
static CLOUDS: &[Reader] = &[
    store("doctl", &["doctl/config.yaml"], Format::Yaml, table(sign_in("digitalocean-secret"), &["authcontexts"])),
    store("flyctl", &[".fly/config.yml"], Format::Yaml, sign_in("fly-secret")),
    text("vault", &[".vault-token"], lines::whole),
    store(
        "glab",
        &["glab-cli/config.yml", "glab-cli/aliases.yml"],
        Format::Yaml,
        of(sign_in("gitlab-secret"), "login"),
    ),
    store("hub", &[".config/hub", "tea/config.yml"], Format::Yaml, sign_in("gh-secret")),
    store(
        "copilot",
        &["github-copilot/hosts.json", "github-copilot/apps.json"],
        Format::Json,
        of(sign_in("gh-secret"), "github"),
    ),
    store("snyk", &["configstore/snyk.json"], Format::Json, with(sign_in("snyk-secret"), &["api"], &[])),
    store("configstore", &["configstore/*.json"], Format::Json, sign_in("stored-secret")),
    store("circleci", &[".circleci/cli.yml"], Format::Yaml, sign_in("circleci-secret")),
    store("doppler", &[".doppler/.doppler.yaml"], Format::Yaml, sign_in("doppler-secret")),
    store("pulumi", &[".pulumi/credentials.json"], Format::Json, table(sign_in("pulumi-secret"), &["accesstokens"])),
    store("netlify", &["netlify/config.json", ".netlify/config.json"], Format::Json, sign_in("netlify-secret")),
    store("slack", &[".slack/credentials.json"], Format::Json, of(sign_in("slack-secret"), "slack")),
    store("databricks", &[".databrickscfg"], Format::Ini, kept("databricks-secret")),
    store("databricks", &[".databricks/token-cache.json"], Format::Json, sign_in("databricks-secret")),
    store("snowflake", &[".snowsql/config", "snowsql.cnf"], Format::Ini, kept("snowflake-secret")),
    store(
        "snowflake",
        &["snowflake/connections.toml", "snowflake/config.toml"],
        Format::Toml,
        kept("snowflake-secret"),
    ),
    store("s3cmd", &[".s3cfg", "s3cmd.ini"], Format::Ini, kept("s3-secret")),
    store("rclone", &["rclone.conf"], Format::Ini, kept("rclone-secret")),
    store(
        "minio",
        &[".mc/config.json", ".mcli/config.json"],
        Format::Json,
        with(kept("s3-secret"), &[], &["accesskey"]),
    ),
    store("ossutil", &[".ossutilconfig", ".aliyun/config.json"], Format::Ini, kept("s3-secret")),
    store("boto", &[".boto", "boto.cfg"], Format::Ini, with(kept("boto-secret"), &[], &[])),
    store("oci", &[".oci/config"], Format::Ini, kept("oci-secret")),
    store(
        "openstack",
        &["openstack/clouds.yaml", "openstack/secure.yaml", "clouds.yaml", "clouds-public.yaml"],
        Format::Yaml,
        kept("openstack-secret"),
    ),
    store("ibmcloud", &[".bluemix/config.json", ".cf/config.json"], Format::Json, sign_in("cloudfoundry-secret")),
    store(
        "vercel",
        &["com.vercel.cli/auth.json", ".now/auth.json", ".vercel/auth.json"],
        Format::Json,
        sign_in("vercel-secret"),
    ),
    store("railway", &[".railway/config.json"], Format::Json, sign_in("railway-secret")),
    text("huggingface", &["huggingface/token", ".huggingface/token"], lines::whole),
    store("huggingface", &["huggingface/stored_tokens"], Format::Ini, sign_in("huggingface-secret")),
    text("supabase", &["supabase/access-token", ".supabase/access-token", "planetscale/access-token"], lines::whole),
    text("anaconda", &["anaconda-client/tokens/*.token"], lines::whole),
    store("kaggle", &[".kaggle/kaggle.json", "kaggle.json"], Format::Json, with(kept("kaggle-secret"), &["key"], &[])),
    store("ngrok", &["ngrok/ngrok.yml", ".ngrok2/ngrok.yml"], Format::Yaml, sign_in("ngrok-secret")),
    store("sentry", &[".sentryclirc"], Format::Ini, sign_in("sentry-secret")),
    store("stripe", &["stripe/config.toml"], Format::Toml, sign_in("stripe-secret")),
    store("hcloud", &["hcloud/cli.toml"], Format::Toml, sign_in("hetzner-secret")),
    store("scaleway", &["scw/config.yaml"], Format::Yaml, kept("scaleway-secret")),
    store("linode", &["linode-cli"], Format::Ini, sign_in("linode-secret")),
    store(
        "cloudflare",
        &[".wrangler/config/default.toml", ".wrangler/config/*.toml"],
        Format::Toml,
        sign_in("cloudflare-secret"),
    ),
    store("argocd", &["argocd/config", ".argocd/config"], Format::Yaml, sign_in("argocd-secret")),
    store(
        "rancher",
        &[".rancher/cli2.json", ".rancher/*.json"],
        Format::Json,
        with(sign_in("rancher-secret"), &["tokenkey"], &[]),
    ),
    store("atlas", &["atlascli/config.toml"], Format::Toml, sign_in("mongodb-atlas-secret")),
    store("terraform", &[".terraformrc", "terraform.rc", ".tofurc"], Format::Blocks, kept("terraform-secret")),
    store("terraform", &["*.tfvars"], Format::Blocks, kept("terraform-variable")),
    store("terraform", &["*.tfvars.json"], Format::Json, kept("terraform-variable")),
];

/// Databases, mail, files and hosts.
static HOSTS: &[Reader] = &[
    text("netrc", &[".netrc", "_netrc", ".authinfo", "*.netrc"], lines::netrc),
    text("git", &[".git-credentials", "git/credentials"], lines::git_credentials),
    text("git", &["*.credential"], lines::credential_manager),
    text("postgres", &[".pgpass", "pgpass.conf", "pgpass"], lines::pgpass),
    store("postgres", &["pg_service.conf", ".pg_service.conf"], Format::Ini, kept("postgres-secret")),
    store(
        "mysql",
        &[".my.cnf", "my.cnf", ".mysql.cnf", "mysql/*.cnf", "mysql/*/*.cnf"],
        Format::Ini,
        kept("mysql-secret"),
    ),
    store("odbc", &["odbc.ini", ".odbc.ini"], Format::Ini, with(kept("database-secret"), &[], &["uid"])),
    store(
        "database",
        &["flyway.conf", "flyway.toml", "liquibase.properties"],
        Format::Properties,
        kept("database-secret"),
    ),
    store("wget", &[".wgetrc", "wgetrc"], Format::Ini, kept("wget-secret")),
    text("curl", &[".curlrc", "_curlrc"], lines::curl),
    text("subversion", &["svn.simple/*"], lines::subversion),
    store("mercurial", &[".hgrc", ".hg/hgrc", "mercurial.ini"], Format::Ini, kept("mercurial-secret")),
    store("ansible", &["ansible.cfg", ".ansible.cfg"], Format::Ini, kept("ansible-secret")),
    store("ansible", &[".ansible/galaxy_token"], Format::Yaml, sign_in("ansible-secret")),
    text(
        "ansible",
        &[".vault_pass", ".vault_pass.txt", ".vault-pass", "vault_password", ".vault_password"],
        lines::whole,
    ),
    text("ansible", &["inventory.ini", "inventory/hosts", "ansible/hosts", "inventory"], lines::inventory),
    store("smb", &[".smbcredentials", ".smb/credentials", ".cifs"], Format::Ini, kept("smb-secret")),
    store("mail", &[".mutt/muttrc", ".muttrc", ".offlineimaprc"], Format::Ini, kept("mail-secret")),
    text("mail", &[".msmtprc", "msmtp/config", ".mbsyncrc"], lines::mail),
    store("filezilla", &["filezilla/sitemanager.xml", "filezilla/recentservers.xml"], Format::Xml, kept("ftp-secret")),
];

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static Reader> {
    PACKAGES.iter().chain(CLOUDS).chain(HOSTS)
}
