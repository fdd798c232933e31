//! What would satisfy an item that fell: a block of Terraform, the XML of a policy, a rule for Kusto, made of what the evidence and
//! the configuration say. It is text to read and to adapt; nothing here is ever applied.

/// What hints are made of. What is not known stands there in angle brackets.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The tenant.
    pub tenant: Option<String>,
    /// A subscription that is looked into.
    pub subscription: Option<String>,
    /// Approved subnets.
    pub subnets: Vec<String>,
    /// The application id of the gateway.
    pub gateway_app: Option<String>,
    /// The resource id of the gateway.
    pub gateway: Option<String>,
    /// An action group that reaches somebody.
    pub action_group: Option<String>,
    /// A workspace that holds the log.
    pub workspace: Option<String>,
    /// The table of the gateway.
    pub table: String,
    /// A server that is named in a finding.
    pub server: Option<String>,
}

impl Facts {
    fn of<'f>(value: Option<&'f String>, else_: &'f str) -> &'f str {
        value.map_or(else_, String::as_str)
    }

    fn subscription(&self) -> &str {
        Facts::of(self.subscription.as_ref(), "<subscription>")
    }

    fn tenant(&self) -> &str {
        Facts::of(self.tenant.as_ref(), "<tenant>")
    }

    fn subnet(&self) -> &str {
        Facts::of(self.subnets.first(), "<subnet>")
    }

    fn subnets(&self) -> String {
        let all: Vec<String> = self.subnets.iter().map(|id| format!("\"{id}\"")).collect();
        if all.is_empty() { "\"<subnet>\"".to_owned() } else { all.join(", ") }
    }

    fn server(&self) -> &str {
        Facts::of(self.server.as_ref(), "<server>").rsplit('/').next().unwrap_or_default()
    }
}

/// What would satisfy the item that the check `id` is about; `None`: nothing can be written for it.
pub fn hint(id: &str, facts: &Facts) -> Option<String> {
    Some(match id.rsplit('/').next().unwrap_or(id) {
        "server-identity-not-its-own" => identity(facts),
        "server-subnet-not-its-own" | "server-outside-network" => network(facts),
        "server-untagged" => {
            format!("# Terraform: on the resource {}\ntags = {{\n  MCPServer = \"true\"\n}}\n", facts.server())
        }
        "tag-policy-takes-false" | "untagged-server-not-denied" => tag_policy(facts),
        "server-outside-subnet-not-denied" => subnet_policy(facts),
        "call-without-token" => token(facts),
        "calls-not-limited" => LIMIT.to_owned(),
        "scopes-not-split" => SCOPES.to_owned(),
        "people-reach-secrets" => access(facts),
        "stored-client-secret" => PIPELINE.to_owned(),
        "log-lacks-fields" | "log-holds-bodies" => RECORD.to_owned(),
        "log-kept-too-short" => retention(facts),
        "mass-read-not-alerted" => alert(facts, "mcp-mass-read", "PT1H", MASS_READ),
        "off-hours-change-not-alerted" => alert(facts, "mcp-off-hours-change", "PT1H", OFF_HOURS),
        "refusals-not-alerted" => alert(facts, "mcp-refusals", "PT10M", REFUSALS),
        "server-open-to-internet" | "environment-without-private-endpoint" => INGRESS.to_owned(),
        "gateway-not-demanded" => HEADER.to_owned(),
        "cost-not-watched" => budget(facts),
        _ => return None,
    })
}

const LIMIT: &str = r#"<!-- API Management: inbound, after <base /> and the validation of the token -->
<rate-limit-by-key calls="50" renewal-period="60"
  counter-key="@(((Jwt)context.Variables["jwt"]).Claims.GetValueOrDefault("oid", ""))" />
"#;

const SCOPES: &str = r#"# Terraform: in azuread_application of the gateway; one block each for read, write, admin, secrets
api {
  oauth2_permission_scope {
    id                         = "<a new GUID>"
    value                      = "mcp.tools.read"
    type                       = "Admin"
    admin_consent_display_name = "Call tools that read"
    admin_consent_description  = "Lets the client call tools that read."
  }
}
"#;

const PIPELINE: &str = r#"# Workflow: no client secret
permissions:
  id-token: write
  contents: read
steps:
  - uses: azure/login@v2
    with:
      client-id: ${{ vars.AZURE_CLIENT_ID }}
      tenant-id: ${{ vars.AZURE_TENANT_ID }}
      subscription-id: ${{ vars.AZURE_SUBSCRIPTION_ID }}
"#;

