//! Every operator command, as an operator runs it: the program itself, against a local stack in this process, without
//! one, and against a deployed stage of which only the functions' settings exist. And the bot on one machine,
//! `carquery serve`, with simulators of what surrounds it.

mod amocrm;
mod bot;
mod customers;
mod dealer;
mod dlq;
mod doctor;
mod eval;
mod leads;
mod links;
mod operator;
mod serve;
mod shell;
mod stage;
