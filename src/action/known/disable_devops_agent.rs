//! Switches an agent of Azure DevOps off: it takes no more jobs, and stays registered. Its host has to be looked at before it goes.

use super::tools::send;
use crate::action::route::{After, Disposition, Route, See, Stage, Undo, free};
use crate::api::Service;

const AGENT: &str = "/{org}/_apis/distributedtask/pools/{pool}/agents/{agent}?api-version=7.1";

pub(super) static ROUTES: &[Route] = &[Route {
    action: "disable-devops-agent",
    does: "switch the agent off",
    service: Service::DevOps,
    subject: "devops:{org:name}/pool/{pool:number}/agent/{agent:number}",
    alias: None,
    needs: "vso.agentpools_manage, as an administrator of the pool",
    stage: Stage::Runners,
    disposition: Disposition::Disruptive,
    owner: None,
    see: See::One {
        path: AGENT,
        witness: Some("/{org}/_apis/distributedtask/pools/{pool}/agents?api-version=7.1"),
    },
    back: None,
    state: &[("name", "/name"), ("enabled", "/enabled")],
    evidence: "SELECT id, name, enabled AS \"enabled?\" FROM devops_agent",
    request: send("PATCH", AGENT, r#"{"id": "{agent#}", "enabled": false}"#),
    after: After::Holds(r#"{"enabled": false}"#),
    undo: Undo::Request(send("PATCH", AGENT, r#"{"id": "{agent#}", "enabled": true}"#)),
    guard: free,
    breaks: &[
        "jobs that ask for what only it can do wait; one that it runs now goes on",
        "its host still runs and keeps what was signed in there: take an image of it as evidence before it is wiped",
    ],
    depends: None,
    first: None,
    portal: "https://dev.azure.com/{org}/_settings/agentpools?poolId={pool}&view=agents",
}];
