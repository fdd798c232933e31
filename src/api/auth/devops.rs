//! Azure DevOps with a personal access token instead of the sign-in to Entra. The token goes to the hosts of Azure DevOps
//! and to no other service.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Tokens;
use crate::api::{Error, Service};
use crate::env::Env;
use crate::text::Secret;

/// The variable that the Azure DevOps extension of the Azure CLI reads.
const PERSONAL: &str = "AZURE_DEVOPS_EXT_PAT";

/// `entra`, and for Azure DevOps the personal access token of the environment, if there is one.
pub(super) fn with_personal(entra: Arc<dyn Tokens>, env: &Env) -> Arc<dyn Tokens> {
    match env.variable(PERSONAL) {
        Some(token) => Arc::new(Personal { entra, basic: Secret::new(&STANDARD.encode(format!(":{token}"))) }),
        None => entra,
    }
}

struct Personal {
    entra: Arc<dyn Tokens>,
    /// No user and the token, as Basic takes them.
    basic: Secret,
}

#[async_trait]
impl Tokens for Personal {
    async fn token(&self, service: Service, fresh: bool) -> Result<Secret, Error> {
        match service.is_devops() {
            true => Ok(self.basic.clone()),
            false => self.entra.token(service, fresh).await,
        }
    }

    fn scheme(&self, service: Service) -> &'static str {
        if service.is_devops() { "Basic" } else { self.entra.scheme(service) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Fixed;
    use super::*;
    use crate::api::tests::env_with;

    #[tokio::test]
    async fn a_personal_token_goes_to_azure_devops_only() {
        let fixed: Arc<dyn Tokens> = Arc::new(Fixed::new(Secret::new("of-entra")));
        let both = with_personal(Arc::clone(&fixed), &env_with(&[(PERSONAL, "mine")]));
        for service in [Service::DevOps, Service::DevOpsGraph, Service::DevOpsAudit] {
            assert_eq!(both.token(service, false).await.unwrap().expose(), STANDARD.encode(":mine"));
            assert_eq!(both.scheme(service), "Basic");
        }
        for service in [Service::Graph, Service::Arm, Service::Logs, Service::Vault] {
            assert_eq!(both.token(service, false).await.unwrap().expose(), "of-entra");
            assert_eq!(both.scheme(service), "Bearer");
        }
        assert!(both.token(Service::GitHub, false).await.is_err());
        let alone = with_personal(fixed, &env_with(&[]));
        assert_eq!(alone.token(Service::DevOps, false).await.unwrap().expose(), "of-entra");
        assert_eq!(alone.scheme(Service::DevOps), "Bearer");
    }
}
