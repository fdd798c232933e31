//! What the configuration says of the organisation. It is evidence too, since checks compare with it. Nobody is asked.

use async_trait::async_trait;
use jiff::tz::TimeZone;

use super::{Permissions, Source};
use crate::config::Config;
use crate::evidence::row::{ConfiguredOrganization, OrganizationTime};
use crate::evidence::{Error, Rows, Scope, Stop, Writer};
use crate::model::{Cause, GapKind};

/// When work starts and ends where nobody says otherwise.
const WORKDAY: [&str; 2] = ["07:00", "20:00"];

/// The configuration of the run.
pub struct Configured<'a> {
    /// All of it.
    pub config: &'a Config,
    /// The evidence of the run.
    pub out: &'a Writer,
}

#[async_trait(?Send)]
impl Source for Configured<'_> {
    fn name(&self) -> &'static str {
        "the configuration"
    }

    fn permissions(&self) -> Permissions {
        &[]
    }

    async fn inventory(&self) -> Result<(), Error> {
        self.organizations().await?;
        self.time().await
    }
}

impl Configured<'_> {
    /// What the organisation calls its own.
    async fn organizations(&self) -> Result<(), Error> {
        let names = &self.config.github.organizations;
        let fill = async |rows: &mut Rows| {
            for name in names {
                rows.insert(&ConfiguredOrganization { kind: "github".to_owned(), name: name.as_str().into() })?;
            }
            match names.is_empty() {
                true => Err(missing("no organisation", "[github] organizations")),
                false => Ok(()),
            }
        };
        self.out.dataset(&["configured_organization"], &scope(), fill).await.map(drop)
    }

    /// When people work, by which checks tell night from day. Without a time zone that would be a guess.
    async fn time(&self) -> Result<(), Error> {
        let logs = &self.config.logs;
        let name = logs.timezone.as_ref().and_then(TimeZone::iana_name);
        let [starts, ends] = logs.workday.map_or_else(
            || WORKDAY.map(str::to_owned),
            |day| [day.start, day.end].map(|time| time.strftime("%H:%M").to_string()),
        );
        let fill = async |rows: &mut Rows| match name {
            Some(zone) => Ok(rows.insert(&OrganizationTime { zone: zone.to_owned(), starts, ends })?),
            None => Err(missing("no time zone", "[logs] timezone")),
        };
        self.out.dataset(&["organization_time"], &scope(), fill).await.map(drop)
    }
}

fn scope() -> Scope {
    Scope { name: "configuration".into(), person: None, needs: String::new() }
}

fn missing(what: &str, needs: &str) -> Stop {
    Stop::from(Cause::new(GapKind::NotConfigured, what).needing(needs))
}
