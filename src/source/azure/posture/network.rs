//! The networks around servers: subnets and private endpoints.

use serde_json::Value;

use super::{Fence, Listed, foreign, id, items, lower, text};
use crate::evidence::Error;
use crate::evidence::row::posture::{PrivateEndpoint, Subnet};

const NETWORKS: Listed =
    Listed { what: "virtual networks", resource: "Microsoft.Network/virtualNetworks", version: "2023-09-01" };
const ENDPOINTS: Listed =
    Listed { what: "private endpoints", resource: "Microsoft.Network/privateEndpoints", version: "2023-09-01" };

pub(super) async fn collect(fence: &Fence<'_>) -> Result<(), Error> {
    fence
        .each(&["subnet"], &NETWORKS, |rows, _, found| {
            for subnet in found.iter().flat_map(|row| items(row, "/properties/subnets")) {
                let Some(id) = id(subnet, rows, &["subnet"]) else { continue };
                let prefix = foreign(subnet, "/properties/addressPrefix").or_else(|| {
                    items(subnet, "/properties/addressPrefixes").next().and_then(Value::as_str).map(Into::into)
                });
                let security_group = text(subnet, "/properties/networkSecurityGroup/id").map(|id| lower(&id));
                rows.insert(&Subnet { id, prefix, security_group })?;
            }
            Ok(())
        })
        .await?;
    fence
        .each(&["private_endpoint"], &ENDPOINTS, |rows, _, found| {
            for row in &found {
                let Some(id) = id(row, rows, &["private_endpoint"]) else { continue };
                let places =
                    ["/properties/privateLinkServiceConnections", "/properties/manualPrivateLinkServiceConnections"];
                for connection in places.into_iter().flat_map(|place| items(row, place)) {
                    rows.insert(&PrivateEndpoint {
                        id: id.clone(),
                        target: text(connection, "/properties/privateLinkServiceId").map(|id| lower(&id)),
                        state: foreign(connection, "/properties/privateLinkServiceConnectionState/status"),
                    })?;
                }
            }
            Ok(())
        })
        .await
}
