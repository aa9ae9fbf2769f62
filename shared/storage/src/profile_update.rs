//! Writes of a customer's profile that belong to a transaction with the conversation.

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Update};
use dialog::{Choices, Person, Profile};
use lead::Request;
use serde::Serialize;

use crate::StorageError;

/// The operation, for errors.
const WRITE: &str = "storing the profile";

/// The part of an expression that writes the choices.
const SET_CHOICES: &str = "consent = :consent, reminders_off = :reminders_off";

/// What the customer has chosen.
pub(crate) fn choices(table: &str, chat_id: i64, choices: &Choices) -> Result<Update, StorageError> {
    built(with_choices(update(table, chat_id), choices)?.update_expression(format!("SET {SET_CHOICES}")))
}

/// What a request says about its customer, and what the conversation knows since.
pub(crate) fn request(
    table: &str,
    person: &Person,
    request: &Request,
    known: &Profile,
) -> Result<Update, StorageError> {
    let mut expression = format!(
        "SET username = :username, first_name = :first_name, #name = :name, phone = :phone, \
         phone_source = :phone_source, earlier_requests = :earlier_requests, latest_request = :latest_request, {SET_CHOICES}"
    );
    let mut profile = with_choices(update(table, person.chat_id), known.choices())?;
    if let Some(source) = &request.source {
        expression += ", first_source = if_not_exists(first_source, :source)";
        profile = profile.expression_attribute_values(":source", attribute(source)?);
    }
    let username = person.username.clone().map_or(AttributeValue::Null(true), AttributeValue::S);
    let profile = profile
        .update_expression(expression)
        .expression_attribute_names("#name", "name")
        .expression_attribute_values(":username", username)
        .expression_attribute_values(":first_name", AttributeValue::S(person.first_name.clone()))
        .expression_attribute_values(":name", AttributeValue::S(request.customer.name.clone()))
        .expression_attribute_values(":phone", AttributeValue::S(request.customer.phone.clone()))
        .expression_attribute_values(":phone_source", attribute(request.customer.phone_source)?)
        .expression_attribute_values(":earlier_requests", attribute(known.earlier())?)
        .expression_attribute_values(":latest_request", attribute(request.id)?);
    built(profile)
}

fn update(table: &str, chat_id: i64) -> UpdateBuilder {
    Update::builder().table_name(table).key("chat_id", AttributeValue::N(chat_id.to_string()))
}

fn with_choices(update: UpdateBuilder, choices: &Choices) -> Result<UpdateBuilder, StorageError> {
    Ok(update
        .expression_attribute_values(":consent", attribute(&choices.consent)?)
        .expression_attribute_values(":reminders_off", AttributeValue::Bool(choices.reminders_off)))
}

fn attribute(value: impl Serialize) -> Result<AttributeValue, StorageError> {
    serde_dynamo::to_attribute_value(value).map_err(|error| StorageError::shape(WRITE, &error))
}

fn built(update: UpdateBuilder) -> Result<Update, StorageError> {
    update.build().map_err(|error| StorageError::other(WRITE, error.to_string()))
}