const RECORD: &str = r#"<!-- API Management: outbound; no body of a request -->
<log-to-eventhub logger-id="mcp-audit">@{
  var jwt = (Jwt)context.Variables["jwt"];
  return new JObject(
    new JProperty("timestamp", DateTime.UtcNow.ToString("o")),
    new JProperty("caller_oid", jwt.Claims.GetValueOrDefault("oid", "")),
    new JProperty("caller_upn", jwt.Claims.GetValueOrDefault("upn", "")),
    new JProperty("mcp_server", context.Api.Name),
    new JProperty("tool_name", (string)context.Variables.GetValueOrDefault("tool", "")),
    new JProperty("scope_used", jwt.Claims.GetValueOrDefault("scp", "")),
    new JProperty("resource_accessed", (string)context.Variables.GetValueOrDefault("resource", "")),
    new JProperty("response_status", context.Response.StatusCode),
    new JProperty("apim_request_id", context.RequestId)).ToString();
}</log-to-eventhub>
"#;

const INGRESS: &str = r#"# Terraform: azurerm_container_app_environment and azurerm_container_app
internal_load_balancer_enabled = true   # environment
ingress {
  external_enabled = false              # app
  target_port      = 3000
}
"#;

const HEADER: &str = r#"<!-- API Management: inbound. The server has to refuse calls without it. -->
<set-header name="X-Gateway-Key" exists-action="override"><value>{{gateway-key}}</value></set-header>
<authentication-managed-identity resource="<application id of the server>" />
"#;

const MASS_READ: &str = "| summarize resources = dcount(resource_accessed, 2) by caller_oid, bin(TimeGenerated, 1h)\n| where resources > 20";
const OFF_HOURS: &str = "| where tool_name has_any (\"write\", \"delete\", \"create\", \"update\")\n| extend hour = hourofday(TimeGenerated)\n| where hour < 7 or hour >= 20\n| summarize calls = count() by caller_oid";
const REFUSALS: &str = "| where response_status == 403\n| summarize refused = count() by caller_oid, bin(TimeGenerated, 10m)\n| where refused > 5";

fn identity(facts: &Facts) -> String {
    format!(
        "# Terraform: an identity that nothing else uses\nresource \"azurerm_user_assigned_identity\" \"{0}\" {{\n  name                = \"uami-{0}\"\n  resource_group_name = \"<resource group>\"\n  location            = \"<location>\"\n}}\n# in the server\nidentity {{\n  type         = \"UserAssigned\"\n  identity_ids = [azurerm_user_assigned_identity.{0}.id]\n}}\n",
        facts.server()
    )
}

fn network(facts: &Facts) -> String {
    format!(
        "# Terraform: in azurerm_container_group {}\nip_address_type = \"Private\"\nsubnet_ids      = [\"{}\"]\n",
        facts.server(),
        facts.subnet()
    )
}

fn tag_policy(facts: &Facts) -> String {
    format!(
        r#"# Terraform: at the subscription, for servers of every kind; a tag that is not "true" does not count
resource "azurerm_policy_definition" "mcp_tag" {{
  name         = "mcp-server-tag"
  display_name = "MCP servers carry MCPServer=true"
  policy_type  = "Custom"
  mode         = "All"
  policy_rule = jsonencode({{
    if = {{ allOf = [
      {{ field = "type", in = ["Microsoft.ContainerInstance/containerGroups", "Microsoft.App/containerApps", "Microsoft.App/jobs"] }},
      {{ anyOf = [{{ field = "name", contains = "mcp" }}, {{ field = "tags['MCPServer']", exists = true }}] }},
      {{ field = "tags['MCPServer']", notEquals = "true" }}
    ] }}
    then = {{ effect = "deny" }}
  }})
}}
resource "azurerm_subscription_policy_assignment" "mcp_tag" {{
  name                 = "mcp-server-tag"
  subscription_id      = "/subscriptions/{}"
  policy_definition_id = azurerm_policy_definition.mcp_tag.id
}}
"#,
        facts.subscription()
    )
}

