//! `plexctl whoami`.

use plexctl::adapters::toml_store::GuardedTokenFile;
use plexctl::use_cases::WhoamiUseCase;

use super::watched::Watched;
use super::{client, credential_failure, credential_request, reporter, retry_with_credential, store_for};
use crate::cli::Flags;
use crate::report::Failure;

/// Asks the server who the operator is.
pub async fn whoami(flags: Flags) -> Result<(), Failure> {
    let request = credential_request(&flags);
    let store = store_for(&request)?;
    let client = Watched(client());
    let mut reporter = reporter(flags.output());
    let mut use_case = WhoamiUseCase::new(&store, &GuardedTokenFile, &client, &mut *reporter);
    let Err(error) = use_case.execute(&request).await else { return Ok(()) };

    let retry = retry_with_credential("whoami", &flags);
    Err(credential_failure(&error, retry, flags, request.needs_profile(), &store))
}
