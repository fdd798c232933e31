//! The actions, one file each. Adding one is a file and a word in the list below.

mod by_hand;
mod tools;

pub(super) use self::by_hand::HANDS;
use super::route::Route;

macro_rules! actions {
    ($($name:ident),+ $(,)?) => {
        $(mod $name;)+
        static ALL: &[&[Route]] = &[$($name::ROUTES),+];
    };
}

actions! {
    disable_account,
    revoke_sessions,
    revoke_github_token_grant,
    revoke_github_sso_authorization,
    revoke_devops_token,
    remove_credential,
    delete_github_deploy_key,
    disable_device,
    deactivate_github_hook,
    delete_github_hook,
    remove_github_runner,
    disable_devops_agent,
    disable_github_workflow,
    delete_federated_credential,
    remove_role_assignment,
    remove_role_eligibility,
    remove_group_eligibility,
    revoke_grant,
    remove_app_role_assignment,
    cancel_github_invitation,
    remove_github_organization_role,
    remove_github_team_member,
    remove_github_collaborator,
    remove_github_outside_collaborator,
    remove_group_member,
    remove_github_member,
    remove_devops_entitlement,
    remove_owner,
}

/// Every route of every action.
pub(super) fn routes() -> impl Iterator<Item = &'static Route> {
    ALL.iter().flat_map(|routes| routes.iter())
}