fn subnet_policy(facts: &Facts) -> String {
    format!(
        r#"# Terraform: a server in another subnet, or in none, is denied
resource "azurerm_policy_definition" "mcp_subnet" {{
  name         = "mcp-server-subnet"
  display_name = "MCP servers stand in approved subnets"
  policy_type  = "Custom"
  mode         = "All"
  policy_rule = jsonencode({{
    if = {{ allOf = [
      {{ field = "type", equals = "Microsoft.ContainerInstance/containerGroups" }},
      {{ field = "tags['MCPServer']", exists = true }},
      {{ anyOf = [
        {{ count = {{ field = "Microsoft.ContainerInstance/containerGroups/subnetIds[*]" }}, equals = 0 }},
        {{ count = {{
          field = "Microsoft.ContainerInstance/containerGroups/subnetIds[*]"
          where = {{ field = "Microsoft.ContainerInstance/containerGroups/subnetIds[*].id", notIn = [{}] }}
        }}, greater = 0 }}
      ] }}
    ] }}
    then = {{ effect = "deny" }}
  }})
}}
resource "azurerm_subscription_policy_assignment" "mcp_subnet" {{
  name                 = "mcp-server-subnet"
  subscription_id      = "/subscriptions/{}"
  policy_definition_id = azurerm_policy_definition.mcp_subnet.id
}}
"#,
        facts.subnets(),
        facts.subscription()
    )
}

fn token(facts: &Facts) -> String {
    let app = Facts::of(facts.gateway_app.as_ref(), "<application id of the gateway>");
    format!(
        r#"<!-- API Management: first in the inbound section at the widest scope; every narrower policy begins with <base /> -->
<validate-jwt header-name="Authorization" failed-validation-httpcode="401" output-token-variable-name="jwt">
  <openid-config url="https://login.microsoftonline.com/{}/v2.0/.well-known/openid-configuration" />
  <audiences><audience>{app}</audience></audiences>
  <required-claims>
    <claim name="scp" match="any" separator=" "><value>mcp.tools.read</value><value>mcp.tools.write</value></claim>
  </required-claims>
</validate-jwt>
"#,
        facts.tenant()
    )
}

fn access(facts: &Facts) -> String {
    format!(
        "# Terraform: the application that publishes the secrets scope alone (now {})\nresource \"azuread_conditional_access_policy\" \"no_people\" {{\n  display_name = \"No people at the secrets scope\"\n  state        = \"enabled\"\n  conditions {{\n    client_app_types = [\"all\"]\n    applications {{ included_applications = [\"<application id for secrets>\"] }}\n    users {{ included_users = [\"All\"] }}\n  }}\n  grant_controls {{\n    operator          = \"OR\"\n    built_in_controls = [\"block\"]\n  }}\n}}\n",
        Facts::of(facts.gateway_app.as_ref(), "not known")
    )
}

fn retention(facts: &Facts) -> String {
    format!(
        "# Terraform\nresource \"azurerm_log_analytics_workspace_table\" \"mcp\" {{\n  workspace_id      = \"{}\"\n  name              = \"{}\"\n  plan              = \"Analytics\"\n  retention_in_days = 90\n}}\n",
        Facts::of(facts.workspace.as_ref(), "<workspace>"),
        facts.table
    )
}

fn alert(facts: &Facts, name: &str, window: &str, query: &str) -> String {
    format!(
        "# Terraform\nresource \"azurerm_monitor_scheduled_query_rules_alert_v2\" \"{0}\" {{\n  name                 = \"{0}\"\n  resource_group_name  = \"<resource group>\"\n  location             = \"<location>\"\n  scopes               = [\"{1}\"]\n  severity             = 1\n  enabled              = true\n  evaluation_frequency = \"{2}\"\n  window_duration      = \"{2}\"\n  criteria {{\n    query = <<-KQL\n{3}\n{4}\n    KQL\n    time_aggregation_method = \"Count\"\n    operator                = \"GreaterThan\"\n    threshold               = 0\n  }}\n  action {{ action_groups = [\"{5}\"] }}\n}}\n",
        name,
        Facts::of(facts.workspace.as_ref(), "<workspace>"),
        window,
        facts.table,
        query,
        Facts::of(facts.action_group.as_ref(), "<action group>")
    )
}

