//! The services of an apply, each signed in to once. Organisations of GitHub may each have a sign-in of their own.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;
use tokio::sync::Mutex;

use super::fill::Target;
use super::route::text;
use super::write::WriteApi;
use crate::api::{self, Api, Ask, GitHubSignIn, Http, NoLog, ReadApi, Service};
use crate::env::Env;

/// What reads and what writes.
pub struct Services {
    http: Http,
    env: Env,
    microsoft: Api,
    github: Option<GitHubSignIn>,
    organizations: Mutex<HashMap<String, Api>>,
}

#[derive(Deserialize)]
struct Installation {
    id: u64,
}

impl Services {
    /// Signs in nowhere yet.
    pub fn new(http: Http, github: Option<GitHubSignIn>, env: &Env) -> Services {
        let microsoft = Api::new(http.clone(), api::tokens(&http, env), Arc::new(NoLog), env);
        Services { http, env: env.clone(), microsoft, github, organizations: Mutex::default() }
    }

    /// What reads Microsoft Graph.
    pub(super) fn graph(&self) -> ReadApi {
        self.microsoft.read(Service::Graph)
    }

    /// What reads and writes where the object of a change is.
    pub(super) async fn of(&self, target: &Target) -> Result<(ReadApi, WriteApi), api::Error> {
        let service = target.route.service;
        let api = match service {
            Service::GitHub => self.organization(text(&target.ids, "org").unwrap_or_default()).await?,
            _ => self.microsoft.clone(),
        };
        Ok((api.read(service), WriteApi::new(&api, service)))
    }

    /// A token is the same everywhere; an App has one for each organisation that it is installed in.
    async fn organization(&self, name: &str) -> Result<Api, api::Error> {
        let mut known = self.organizations.lock().await;
        let how = self.github.as_ref().ok_or(api::Error::NotSent("no sign-in to GitHub"))?;
        let name = if matches!(how, GitHubSignIn::App { .. }) { name.to_lowercase() } else { String::new() };
        if let Some(api) = known.get(&name) {
            return Ok(api.clone());
        }
        let us = Api::new(self.http.clone(), how.tokens(&self.env), Arc::new(NoLog), &self.env);
        let api = match how {
            GitHubSignIn::Token { .. } => us,
            GitHubSignIn::App { .. } => {
                let app = us.read(Service::GitHub);
                let ask = Ask { path: format!("/orgs/{name}/installation"), headers: Vec::new() };
                let found: Installation = app.get(&ask).await?.json()?;
                let tokens = GitHubSignIn::installation(app, found.id, &self.env);
                Api::new(self.http.clone(), tokens, Arc::new(NoLog), &self.env)
            }
        };
        known.insert(name, api.clone());
        Ok(api)
    }
}
