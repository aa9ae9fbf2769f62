//! A conversation handed over to a manager: the questions are in the form already, only the caller is asked for.

use super::common::{NAME, PHONE};
use crate::MANAGER_BRANCH;
use crate::questionnaire::Branch;

pub(super) static MANAGER: Branch = Branch { id: MANAGER_BRANCH, intent: None, in_menu: false, steps: &[NAME, PHONE] };
