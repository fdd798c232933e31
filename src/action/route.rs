//! What an action is made of: which object it is about, how that is seen, what is sent, how it looks after and how to undo it.
//! Only shapes; the data is in `known`, and nothing here asks or sends anything.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::api::{Paging, Service};

/// The properties of an object that tell whether it is as it was. Names as the service writes them.
pub type State = Map<String, Value>;

/// When in a plan an action has its turn: the order in which a careful person works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Close the account.
    Account,
    /// End its sessions.
    Sessions,
    /// Cut tokens and keys.
    Tokens,
    /// Cut what carries data out.
    Hooks,
    /// Take machines away.
    Runners,
    /// Stop what runs by itself.
    Workflows,
    /// Cut trust and roles.
    Trust,
    /// Cut consents and assignments.
    Grants,
    /// End memberships, the small ones first.
    Memberships,
    /// End the membership that holds the others.
    Organization,
    /// Last of all: ownership.
    Ownership,
}

/// Whom a change may surprise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Disposition {
    /// Only the leaver's own access.
    Safe,
    /// Others may use it or depend on it.
    Disruptive,
}

/// One request as a plan shows it. The path is below the base URL of the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The HTTP method.
    pub method: String,
    /// Path and query.
    pub url: String,
    /// The body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}

/// A request with `{name}` where a part of the subject or of the state goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Template {
    pub(super) method: &'static str,
    pub(super) url: &'static str,
    /// JSON. A text that is nothing but `{name}` becomes that value, whatever its type; absent values leave their field out.
    pub(super) body: Option<&'static str>,
}

/// How the object of a change is seen.
#[derive(Debug, Clone, Copy)]
pub(super) enum See {
    /// It alone. Not found means that it is gone, but where a service says so of what it hides as well, only if the list
    /// `witness` can be read.
    One { path: &'static str, witness: Option<&'static str> },
    /// A row of a list: the one whose `key` is `is`; several of each are joined by `&`. With `others`, how many further rows there are is part of the state.
    Row { path: &'static str, paging: Paging, key: &'static str, is: &'static str, others: Option<&'static str> },
    /// An entry in one of the lists of an object; the list says its `kind`.
    Within { path: &'static str, lists: &'static [(&'static str, &'static str)], key: &'static str, is: &'static str },
}

/// How the object looks when the change is done.
#[derive(Debug, Clone, Copy)]
pub(super) enum After {
    /// It is not there.
    Absent,
    /// These properties have these values, as JSON.
    Holds(&'static str),
    /// This time is later than it was.
    Later(&'static str),
}

/// How it is undone.
#[derive(Debug, Clone, Copy)]
pub(super) enum Undo {
    /// By this request.
    Request(Template),
    /// By a person.
    Manual(&'static str),
    /// There is nothing that could come back.
    Nothing,
}

/// Why an object is left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Keep {
    /// It must never be done.
    Never(String),
    /// A person has to do it, for this reason.
    ByHand(String),
    /// The same, with the command; `<name>` where a part of the subject or of the state goes.
    ByCommand(String, &'static str),
}

/// What a person does about an object that no action is for.
#[derive(Debug)]
pub(super) struct Hand {
    /// If set: only for findings of this check, or of all in this folder (`step/`).
    pub(super) check: Option<&'static str>,
    /// The typed id, as of a route.
    pub(super) subject: &'static str,
    /// Why no program does it.
    pub(super) why: &'static str,
    /// The command, or nothing. `<name>` is percent-encoded, `<name!>` is one word of a shell, whatever is in it.
    pub(super) command: &'static str,
    /// Where a person finds it, or nothing.
    pub(super) portal: &'static str,
}

/// One route of an action: one kind of object in one service.
#[derive(Debug)]
pub(super) struct Route {
    /// The name by which checks call the action.
    pub(super) action: &'static str,
    /// What it does, in words.
    pub(super) does: &'static str,
    pub(super) service: Service,
    /// The typed id of its objects: `entra:group/{group:guid}/member/{user:guid}`. Kinds: guid, key, number, name, tail, path.
    pub(super) subject: &'static str,
    /// Another way to write it, without the part that the person gives (`{name}`), and what is known of such an object.
    pub(super) alias: Option<(&'static str, &'static str, &'static str)>,
    /// The permission that it needs.
    pub(super) needs: &'static str,
    pub(super) stage: Stage,
    /// What it is where the object is the leaver's own.
    pub(super) disposition: Disposition,
    /// The part of the subject or of the state that says whose the object is: an Entra object id or a GitHub number.
    pub(super) owner: Option<&'static str>,
    pub(super) see: See,
    /// Where else it has to be looked for once it was made again: under a new id.
    pub(super) back: Option<See>,
    /// The state: name, and where in the answer it is (JSON pointer).
    pub(super) state: &'static [(&'static str, &'static str)],
    /// The same from the evidence: `subject`, then columns named as in `state`; `name?` is a boolean, `name[]` a JSON text.
    pub(super) evidence: &'static str,
    pub(super) request: Template,
    pub(super) after: After,
    pub(super) undo: Undo,
    /// What speaks against it, by subject and state.
    pub(super) guard: fn(&State) -> Option<Keep>,
    /// What breaks.
    pub(super) breaks: &'static [&'static str],
    /// What else the evidence says that breaks: subject, and a sentence.
    pub(super) depends: Option<&'static str>,
    /// The action that comes first for the same object, and can be undone where this one cannot.
    pub(super) first: Option<&'static str>,
    /// Where a person finds it.
    pub(super) portal: &'static str,
}

/// Nothing speaks against it.
pub(super) fn free(_: &State) -> Option<Keep> {
    None
}

/// A text of a state.
pub(super) fn text<'a>(state: &'a State, name: &str) -> Option<&'a str> {
    state.get(name).and_then(Value::as_str)
}

/// Whether a property is there and true.
pub(super) fn is(state: &State, name: &str) -> bool {
    state.get(name).and_then(Value::as_bool) == Some(true)
}
