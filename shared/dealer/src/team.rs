//! Who gets requests.

/// The dealer's sales managers in the order in which requests go to them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Team(pub(crate) Vec<Member>);

/// A sales manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// As customers and colleagues read it.
    pub name: String,
    /// The user in amoCRM.
    pub amocrm_user_id: u64,
    /// The person in Telegram; `None`: cannot take requests in the sales chat.
    pub telegram_id: Option<i64>,
    /// Ids of the questionnaires whose requests the member gets; `None`: all.
    pub branches: Option<Vec<String>>,
}

impl Team {
    /// Everybody, in the order of the file.
    pub fn members(&self) -> impl ExactSizeIterator<Item = &Member> {
        self.0.iter()
    }

    /// The members who get requests of this questionnaire, in the order of the file.
    pub fn for_branch(&self, branch: &str) -> impl Iterator<Item = &Member> {
        self.0.iter().filter(move |member| member.gets(branch))
    }

    /// The member with this Telegram id.
    #[must_use]
    pub fn by_telegram_id(&self, id: i64) -> Option<&Member> {
        self.0.iter().find(|member| member.telegram_id == Some(id))
    }

    /// The member who is this user in amoCRM.
    #[must_use]
    pub fn by_amocrm_user(&self, id: u64) -> Option<&Member> {
        self.0.iter().find(|member| member.amocrm_user_id == id)
    }
}

impl Member {
    fn gets(&self, branch: &str) -> bool {
        self.branches.as_ref().is_none_or(|branches| branches.iter().any(|id| id == branch))
    }
}
