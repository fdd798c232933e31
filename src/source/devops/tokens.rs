//! Personal access tokens and SSH keys of the people, as an administrator sees them. The service tells nobody when one was
//! last used, and shows no value.

use std::collections::BTreeSet;

use super::people::{Account, People};
use super::place::{PREVIEW, Place, each, encoded};
use super::wire::Token as Sent;
use crate::api::ReadApi;
use crate::evidence::row::devops::Token;
use crate::evidence::{Error, Rows};
use crate::model::{Cause, GapKind};

const TABLE: &str = "devops_token";
pub(super) const NEEDS: &str = "vso.tokenadministration (Project Collection Administrators)";

/// Whether keys are asked for, and what a reader calls them.
const KINDS: [(bool, &str); 2] = [(false, "personal access tokens"), (true, "SSH keys")];

pub(super) async fn collect(place: &Place<'_>, people: &People) -> Result<(), Error> {
    for person in place.question.people {
        let accounts: Vec<&Account> = people.accounts.iter().filter(|account| account.person == person.id).collect();
        for (public, what) in KINDS {
            let fill = async |api: &ReadApi, rows: &mut Rows| {
                for account in &accounts {
                    let descriptor = encoded(&account.descriptor);
                    let query = format!("pageSize=100&isPublic={public}&{PREVIEW}");
                    let path = place.path(&format!("tokenadmin/personalaccesstokens/{descriptor}?{query}"));
                    let mut seen = BTreeSet::new();
                    each(api, rows, &[TABLE], &path, "value", |rows, sent: Sent| {
                        // The same list may come for either question: what the row says of itself counts.
                        let is_key = sent.is_public.unwrap_or(public);
                        if sent.is_valid.is_none() {
                            rows.gap(TABLE, Cause::new(GapKind::Truncated, "a token came without whether it is valid"));
                        }
                        if is_key == public && seen.insert(sent.authorization_id.clone()) {
                            rows.insert(&row(place, account, is_key, sent))?;
                        }
                        Ok(())
                    })
                    .await?;
                }
                Ok(())
            };
            place.hosts.graph.dataset(&[TABLE], &place.scope_of(&person.id, what, NEEDS), fill).await?;
        }
    }
    Ok(())
}

fn row(place: &Place<'_>, account: &Account, is_key: bool, sent: Sent) -> Token {
    let kind = if is_key { "ssh-key" } else { "pat" };
    Token {
        id: place.id(&format!("{kind}/{}", sent.authorization_id.raw().to_lowercase())),
        person: account.person.clone(),
        organization: place.organization(),
        kind: kind.to_owned(),
        name: sent.display_name,
        scopes: sent.scope,
        valid: sent.is_valid,
        valid_from_at: sent.valid_from,
        valid_to_at: sent.valid_to,
    }
}
