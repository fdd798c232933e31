use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const JWT: &str = r#"<validate-jwt header-name="Authorization" failed-validation-httpcode="401">
  <openid-config url="https://login.microsoftonline.com/6babcaad-604b-40ac-a9d7-9fd97c0b779f/v2.0/.well-known/openid-configuration" />
  <audiences><audience>api://mcp-gateway</audience></audiences>
  <required-claims><claim name="scp" match="any" separator=" "><value>mcp.tools.read</value></claim></required-claims>
</validate-jwt>"#;

fn policy(inbound: &str) -> Element {
    parse(&format!(
        "<policies><inbound>{inbound}</inbound><backend><base /></backend><outbound><base /></outbound></policies>"
    ))
    .unwrap()
}

fn of(inbound: &str) -> Meaning {
    meaning(&[("operation", None), ("api", Some(&policy(inbound))), ("global", None)], &Settings::default()).unwrap()
}

#[test]
fn expressions_keep_their_quotes_and_brackets() {
    let element = parse(
        r#"<a key="@(context.Request.Headers.GetValueOrDefault("Authorization","").AsJwt()?.Subject)" b='1'>
             <!-- <c/> --><value>@{ var x = context.Request.Body.As<JObject>(preserveContent: true); return x["a"] > 1 ? ")" : "}"; }</value>
             <d when="@(context.Response.StatusCode &gt;= 400 &amp;&amp; true)" /><![CDATA[ <e> ]]></a>"#,
    )
    .unwrap();
    assert_eq!(
        element.attribute("KEY").unwrap(),
        "@(context.Request.Headers.GetValueOrDefault(\"Authorization\",\"\").AsJwt()?.Subject)"
    );
    assert!(element.child("value").unwrap().text.contains("As<JObject>") && element.text == "<e>");
    assert_eq!(element.child("d").unwrap().attribute("when").unwrap(), "@(context.Response.StatusCode >= 400 && true)");
    for broken in ["", "<a>", "<a></b>", "<a b=c/>", "text", "<a b=\"@(\"/><", "<a/><b/>"] {
        assert_eq!(parse(broken), Err(Unread), "{broken}");
    }
}

#[test]
fn the_whole_demand_is_read() {
    let found = of(&format!("<base />{JWT}")).auth.unwrap();
    assert_eq!(
        found,
        Auth {
            always: true,
            issuer: Some(true),
            audience: Some(true),
            scopes: Some(true),
            strict: true,
            code: Some(401),
            first: true
        }
    );
    let entra = of(
        r#"<base /><validate-azure-ad-token tenant-id="{{tenant}}"><audiences><audience>{{app}}</audience></audiences></validate-azure-ad-token>"#,
    );
    let entra = entra.auth.unwrap();
    assert_eq!((entra.issuer, entra.audience, entra.scopes), (None, None, Some(false)));
}

#[test]
fn what_weakens_a_demand() {
    let weak = |text: &str, what: fn(&Auth) -> bool| assert!(what(&of(text).auth.unwrap()), "{text}");
    weak(&format!("<choose><when condition=\"@(true)\">{JWT}</when></choose>"), |auth| !auth.always);
    weak(&format!("<send-request mode=\"new\" /><base />{JWT}"), |auth| !auth.first);
    weak(&format!("<cache-lookup vary-by-developer=\"false\" />{JWT}"), |auth| !auth.first);
    weak(&JWT.replace("401", "200"), |auth| auth.code == Some(200));
    weak(&JWT.replace("6babcaad-604b-40ac-a9d7-9fd97c0b779f", "common"), |auth| auth.issuer == Some(false));
    weak(&JWT.replace("<audience>api://mcp-gateway</audience>", ""), |auth| auth.audience == Some(false));
    weak(&JWT.replace("scp", "department"), |auth| auth.scopes == Some(false));
    weak(&JWT.replace("header-name", "require-expiration-time=\"false\" header-name"), |auth| !auth.strict);
    assert!(of(&format!("<base /></inbound><backend>{JWT}</backend><inbound>")).auth.is_none());
    let both = format!("<choose><when condition=\"@(x)\">{JWT}</when><otherwise>{JWT}</otherwise></choose>");
    assert!(of(&both).auth.unwrap().always);
    let refused = format!(
        "<choose><when condition=\"@(x)\">{JWT}</when><otherwise><return-response><set-status code=\"401\" /></return-response></otherwise></choose>"
    );
    assert!(of(&refused).auth.unwrap().always);
}

#[test]
fn a_scope_without_base_cuts_off_what_is_above() {
    let (above, below, bare) =
        (policy(JWT), policy("<base /><set-header name=\"a\" />"), policy("<set-header name=\"a\" />"));
    let of = |operation: &Element| {
        meaning(&[("operation", Some(operation)), ("api", None), ("global", Some(&above))], &Settings::default())
            .unwrap()
    };
    assert!(of(&below).auth.is_some() && of(&below).cut.is_none());
    assert!(of(&bare).auth.is_none() && of(&bare).cut == Some("operation"));
}

