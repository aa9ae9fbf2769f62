//! AWS as an operator reaches it: with the keys, the profile and the region of this process.

use std::error::Error;

use anyhow::Context;
use aws_config::SdkConfig;
use aws_sdk_lambda::config::ProvideCredentials;
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use settings::Env;
use storage::{Aws, AwsSettings};

/// What clients are built with. Missing credentials and a missing region are found here, before a call fails of them.
pub(crate) async fn config() -> anyhow::Result<SdkConfig> {
    // A copy of .env.example may say `AWS_ENDPOINT_URL=`. To the SDK that is an address, of which it panics.
    let nowhere =
        std::env::vars().find(|(name, value)| name.starts_with("AWS_ENDPOINT_URL") && value.trim().is_empty());
    if let Some((name, _)) = nowhere {
        anyhow::bail!("{name} is set, but to nothing: unset it, or take its line out of .env");
    }
    let config = Aws::config(&AwsSettings::read(&mut Env::of_process())).await;
    let region = config.region().filter(|region| !region.as_ref().is_empty());
    region.context("no AWS region is set: export AWS_REGION, or give your profile one")?;
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

/// An error and its causes, without what they list.
fn first_lines(error: &dyn Error) -> String {
    let mut lines = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let said = error.to_string();
        lines.push(said.lines().next().unwrap_or_default().trim_end_matches(['.', ':']).to_owned());
        next = error.source();
    }
    lines.join(": ")
}

/// Why a call failed: AWS said no, did not answer, or was not reached.
pub(crate) fn reason<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    match error {
        SdkError::ServiceError(refused) => {
            let meta = refused.err().meta();
            format!("{}: {}", meta.code().unwrap_or("refused"), meta.message().unwrap_or("no reason given"))
        }
        SdkError::TimeoutError(_) => "no answer in time: is the network there, and AWS_REGION right?".to_owned(),
        SdkError::DispatchFailure(_) => {
            "no connection: is the network there, and are AWS_REGION and AWS_ENDPOINT_URL right?".to_owned()
        }
        _ => "the answer was no proper one".to_owned(),
    }
}
