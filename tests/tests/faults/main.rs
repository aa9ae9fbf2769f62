//! Nothing lost, nothing twice: whatever fails between the functions and the outside, at whatever moment, each finished
//! request is in amoCRM exactly once in the end, the customer was thanked once, and the admins were not flooded.
#![recursion_limit = "256"] // the SDK's futures are deep

mod completion;
mod exactly_once;
mod half_way;
mod joining;
mod killable;
mod matrix;
mod outage;
mod races;
mod routes;
mod stops;
mod story;
