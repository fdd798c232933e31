//! One struct per table of `devops.sql`, in its order. Nothing else.

use jiff::Timestamp;
use rusqlite::Statement;

use super::Is::Present;
use super::Need::{Any, One, When};
use super::{Column, Need, Row, Table, key};
use crate::text::Untrusted;

rows! {
    /// An organisation that was asked.
    Organization in devops_organization needs [One("id"), One("name")] {
        id: Option<Untrusted>, name: Untrusted,
    }
    /// An account of one of the people.
    User in devops_user needs [One("id"), One("person"), One("descriptor"), One("user_id")] {
        id: Untrusted, person: String, organization: Untrusted, descriptor: Untrusted, user_id: Option<Untrusted>,
        name: Option<Untrusted>, mail: Option<Untrusted>, kind: Option<Untrusted>,
    }
    /// A licence of such an account.
    Entitlement in devops_entitlement needs [One("id"), One("person"), One("status")] {
        id: Untrusted, person: String, organization: Untrusted, licence: Option<Untrusted>, status: Option<Untrusted>,
        last_access_at: Option<Timestamp>,
    }
    /// A personal access token or an SSH key.
    Token in devops_token needs [One("id"), One("person"), One("valid")] {
        id: Untrusted, person: String, organization: Untrusted, kind: String, name: Option<Untrusted>,
        scopes: Option<Untrusted>, valid: Option<bool>, valid_from_at: Option<Timestamp>,
        valid_to_at: Option<Timestamp>,
    }
    /// A group of an account.
    Membership in devops_membership needs [One("id"), One("person"), One("name")] {
        id: Untrusted, person: String, organization: Untrusted, name: Option<Untrusted>, direct: bool,
        administers: Option<bool>,
    }
    /// A permission that names an account.
    Permission in devops_permission needs [One("id"), One("person"), One("token")] {
        id: Untrusted, person: String, organization: Untrusted, namespace: Option<Untrusted>, token: Untrusted,
        allowed: Option<Untrusted>, denied: Option<Untrusted>,
    }
    /// A project.
    Project in devops_project needs [One("id")] {
        id: Untrusted, organization: Untrusted, name: Option<Untrusted>,
    }
    /// A variable, by name.
    Variable in devops_variable needs [One("id"), One("name"), Any(&["actor", "actor_name"])] {
        id: Untrusted, organization: Untrusted, project: Untrusted, project_name: Option<Untrusted>, place: String,
        holder: Option<Untrusted>, name: Untrusted, secret: bool, vault: Option<Untrusted>, person: Option<String>,
        grade: Option<String>, actor: Option<Untrusted>, actor_name: Option<Untrusted>, changed_at: Option<Timestamp>,
        creator: Option<String>,
    }
    /// A credential that stands in clear.
    Literal in devops_literal needs [One("id"), One("fingerprint")] {
        id: Untrusted, organization: Untrusted, project: Option<Untrusted>, project_name: Option<Untrusted>,
        place: String, thing: Untrusted, holder_name: Option<Untrusted>, path: Option<Untrusted>, line: Option<i64>,
        kind: String, holder: String, name: Option<Untrusted>, shown: Option<Untrusted>, fingerprint: String,
        verified: Option<bool>, confidence: String, owner_kind: Option<String>, owner_id: Option<Untrusted>,
        owner_name: Option<Untrusted>, owner_source: Option<String>, grade: Option<String>,
        expires_at: Option<Timestamp>, person: Option<String>, actor_name: Option<Untrusted>,
    }
    /// A service connection.
    Connection in devops_connection needs [One("id"), One("connection"), One("scheme"), Any(&["actor", "actor_name"])] {
        id: Untrusted, organization: Untrusted, project: Untrusted, project_name: Option<Untrusted>,
        connection: Untrusted, name: Option<Untrusted>, kind: Option<Untrusted>, scheme: Option<Untrusted>,
        issuer: Option<Untrusted>, subject: Option<Untrusted>, app_id: Option<Untrusted>, shared: Option<Untrusted>,
        ready: Option<bool>, person: Option<String>, grade: Option<String>, actor: Option<Untrusted>,
        actor_name: Option<Untrusted>, deed: Option<String>, changed_at: Option<Timestamp>,
    }
    /// A service connection that a file names.
    ConnectionUse in devops_connection_use needs [One("id"), One("connection")] {
        id: Untrusted, organization: Untrusted, project: Untrusted, connection: Untrusted,
    }
    /// A build or release definition.
    Pipeline in devops_pipeline needs [One("id"), One("number"), When { of: "schedule", is: Present, needs: "actor" }] {
        id: Untrusted, organization: Untrusted, project: Untrusted, project_name: Option<Untrusted>, kind: String,
        number: Untrusted, name: Option<Untrusted>, enabled: Option<bool>, file: Option<Untrusted>,
        schedule: Option<Untrusted>, person: Option<String>, grade: Option<String>, actor: Option<Untrusted>,
        actor_name: Option<Untrusted>, last_run_at: Option<Timestamp>,
    }
    /// Whom a stage waits for.
    Approver in devops_approver needs [One("id"), Any(&["actor", "actor_name"])] {
        id: Untrusted, organization: Untrusted, project: Untrusted, project_name: Option<Untrusted>,
        pipeline: Option<Untrusted>, stage: Option<Untrusted>, moment: String, others: Option<i64>,
        person: Option<String>, grade: Option<String>, actor: Option<Untrusted>, actor_name: Option<Untrusted>,
    }
    /// A file that pipelines are given.
    SecureFile in devops_secure_file needs [One("id"), One("name"), Any(&["actor", "actor_name"])] {
        id: Untrusted, organization: Untrusted, project: Untrusted, project_name: Option<Untrusted>,
        name: Option<Untrusted>, person: Option<String>, grade: Option<String>, actor: Option<Untrusted>,
        actor_name: Option<Untrusted>, deed: Option<String>, changed_at: Option<Timestamp>,
    }
    /// A pool of agents.
    Pool in devops_pool needs [One("id"), One("hosted")] {
        id: Untrusted, organization: Untrusted, pool_id: Untrusted, name: Option<Untrusted>, kind: Option<Untrusted>,
        hosted: Option<bool>, elastic: Option<bool>,
    }
    /// An agent.
    Agent in devops_agent needs [One("id"), One("agent_id"), One("name")] {
        id: Untrusted, organization: Untrusted, pool_id: Untrusted, pool: Option<Untrusted>, agent_id: Untrusted,
        name: Option<Untrusted>, online: Option<bool>, enabled: Option<bool>, created_at: Option<Timestamp>,
        elastic: Option<bool>, variables: Option<i64>, hidden: Option<Untrusted>,
    }
    /// The last job of an agent.
    AgentJob in devops_agent_job needs [One("agent"), When { of: "build", is: Present, needs: "actor" }] {
        agent: Untrusted, organization: Untrusted, project: Option<Untrusted>, build: Option<Untrusted>,
        at: Option<Timestamp>, person: Option<String>, grade: Option<String>, actor: Option<Untrusted>,
        actor_name: Option<Untrusted>,
    }
    /// A credential that an agent uploads.
    AgentLiteral in devops_agent_literal needs [One("id"), One("fingerprint")] {
        id: Untrusted, organization: Untrusted, agent: Untrusted, thing: Untrusted, pool: Option<Untrusted>,
        agent_name: Option<Untrusted>, kind: String, holder: String, name: Option<Untrusted>,
        shown: Option<Untrusted>, fingerprint: String, verified: Option<bool>, confidence: String,
        owner_kind: Option<String>, owner_id: Option<Untrusted>, owner_name: Option<Untrusted>,
        owner_source: Option<String>, grade: Option<String>, expires_at: Option<Timestamp>,
    }
    /// An event of the audit log.
    Event in devops_event needs [One("id"), One("action"), Any(&["actor", "actor_name"])] {
        id: Untrusted, organization: Untrusted, at: Timestamp, action: Untrusted, person: Option<String>,
        grade: Option<String>, actor: Option<Untrusted>, actor_name: Option<Untrusted>, project: Option<Untrusted>,
        agent_name: Option<Untrusted>, pool: Option<Untrusted>,
    }
}
