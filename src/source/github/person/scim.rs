//! What provisioning over SCIM calls a person. It has no logins, but the names by which single sign-on knows them: also
//! where the directory has renamed them since.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::api::ReadApi;
use crate::model::Cause;
use crate::person::Dossier;
use crate::source::github::place::{cause, encoded, one};
use crate::text::{Untrusted, is_same};

/// Whose provisioning it is: a part of the path, and the permission that reading it takes.
#[derive(Clone, Copy)]
pub(super) struct Realm {
    path: &'static str,
    needs: &'static str,
}

/// <https://docs.github.com/enterprise-cloud@latest/rest/scim/scim>
pub(super) const ORGANIZATION: Realm = Realm { path: "organizations", needs: "members=read" };

/// <https://docs.github.com/enterprise-cloud@latest/rest/enterprise-admin/scim>
pub(super) const ENTERPRISE: Realm = Realm { path: "enterprises", needs: "the scope scim:enterprise" };

#[derive(Debug, Deserialize)]
struct Listed {
    #[serde(rename = "Resources")]
    resources: Vec<Provisioned>,
}

/// One account as it is provisioned.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Provisioned {
    user_name: Option<Untrusted>,
    external_id: Option<Untrusted>,
    emails: Vec<Mail>,
}

#[derive(Debug, Deserialize)]
struct Mail {
    value: Option<Untrusted>,
}

impl Provisioned {
    fn names(&self) -> impl Iterator<Item = &Untrusted> {
        self.user_name.iter().chain(self.emails.iter().filter_map(|mail| mail.value.as_ref()))
    }

    fn is(&self, known: &[String]) -> bool {
        self.names().chain(&self.external_id).any(|name| known.iter().any(|one| is_same(one, name.raw())))
    }
}

/// All names of the account that is provisioned under one of `known` or the object id; none: nobody is.
pub(super) async fn names(
    api: &ReadApi,
    realm: Realm,
    of: &str,
    known: &[String],
    person: &Dossier,
) -> Result<Vec<String>, Cause> {
    let filters = known.iter().map(|name| ("userName", name)).chain([("externalId", &person.object_id)]);
    let known: Vec<String> = known.iter().chain([&person.object_id]).cloned().collect();
    for (field, value) in filters {
        // A quotation mark would end the value; no name and no object id has one.
        let filter = format!("{field} eq \"{}\"", value.replace(['"', '\\'], ""));
        let filter = utf8_percent_encode(&filter, NON_ALPHANUMERIC);
        let path = format!("/scim/v2/{}/{}/Users?count=100&filter={filter}", realm.path, encoded(of));
        let found: Listed = one(api, &path).await.map_err(|error| {
            let cause = cause(&error);
            if cause.needs.is_some() { cause } else { cause.needing(realm.needs) }
        })?;
        let ours = found.resources.iter().filter(|one| one.is(&known)).flat_map(Provisioned::names);
        let names: Vec<String> = ours.map(|name| name.raw().to_owned()).collect();
        if !names.is_empty() {
            return Ok(names);
        }
    }
    Ok(Vec::new())
}
