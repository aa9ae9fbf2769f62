//! amoCRM (and Kommo) API v4: a client that never assumes JSON, tokens that are never spent twice, and what a deal looks
//! like.
//!
//! * [`Client`]: one method an API call, paced under the account's limit, repeated where repeating is harmless.
//! * [`CrmError`]: what follows from a failure is its type; [`Doubt`] says whether something may exist unseen.
//! * [`Tokens`]: the OAuth pair behind a [`TokenStore`], refreshed under a lock, or a long-lived token.
//! * [`Shape`]: a request as JSON of a contact, a deal, notes and a task. Pure.
//! * [`contact_of_phone`]: which of the contacts found is the customer's. Pure.
//!
//! The vendor's pages: <https://www.amocrm.ru/developers/content/crm_platform/api-reference>,
//! <https://developers.kommo.com/reference>.

mod client;
mod concession;
mod contact;
mod entities;
mod error;
mod files;
mod jwt;
mod note;
mod oauth;
mod setup;
mod shape;
mod tokens;
mod transport;

pub use client::Client;
pub use concession::{Concession, Fault, gave_up_field};
pub use contact::{contact_of_phone, phone_key, search_terms};
pub use entities::{Contact, Created, Deal, FieldValues, Note, Task};
pub use error::{Cause, CrmError, Doubt, FieldError, Refusal, Remedy};
pub use note::{NOTE_LIMIT, note_item, note_items, note_marker, note_parts, photos_missing_text};
pub use settings::Clock;
pub use setup::{Account, CustomField, Entity, NewField, Pipeline, Stage, User, wanted_fields};
pub use shape::{SOURCE, Shape, TAG_NEW, TAG_REPEAT};
pub use tokens::{
    ConsentNeeded, Lock, StoreTrouble, StoredTokens, TokenDocument, TokenState, TokenStore, Tokens, refresh_is_due,
};
pub use transport::Options;
