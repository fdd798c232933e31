//! GitHub's sign-in: which one it is, whose accounts there are whose, and what a refusal means for the command.

use std::path::PathBuf;
use std::sync::Arc;

use crate::api::{self, Cache, GitHubSignIn, KeyError, ReadApi};
use crate::config::Config;
use crate::error::Error;
use crate::evidence::{Rows, Scope, Stop, Writer};
use crate::model::{Cause, GapKind};
use crate::person::{self, Dossier, Query};
use crate::source::entra::routes::Routes;
use crate::source::entra::wire::User;
use crate::source::github::{self, Conflict, Depth, GitHub, Hub, Known, Means, Question, Refused};
use crate::source::runner::Key;
use crate::text::{Untrusted, is_same};
use crate::token;

/// The file of the configuration that keeps answers.
pub(super) fn cache(config: &Config) -> Result<Option<Arc<Cache>>, Error> {
    let Some(path) = &config.github.cache else { return Ok(None) };
    let shown = Untrusted::from(path.display().to_string());
    Cache::open(path).map(|cache| Some(Arc::new(cache))).map_err(|source| Error::Output { target: shown, source })
}

/// The sign-in that the configuration and the environment give; `None`: there is none.
pub(super) fn how(config: &Config, env: &crate::env::Env) -> Result<Option<GitHubSignIn>, Error> {
    let app = match (config.github.app_id, &config.github.private_key_file) {
        (Some(id), Some(file)) => Some((id, file.as_path())),
        (None, None) => None,
        _ => {
            let message = "[github] app-id and private-key-file belong together, and one is missing";
            return Err(Error::usage(message, "set both to sign in as an App, or none to use GH_TOKEN"));
        }
    };
    GitHubSignIn::of(app, env).map_err(|error| match error {
        KeyError::File { path, source } => Error::Input { path: path.display().to_string().into(), source },
        wrong @ KeyError::Form { .. } => {
            let hint = "take the .pem file that GitHub gave out under \"Private keys\" of the App";
            Error::usage(format!("the key of the GitHub App: {wrong}"), hint)
        }
    })
}

/// Signs in, and finds the accounts of the people, before anything else is read.
pub(super) async fn open<'a>(
    config: &'a Config,
    people: &'a [Dossier],
    depth: Depth,
    means: &Means<'a>,
    directory: (&ReadApi, &Routes),
    key: Option<&'a Key>,
    exports: &'a [PathBuf],
) -> Result<Hub<'a>, Error> {
    let signed_in = sign_in(config, people, means, directory).await?;
    let signed_in = match (signed_in, key) {
        (Err(why), _) => Err(why),
        (Ok(_), None) => return Err(super::scan::key(None, means.env).err().unwrap_or(Error::Cancelled)),
        (Ok((github, accounts)), Some(key)) => {
            let (enterprise, kinds) = (config.github.enterprise.as_deref(), token::kinds_of_run());
            let now = means.env.now;
            Ok((github, Question { people, accounts, now, depth, enterprise, kinds, key, exports }))
        }
    };
    Ok(Hub { signed_in, out: means.out })
}

async fn sign_in(
    config: &Config,
    people: &[Dossier],
    means: &Means<'_>,
    directory: (&ReadApi, &Routes),
) -> Result<Result<(GitHub, Vec<Known>), Cause>, Error> {
    let Some(how) = how(config, means.env)? else {
        return without(github::no_sign_in(), people, means.out).await;
    };
    if config.github.organizations.is_empty() {
        let cause = Cause::new(GapKind::NotConfigured, "no organisation").needing("[github] organizations");
        return without(cause, people, means.out).await;
    }
    let slug = config.github.enterprise.as_deref();
    let mut github = github::sign_in(&how, &config.github.organizations, slug, means).await.map_err(refused)?;
    github.notes.iter().for_each(|note| means.env.console.note(note));
    let scope = Scope { name: "sign-in to GitHub".into(), person: None, needs: String::new() };
    let write = async |rows: &mut Rows| Ok(github.readers().try_for_each(|reader| rows.insert(reader))?);
    means.out.dataset(&["reader"], &scope, write).await?;
    let mut accounts = Vec::new();
    for person in people {
        let (known, other) = github::identify(&mut github, person).await?;
        if let Some(other) = other
            && is_somebody_else(directory, &other, person, means.out).await?
        {
            return Err(conflict(other));
        }
        known.iter().try_for_each(|account| github.is_not(account)).map_err(refused)?;
        accounts.extend(known);
    }
    Ok(Ok((github, accounts)))
}