fn budget(facts: &Facts) -> String {
    format!(
        "# Terraform\nresource \"azurerm_consumption_budget_subscription\" \"mcp\" {{\n  name            = \"mcp\"\n  subscription_id = \"/subscriptions/{}\"\n  amount          = 100\n  time_grain      = \"Monthly\"\n  time_period {{ start_date = \"<first of a month>\" }}\n  notification {{\n    enabled        = true\n    operator       = \"GreaterThan\"\n    threshold      = 80\n    contact_emails = [\"<somebody>\"]\n  }}\n}}\n",
        facts.subscription()
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::*;
    use crate::posture::{gateway, policy, query};

    fn facts() -> Facts {
        Facts {
            subscription: Some("s".to_owned()),
            subnets: vec!["/approved".to_owned()],
            tenant: Some("6babcaad-604b-40ac-a9d7-9fd97c0b779f".to_owned()),
            table: "MCPAuditLog_CL".to_owned(),
            ..Facts::default()
        }
    }

    #[test]
    fn what_a_hint_says_satisfies_its_own_evaluator() {
        let inbound = format!(
            "{}{LIMIT}",
            hint("posture/call-without-token", &facts()).unwrap().replace("<application id of the gateway>", "api://x")
        );
        let text = format!("<policies><inbound>{inbound}</inbound><backend /><outbound>{RECORD}</outbound></policies>");
        let read = gateway::parse(&text).unwrap();
        let meant = gateway::meaning(&[("global", Some(&read))], &gateway::Settings::default()).unwrap();
        let auth = meant.auth.unwrap();
        assert!(
            auth.always
                && auth.strict
                && auth.first
                && auth.issuer == Some(true)
                && auth.audience == Some(true)
                && auth.scopes == Some(true)
        );
        assert_eq!((meant.rates[0].a_minute(), meant.rates[0].by), (Some(50), Some(gateway::Counted::Principal)));
        let log = meant.log.unwrap();
        assert!(
            !log.body
                && ["caller_oid", "caller_upn", "tool_name"]
                    .iter()
                    .all(|field| log.fields.iter().any(|known| known == field))
        );
    }

    #[test]
    fn the_rules_of_the_hints_are_enough() {
        for (id, window) in [
            ("mass-read-not-alerted", 3_600.0),
            ("off-hours-change-not-alerted", 3_600.0),
            ("refusals-not-alerted", 600.0),
        ] {
            let text = hint(id, &facts()).unwrap();
            let query = text.split("<<-KQL\n").nth(1).unwrap().split("    KQL").next().unwrap().to_owned();
            let alert = query::Alert {
                query,
                window: Some(window),
                frequency: Some(window),
                aggregation: "Count".to_owned(),
                operator: "GreaterThan".to_owned(),
                threshold: Some(0.0),
                ..query::Alert::default()
            };
            let found = query::finds(&alert, &|table| table == "MCPAuditLog_CL");
            assert_eq!(found.len(), 1, "{id}");
            assert_eq!(found[0].enough, Some(true), "{id}: {}", found[0].why);
        }
    }

    /// The condition of a policy in a hint, out of Terraform's way of writing objects.
    fn rule(text: &str) -> Value {
        let body = text.split("jsonencode({").nth(1).unwrap().split("\n  })").next().unwrap();
        let mut json = String::from("{");
        for line in body.lines().map(str::trim).filter(|line| !line.is_empty()) {
            json.push_str(line);
            if !line.ends_with(['{', '[', ',']) {
                json.push(',');
            }
            json.push('\n');
        }
        let quoted = regex::Regex::new(r"([{,\s])([a-zA-Z]+) = ").unwrap();
        let json = quoted.replace_all(&json, "$1\"$2\": ").into_owned() + "}";
        let commas = regex::Regex::new(r",(\s*[\]}])").unwrap();
        let mut json = json;
        while commas.is_match(&json) {
            json = commas.replace_all(&json, "$1").into_owned();
        }
        serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}"))
    }

    #[test]
    fn the_policies_of_the_hints_mean_what_they_should() {
        let group = |tags: Value, subnets: Value| json!({ "type": "Microsoft.ContainerInstance/containerGroups", "name": "mcp", "tags": tags, "properties": { "subnetIds": subnets } });
        let none = BTreeMap::new();
        let tag = rule(&hint("untagged-server-not-denied", &facts()).unwrap());
        for (tags, met) in
            [(json!({}), true), (json!({ "MCPServer": "false" }), true), (json!({ "MCPServer": "true" }), false)]
        {
            assert_eq!(policy::holds(&tag, &none, &group(tags.clone(), json!([]))), Some(met), "{tags}");
        }
        let subnet = rule(&hint("server-outside-subnet-not-denied", &facts()).unwrap());
        let tagged = json!({ "MCPServer": "true" });
        for (subnets, met) in [
            (json!([]), true),
            (json!([{ "id": "/other" }]), true),
            (json!([{ "id": "/approved" }, { "id": "/other" }]), true),
            (json!([{ "id": "/approved" }]), false),
        ] {
            assert_eq!(policy::holds(&subnet, &none, &group(tagged.clone(), subnets.clone())), Some(met), "{subnets}");
        }
        assert_eq!(policy::effect(&subnet, &none).as_deref(), Some("deny"));
    }
}
