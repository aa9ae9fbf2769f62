//! Hands a conversation over to a manager. The form already has the free questions; it asks only for name and phone.

use super::common::{NAME, PHONE};
use crate::MANAGER_BRANCH;
use crate::questionnaire::Branch;

pub(super) static MANAGER: Branch = Branch { id: MANAGER_BRANCH, intent: None, in_menu: false, steps: &[NAME, PHONE] };
