//! What an agent does not upload: it is seen by a scan of its host, or by nobody.

use crate::evidence::{Error, Rows, Scope, Stop, Writer};
use crate::model::{Cause, GapKind};
use crate::text::Untrusted;

const TABLE: &str = "devops_agent_literal";

/// What closes the gap.
const SCAN: &str = "run `leaver scan / --proc` as root on the host of the agent, then audit with --include";

/// One gap for each agent whose environment no scan has seen.
pub(super) async fn of_agents(out: &Writer) -> Result<(), Error> {
    let sql = "SELECT agent.id, agent.name, agent.hidden,
                      EXISTS (SELECT 1 FROM runner_registration AS found
                              JOIN runner ON runner.id = found.runner
                              WHERE found.registered = agent.id AND runner.saw_environment = 1)
               FROM devops_agent AS agent ORDER BY agent.id";
    let agents = out.select(sql, |row| {
        let (id, name): (String, Option<String>) = (row.get(0)?, row.get(1)?);
        Ok((id, name, row.get::<_, Option<String>>(2)?, row.get::<_, bool>(3)?))
    })?;
    for (id, name, hidden, seen) in agents {
        let cause = (!seen).then(|| blind(name.as_deref().unwrap_or("without a name"), hidden.as_deref()));
        let scope = Scope { name: Untrusted::from(id), person: None, needs: String::new() };
        let fill = async |_: &mut Rows| cause.map_or(Ok(()), |cause| Err(Stop::Gap(cause)));
        out.dataset(&[TABLE], &scope, fill).await?;
    }
    Ok(())
}

fn blind(name: &str, hidden: Option<&str>) -> Cause {
    let hides = hidden.map_or_else(String::new, |names| format!(", nor {names}, which it was told to leave out"));
    let what = format!(
        "the agent {name} uploads its environment as it was at its start, no value of 1,024 characters or more{hides}"
    );
    Cause::new(GapKind::NotExposed, what).needing(SCAN)
}
