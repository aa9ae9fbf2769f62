//! Stories of customers, the dealer and the admins, over the running bot.
#![recursion_limit = "256"] // the SDK's futures are deep

mod account_fields;
mod admins;
mod attached_photos;
mod branches;
mod choices;
mod consent;
mod contact;
mod conversation;
mod costs;
mod dealer_file;
mod delivery;
mod door;
mod facts;
mod field;
mod free_text;
mod joining;
mod known_contacts;
mod limits;
mod links;
mod network;
mod pace;
mod photos;
mod sales_chat;
mod sales_group;
mod schedule;
mod sell;
mod settings;
mod stages;
mod talk;
mod team;
mod troubles;
mod unfinished;
mod unfinished_deal;
mod voice;
mod working_time;
