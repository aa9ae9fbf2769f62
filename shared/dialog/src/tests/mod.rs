//! Each test is a conversation with a customer.

mod asking;
mod consent;
mod contact;
mod dealer_facts;
mod edits;
mod filling;
mod joining;
mod limits;
mod links;
mod pages;
mod pause;
mod person;
mod photos;
mod random;
mod remarks;
mod reminder;
mod requests;
mod sessions;
mod short;
mod status;
mod stored;
mod talk;
mod too_many;
mod unfinished;
mod voice;
mod wording;
