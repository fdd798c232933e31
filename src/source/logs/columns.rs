//! The columns of a gateway's log: which field of a record each of them holds, and how tables of every age call it.
//! Pure. Workspaces, exported logs and the demo's log service all read it here.

/// A field of a record, in the order of [`Record`](super::record::Record).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// When the call was made.
    Time,
    /// Object id of the caller.
    Principal,
    /// User principal name of the caller.
    Name,
    /// The MCP server.
    Server,
    /// The tool.
    Tool,
    /// The scope that the token had.
    Scope,
    /// What the tool was asked to touch.
    Resource,
    /// HTTP status.
    Status,
    /// How long it took.
    Latency,
    /// The gateway's request id.
    Request,
    /// The log's own id of the record.
    Item,
}

/// The column that every table of a workspace has.
pub const LOGGED: &str = "TimeGenerated";

/// What tables of the retired Data Collector API append to the name of a field, in the order in which a value is looked
/// for: a migrated table has the bare column and the old one.
///
/// <https://learn.microsoft.com/previous-versions/azure/azure-monitor/logs/data-collector-api>
pub const SUFFIXES: [&str; 5] = ["", "_s", "_g", "_d", "_t"];

/// The columns that a gateway writes which was set up from the policy alone. One says who called, whoever that is; it
/// knows no object id and no resource.
pub const POLICY: [(&str, Option<Field>); 4] =
    [("caller", Some(Field::Name)), ("tool", Some(Field::Tool)), ("method", None), ("body", None)];

impl Field {
    /// Every field.
    pub const ALL: [Field; 11] = [
        Field::Time,
        Field::Principal,
        Field::Name,
        Field::Server,
        Field::Tool,
        Field::Scope,
        Field::Resource,
        Field::Status,
        Field::Latency,
        Field::Request,
        Field::Item,
    ];

    /// As evidence calls it, and the placeholders of the queries.
    pub fn name(self) -> &'static str {
        match self {
            Field::Time => "at",
            Field::Principal => "principal",
            Field::Name => "caller_name",
            Field::Server => "server",
            Field::Tool => "tool",
            Field::Scope => "scope",
            Field::Resource => "resource",
            Field::Status => "status",
            Field::Latency => "latency_ms",
            Field::Request => "request",
            Field::Item => "item",
        }
    }

    /// The documented column, without a suffix.
    pub fn column(self) -> &'static str {
        match self {
            Field::Time => "timestamp",
            Field::Principal => "caller_oid",
            Field::Name => "caller_upn",
            Field::Server => "mcp_server",
            Field::Tool => "tool_name",
            Field::Scope => "scope_used",
            Field::Resource => "resource_accessed",
            Field::Status => "response_status",
            Field::Latency => "latency_ms",
            Field::Request => "apim_request_id",
            Field::Item => "_ItemId",
        }
    }

    /// Whether it holds a number; all others hold texts.
    pub fn is_number(self) -> bool {
        matches!(self, Field::Status | Field::Latency)
    }

    /// All but the time, which every record has.
    pub fn of_record() -> impl Iterator<Item = Field> {
        Field::ALL.into_iter().filter(|field| *field != Field::Time)
    }
}

/// The names of those fields that are not `had`, as `log_table.lacks` has them; `None`: nothing is lacking.
pub fn lacking(had: impl Fn(Field) -> bool) -> Option<String> {
    let names: Vec<&str> = Field::of_record().filter(|field| !had(*field)).map(Field::name).collect();
    (!names.is_empty()).then(|| names.join(" "))
}
