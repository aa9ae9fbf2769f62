//! How far customers who have followed a link get: one item in the Counters table for each source and hour.
//!
//! Counted here and not by metrics: CloudWatch charges for every new value of a dimension, and anybody can make up
//! sources.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use dialog::{Milestone, SourceProgress};
use lead::Seconds;

use crate::versioned::number;
use crate::{Counters, StorageError};

const HOUR: Seconds = 3600;
/// A day longer than delivered requests, which these numbers are compared with.
const RETENTION: Seconds = 31 * 24 * HOUR;
const PREFIX: &str = "source:";

/// How many dialogs have reached each milestone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    pub started: u64,
    pub name: u64,
    pub confirmation: u64,
}

const fn attribute(milestone: Milestone) -> &'static str {
    match milestone {
        Milestone::Started => "started",
        Milestone::Name => "at_name",
        Milestone::Confirmation => "at_confirmation",
    }
}

impl Counters {
    /// Counts what a dialog has reached at `now`.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn count_source_progress(&self, progress: &SourceProgress, now: Seconds) -> Result<(), StorageError> {
        let to_attribute = |number: Seconds| AttributeValue::N(number.to_string());
        let hour = now - now % HOUR;
        let additions: Vec<String> =
            progress.milestones.iter().map(|milestone| format!("{} :one", attribute(*milestone))).collect();
        self.client
            .update_item()
            .table_name(&self.table)
            .key("counted", AttributeValue::S(format!("{PREFIX}{}", progress.source)))
            .key("period", to_attribute(hour))
            .update_expression(format!("SET expires_at = :expires_at ADD {}", additions.join(", ")))
            .expression_attribute_values(":expires_at", to_attribute(hour + RETENTION))
            .expression_attribute_values(":one", to_attribute(1))
            .send()
            .await
            .map_err(StorageError::of("counting a customer of a link"))?;
        Ok(())
    }

    /// What the dialogs of each source's customers have reached since that hour began.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn reached_by_source(&self, since: Seconds) -> Result<BTreeMap<String, Reached>, StorageError> {
        let mut pages = self
            .client
            .scan()
            .table_name(&self.table)
            .filter_expression("begins_with(counted, :prefix) AND period >= :since")
            .expression_attribute_values(":prefix", AttributeValue::S(PREFIX.to_owned()))
            .expression_attribute_values(":since", AttributeValue::N((since - since % HOUR).to_string()))
            .into_paginator()
            .items()
            .send();
        let mut reached: BTreeMap<String, Reached> = BTreeMap::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(StorageError::of("reading how far customers of links came"))?;
            let Some(source) = source_of(&item) else { continue };
            let sum = reached.entry(source.to_owned()).or_default();
            let count = |milestone| number::<u64>(&item, attribute(milestone)).unwrap_or_default();
            sum.started += count(Milestone::Started);
            sum.name += count(Milestone::Name);
            sum.confirmation += count(Milestone::Confirmation);
        }
        Ok(reached)
    }
}

fn source_of(item: &HashMap<String, AttributeValue>) -> Option<&str> {
    item.get("counted")?.as_s().ok()?.strip_prefix(PREFIX)
}
