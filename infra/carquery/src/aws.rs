//! AWS as an operator reaches it: with the keys, the profile and the region of this process.

use std::error::Error;
use std::time::Duration;

use anyhow::Context;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_lambda::config::ProvideCredentials;
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use tokio::sync::OnceCell;

/// Loaded once.
static CONFIG: OnceCell<SdkConfig> = OnceCell::const_new();

/// The configuration of every AWS client.
///
/// # Errors
/// There are no credentials or no region: found here, before a call fails because of them.
pub(crate) async fn config() -> anyhow::Result<&'static SdkConfig> {
    CONFIG.get_or_try_init(load).await
}

async fn load() -> anyhow::Result<SdkConfig> {
    // A copy of .env.example may say `AWS_ENDPOINT_URL=`. The SDK takes that for an address and panics.
    let empty = std::env::vars().find(|(name, value)| name.starts_with("AWS_ENDPOINT_URL") && value.trim().is_empty());
    if let Some((name, _)) = empty {
        anyhow::bail!("{name} is set, but empty: unset it, or remove its line from .env");
    }
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(5))
        .operation_timeout(Duration::from_secs(15))
        .build();
    let config = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts).load().await;
    let region = config.region().filter(|region| !region.as_ref().is_empty());
    region.context("no AWS region is set: export AWS_REGION, or set one in your profile")?;
    let provider = config.credentials_provider().context("no AWS credentials are set up")?;
    provider.provide_credentials().await.map_err(|error| {
        anyhow::anyhow!(
            "there are no AWS credentials: export AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; with single \
             sign-on run `aws sso login` first ({})",
            first_lines(&error)
        )
    })?;
    Ok(config)
}

/// The first line of an error and of each of its causes.
fn first_lines(error: &dyn Error) -> String {
    let mut lines = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        lines.push(text.lines().next().unwrap_or_default().trim_end_matches(['.', ':']).to_owned());
        next = error.source();
    }
    lines.join(": ")
}

/// Why a call failed: AWS refused it, did not respond, or was not reached.
pub(crate) fn reason<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    match error {
        SdkError::ServiceError(refused) => {
            let meta = refused.err().meta();
            format!("{}: {}", meta.code().unwrap_or("refused"), meta.message().unwrap_or("no reason given"))
        }
        SdkError::TimeoutError(_) => "no response in time: check the network and AWS_REGION".to_owned(),
        SdkError::DispatchFailure(_) => "no connection: check the network, AWS_REGION and AWS_ENDPOINT_URL".to_owned(),
        _ => "the response could not be read".to_owned(),
    }
}