/// Whether the directory has somebody else of that name. Nobody of that name is the person by a name of old.
async fn is_somebody_else(
    (graph, routes): (&ReadApi, &Routes),
    conflict: &Conflict,
    person: &Dossier,
    out: &Writer,
) -> Result<bool, Error> {
    let Ok(query @ Query::Address(_)) = Query::parse(conflict.whose.raw()) else { return Ok(false) };
    let is_other = |user: &User| user.id.as_ref().is_some_and(|id| !is_same(id.raw(), &person.object_id));
    match person::look_up(graph, routes, &query).await {
        Ok(found) if found.errors.is_empty() || found.users.iter().any(|(user, _)| is_other(user)) => {
            Ok(found.users.iter().any(|(user, _)| is_other(user)))
        }
        _ => {
            let cause =
                Cause::new(GapKind::Unresolved, format!("{conflict}, and the directory does not say who that is"));
            let scope = Scope {
                name: "GitHub accounts".into(),
                person: Some(person.id.clone()),
                needs: "User.Read.All".into(),
            };
            out.dataset(&["identity"], &scope, async |_| Err(Stop::Gap(cause))).await?;
            Ok(false)
        }
    }
}

/// Who is known without asking GitHub, and why nobody asks it.
async fn without(cause: Cause, people: &[Dossier], out: &Writer) -> Result<Result<(GitHub, Vec<Known>), Cause>, Error> {
    for person in people {
        github::without_sign_in(out, person).await?;
    }
    Ok(Err(cause))
}

fn conflict(conflict: Conflict) -> Error {
    let hint = "audit the person whose account it is, or correct --github or [people]";
    Error::usage(Untrusted::from(conflict.to_string()), hint)
}

/// What it means for the command that GitHub is not read.
pub(super) fn refused(why: Refused) -> Error {
    let (service, message) = ("GitHub", Untrusted::from(why.to_string()));
    match why {
        Refused::SignIn { .. } => {
            Error::SignIn { service, message, hint: "set GH_TOKEN, or [github] app-id and private-key-file".into() }
        }
        Refused::Clock { .. } => Error::SignIn { service, message, hint: "set the clock, and leave out --now".into() },
        Refused::Invisible { near: Some(near), .. } => Error::usage(message, format!("did you mean {near}?")),
        Refused::Invisible { .. } => Error::usage(message, "correct [github] organizations, or let the sign-in see it"),
        Refused::OtherApp { .. } => Error::usage(message, "correct [github] app-id and private-key-file"),
        Refused::NotGitHub(_) => {
            Error::usage(message, "correct [endpoints] github: it ends with /api/v3 on a server of your own")
        }
        Refused::Suspended(_) => Error::usage(message, "an owner of the organisation can unsuspend it"),
        Refused::Scope { scope, .. } => Error::usage(message, format!("run `gh auth refresh --scopes {scope}`")),
        Refused::Own(_) => Error::usage(message, "sign in as an App, or with the token of an administrator"),
        Refused::Api(error) => {
            let hint = match error {
                api::Error::Unreachable { .. } => "check the network, the proxy and [endpoints]",
                _ => "run again later; with -vv the log shows each request",
            };
            Error::Service { service, what: "which organisations there are", message, hint: hint.into() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_says_what_is_wrong_and_what_to_change() {
        let invisible = |near: Option<&str>| Refused::Invisible {
            name: "contosso".into(),
            why: "it is misspelt".to_owned(),
            near: near.map(str::to_owned),
        };
        let cases = [
            (
                Refused::Own("alice-dev".into()),
                "belongs to alice-dev, whom this audit is about: an auditor must not be the audited",
                "sign in as an App",
            ),
            (
                Refused::Scope { scope: "read:org", has: "repo, gist".to_owned() },
                "the token has not the scope read:org; it has: repo, gist",
                "gh auth refresh --scopes read:org",
            ),
            (
                Refused::Clock { seconds: 120, direction: "behind" },
                "120 seconds behind that of GitHub, which breaks the sign-in of an App",
                "set the clock",
            ),
            (invisible(Some("contoso")), "the organisation contosso is not visible", "did you mean contoso?"),
            (invisible(None), "it is misspelt", "correct [github] organizations"),
            (Refused::Suspended("contoso".into()), "the App is suspended in contoso", "unsuspend"),
        ];
        for (why, says, hint) in cases {
            let error = refused(why);
            assert!(error.to_string().contains(says), "{error}");
            assert!(error.hint().unwrap_or_default().contains(hint), "{error}: {:?}", error.hint());
        }
    }
}