#[test]
fn fragments_and_named_values_are_put_in_and_secrets_are_not() {
    let fragment = parse("<fragment><validate-azure-ad-token tenant-id=\"{{tenant}}\" /><set-header name=\"X-Gateway\" exists-action=\"override\"><value>{{key}}</value></set-header></fragment>").unwrap();
    let settings = Settings {
        fragments: BTreeMap::from([("auth".to_owned(), Some(fragment))]),
        values: BTreeMap::from([
            ("tenant".to_owned(), Some("6babcaad-604b-40ac-a9d7-9fd97c0b779f".to_owned())),
            ("key".to_owned(), None),
        ]),
    };
    let policy = policy("<include-fragment fragment-id=\"Auth\" />");
    let found = meaning(&[("global", Some(&policy))], &settings).unwrap();
    assert_eq!(found.auth.unwrap().issuer, Some(true));
    assert_eq!(found.header.as_deref(), Some("X-Gateway"));
    assert_eq!(meaning(&[("global", Some(&policy))], &Settings::default()), Err(Unread));
}

#[test]
fn a_limit_counts_by_what_its_key_says() {
    let none = BTreeMap::new();
    for (key, by) in [
        (
            "@(context.Request.Headers.GetValueOrDefault(\"Authorization\",\"\").AsJwt()?.Subject)",
            Some(Counted::Principal),
        ),
        ("@(((Jwt)context.Variables[\"jwt\"]).Claims.GetValueOrDefault(\"oid\", \"\"))", Some(Counted::Principal)),
        (
            "@(context.Request.Headers.GetValueOrDefault(\"Authorization\",\"\").AsJwt()?.Subject ?? context.Request.IpAddress)",
            Some(Counted::Principal),
        ),
        ("@(context.Request.IpAddress)", Some(Counted::Address)),
        ("@(context.Request.Headers.GetValueOrDefault(\"X-Forwarded-For\", \"\"))", Some(Counted::Address)),
        ("@(context.Subscription.Id)", Some(Counted::Subscription)),
        ("@(context.Request.Headers.GetValueOrDefault(\"Authorization\", \"\"))", Some(Counted::Token)),
        ("@(context.Request.Headers.GetValueOrDefault(\"Mcp-Session-Id\", \"\"))", Some(Counted::Chosen)),
        ("global", Some(Counted::Everybody)),
        ("@(\"all\")", Some(Counted::Everybody)),
        ("@(context.Api.Id)", Some(Counted::Everybody)),
        ("{{key}}", None),
        ("@(context.RequestId.ToString())", None),
    ] {
        assert_eq!(counted(key, &none), by, "{key}");
    }
    let set = BTreeMap::from([(
        "who".to_owned(),
        "@(context.Request.Headers.GetValueOrDefault(\"Authorization\").AsJwt().Claims[\"oid\"][0])".to_owned(),
    )]);
    assert_eq!(counted("@((string)context.Variables[\"who\"])", &set), Some(Counted::Principal));
    let rate = |calls, seconds| Rate { calls: Some(calls), seconds: Some(seconds), by: None, always: true }.a_minute();
    assert_eq!((rate(50, 60), rate(50, 1), rate(100, 120), rate(1, 0)), (Some(50), Some(3000), Some(100), None));
}

#[test]
fn what_is_written_down_is_known_by_name() {
    let found = of(
        "<base /></inbound><outbound><log-to-eventhub logger-id=\"l\">@{ return new JObject(new JProperty(\"caller_oid\", x), new JProperty(\"tool_name\", context.Request.Body.As<string>())).ToString(); }</log-to-eventhub></outbound><inbound>",
    );
    let log = found.log.unwrap_or_default();
    assert!(log.fields.is_empty() || log.body);
    let policy = parse("<policies><inbound><base /></inbound><backend><base /></backend><outbound><base /><log-to-eventhub logger-id=\"l\">@{ return new JObject(new JProperty(\"caller_oid\", x), new JProperty(\"tool_name\", context.Request.Body.As<string>())).ToString(); }</log-to-eventhub></outbound></policies>").unwrap();
    let log = meaning(&[("global", Some(&policy))], &Settings::default()).unwrap().log.unwrap();
    assert!(
        log.body && log.fields.contains(&"caller_oid".to_owned()) && log.fields.contains(&"tool_name".to_owned()),
        "{log:?}"
    );
    assert_eq!(of("<base /><llm-content-safety backend-id=\"b\" shield-prompt=\"true\" />").shield, Some(true));
    assert_eq!(of("<base /><llm-content-safety backend-id=\"b\" />").shield, Some(false));
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}", inner in "[<>a-z/=\"'@(){} -]{0,120}") {
        let _ = (parse(&text), parse(&format!("<a>{inner}</a>")), parse(&format!("<a b=\"@({inner})\"/>")));
        let _ = counted(&text, &BTreeMap::new());
    }

    #[test]
    fn what_is_written_is_read(name in "[a-z][a-z-]{0,8}", value in "[a-zA-Z0-9 .:/]{0,12}", text in "[a-z0-9 ]{0,12}") {
        let read = parse(&format!("<{name} x=\"{value}\">{text}<{name}/></{name}>")).unwrap();
        prop_assert_eq!(read.attribute("x"), Some(value.as_str()));
        prop_assert_eq!(read.text.as_str(), text.trim());
        prop_assert_eq!(read.children.len(), 1);
    }
}
