//! amoCRM (and Kommo) API v4: a client that never assumes JSON, tokens that are never spent twice, and what a deal
//! looks like.
//!
//! * [`Client`]: one method an API call, paced under the account's limit, repeated where repeating is harmless.
//! * [`CrmError`]: what follows from a failure is its type; [`Doubt`] says whether something may exist unseen.
//! * [`Tokens`]: the OAuth pair behind a [`TokenStore`], refreshed under a lock, or a long-lived token.
//! * [`PayloadBuilder`]: a request as JSON of a contact, a deal and a task, in the form that the [`AccountFields`]
//!   take; [`note_items`]: its note. Pure.
//! * [`contact_of_phone`]: which of the contacts found is the customer's. Pure.
//!
//! The vendor's pages: <https://www.amocrm.ru/developers/content/crm_platform/api-reference>,
//! <https://developers.kommo.com/reference>.

mod client;
mod entities;
mod error;
mod fallback;
mod fields;
mod files;
mod jwt;
mod note;
mod oauth;
mod payload;
mod phones;
mod setup;
mod talk_note;
mod token_store;
mod tokens;
mod transport;
mod words;

pub use client::Client;
pub use entities::{Contact, Deal, FieldValues, Note, Task};
pub use error::{Cause, CrmError, Doubt, FieldError, Refusal, Remedy};
pub use fallback::{Fallback, Fault, fault_of_field, refused_members};
pub use fields::{AccountFields, TrackingField};
pub use note::{NOTE_LIMIT, note_item, note_items, note_parts, photos_missing_text};
pub use payload::{Difference, PayloadBuilder, SOURCE, TAG_NEW, TAG_REPEAT, TAG_UNFINISHED};
pub use phones::{contact_of_phone, phone_key, search_terms};
pub use setup::{Account, CustomField, Entity, FieldOption, Hook, NewField, Pipeline, Stage, User, wanted_fields};
pub use talk_note::talk_note;
pub use token_store::{ConsentNeeded, Lock, StoreTrouble, StoredTokens, TokenDocument, TokenStore};
pub use tokens::{TokenState, Tokens, refresh_is_due};
pub use transport::Options;
