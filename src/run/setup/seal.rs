//! What signs a report and where it is kept.

use super::known::Known;
use super::{Block, Step};

const ASSIGN: &str =
    "az role assignment create --assignee-object-id \"$OBJECT\" --assignee-principal-type ServicePrincipal";

pub(super) fn steps(known: &Known) -> Vec<Step> {
    let vault = known.vault.as_deref().unwrap_or("VAULT");
    let sign = Step {
        id: "signing",
        title: "A key that signs reports".to_owned(),
        who: "whoever runs leaver; for a vault its Owner",
        why: "A report without a signature proves nothing later. A key in a vault never leaves it; give the public half to \
              auditors."
            .to_owned(),
        blocks: vec![
            Block::new("shell", "A key in a file", "leaver key new -o leaver.pem --encrypt\n"),
            Block::new(
                "shell",
                "Or a key in a vault",
                format!(
                    "az keyvault key create --vault-name {vault} --name leaver --kty EC --curve P-256 --ops sign verify\n\
                     {ASSIGN} \\\n  --role \"Key Vault Crypto User\" \\\n  \
                     --scope \"$(az keyvault show --name {vault} --query id -o tsv)\"\n"
                ),
            ),
        ],
    };
    let container = known.archive.as_deref().and_then(|url| url.strip_prefix("az://"));
    let container = container.and_then(|rest| rest.split('/').next()).unwrap_or("leaver");
    let keep = Step {
        id: "archive",
        title: "A place where reports are kept".to_owned(),
        who: "Owner of the storage account",
        why: "Each report names the one before it. A container with an immutability policy keeps them from being changed."
            .to_owned(),
        blocks: vec![Block::new(
            "shell",
            "A container",
            format!(
                "az storage container create --account-name ACCOUNT --name {container} --auth-mode login\n\
                 az storage container immutability-policy create --account-name ACCOUNT --container-name {container} --period 2555\n\
                 {ASSIGN} \\\n  --role \"Storage Blob Data Contributor\" \\\n  \
                 --scope \"$(az storage account show --name ACCOUNT --query id -o tsv)/blobServices/default/containers/{container}\"\n"
            ),
        )],
    };
    vec![sign, keep]
}
