//! Disables a device in Entra. It is never deleted: its recovery keys would go with it.

use super::tools::send;
use crate::action::route::{After, Disposition, Keep, Route, See, Stage, State, Undo, is};
use crate::api::Service;

const OBJECT: &str = "/v1.0/devices/{device}";

pub(super) static ROUTES: &[Route] = &[Route {
    action: "disable-device",
    does: "disable the device",
    service: Service::Graph,
    subject: "entra:device/{device:guid}",
    alias: None,
    needs: "Device.ReadWrite.All",
    stage: Stage::Tokens,
    disposition: Disposition::Safe,
    owner: None,
    see: See::One { path: "/v1.0/devices/{device}?$select=id,accountEnabled,onPremisesSyncEnabled", witness: None },
    back: None,
    state: &[("accountEnabled", "/accountEnabled"), ("onPremisesSyncEnabled", "/onPremisesSyncEnabled")],
    evidence: "SELECT 'entra:device/' || id, min(enabled) AS \"accountEnabled?\" FROM device GROUP BY id",
    request: send("PATCH", OBJECT, r#"{"accountEnabled": false}"#),
    after: After::Holds(r#"{"accountEnabled": false}"#),
    undo: Undo::Request(send("PATCH", OBJECT, r#"{"accountEnabled": true}"#)),
    guard: mastered_here,
    breaks: &["nobody can sign in with this device; take what is on it into evidence before it is wiped"],
    depends: None,
    first: None,
    portal: "https://entra.microsoft.com/#view/Microsoft_AAD_Devices/DeviceDetailsMenuBlade/~/Properties/objectId/{device}",
}];

fn mastered_here(state: &State) -> Option<Keep> {
    let why = "the device is mastered on premises: disable it there";
    is(state, "onPremisesSyncEnabled").then(|| Keep::ByHand(why.to_owned()))
}
