//! Where customers come from: what a link to the bot says.
//!
//! A link is `https://t.me/BOT?start=PAYLOAD`, and its payload comes back as `/start PAYLOAD`. Anybody can type one, so
//! it may name a source and open a questionnaire, and nothing more.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest payload: <https://core.telegram.org/bots/features#deep-linking>.
pub const MAX_PAYLOAD: usize = 64;

const SEPARATOR: &str = "__";

/// Where a customer came from. At least one part is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// `avito`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// `cpc`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub medium: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// Which of several advertisements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

impl Source {
    /// The parts that are set, in the order of a payload.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        [&self.source, &self.medium, &self.campaign, &self.content].into_iter().filter_map(|part| part.as_deref())
    }

    /// What it is called where sources are compared: its source, or else the first part that is set.
    #[must_use]
    pub fn name(&self) -> &str {
        self.parts().next().unwrap_or_default()
    }
}

/// What the payload of a link says: `s_avito__m_cpc__c_autumn__t_red__b_sell`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    pub source: Option<Source>,
    /// Id of the questionnaire to open. It may be one that does not exist.
    pub branch: Option<String>,
}

/// The text is not a payload: it is empty, too long, or has other characters than `A-Z a-z 0-9 _ -`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAPayload;

/// Why a link has no payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadLink {
    Empty,
    /// Its length; [`MAX_PAYLOAD`] is the most.
    TooLong(usize),
    /// A part has a character that is not allowed, or underscores that look like a separator.
    BadPart,
}

impl FromStr for Link {
    type Err = NotAPayload;

    /// Reads a payload. Of each kind of part, the first counts; a payload without any is a campaign as it stands.
    fn from_str(payload: &str) -> Result<Self, NotAPayload> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if !(1..=MAX_PAYLOAD).contains(&payload.len()) || !payload.bytes().all(is_allowed) {
            return Err(NotAPayload);
        }
        let part = |prefix: &str| {
            let mut values = payload.split(SEPARATOR).filter_map(|part| part.strip_prefix(prefix));
            values.find(|value| !value.is_empty()).map(str::to_owned)
        };
        let source = Source { source: part("s_"), medium: part("m_"), campaign: part("c_"), content: part("t_") };
        let branch = part("b_");
        let source = match source.parts().count() {
            0 if branch.is_none() => Some(Source { campaign: Some(payload.to_owned()), ..Source::default() }),
            0 => None,
            _ => Some(source),
        };
        Ok(Self { source, branch })
    }
}

impl Link {
    /// The payload that says this.
    ///
    /// # Errors
    /// When there is none that is read back as the same link.
    pub fn payload(&self) -> Result<String, BadLink> {
        let source = self.source.clone().unwrap_or_default();
        let parts = [
            ("s_", &source.source),
            ("m_", &source.medium),
            ("c_", &source.campaign),
            ("t_", &source.content),
            ("b_", &self.branch),
        ];
        let parts = parts.into_iter().filter_map(|(prefix, value)| Some(format!("{prefix}{}", value.as_deref()?)));
        let payload = parts.collect::<Vec<_>>().join(SEPARATOR);
        match payload.parse::<Self>() {
            Ok(read) if read == *self => Ok(payload),
            _ if payload.is_empty() => Err(BadLink::Empty),
            _ if payload.is_ascii() && payload.len() > MAX_PAYLOAD => Err(BadLink::TooLong(payload.len())),
            _ => Err(BadLink::BadPart),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(parts: [&str; 4]) -> Source {
        let [source, medium, campaign, content] =
            parts.map(|part| Some(part.to_owned()).filter(|part| !part.is_empty()));
        Source { source, medium, campaign, content }
    }

    fn link(parts: [&str; 4], branch: &str) -> Link {
        let source = Some(source(parts)).filter(|source| source.parts().count() > 0);
        Link { source, branch: Some(branch.to_owned()).filter(|branch| !branch.is_empty()) }
    }

    #[test]
    fn a_payload_says_where_the_customer_came_from() {
        for (payload, expected) in [
            ("s_avito__b_sell", link(["avito", "", "", ""], "sell")),
            ("s_avito__m_cpc__c_autumn_26__t_red-car__b_buy", link(["avito", "cpc", "autumn_26", "red-car"], "buy")),
            ("b_sell__s_avito", link(["avito", "", "", ""], "sell")),
            ("s_one__s_two", link(["one", "", "", ""], "")),
            ("s_avito__x_else__", link(["avito", "", "", ""], "")),
            ("b_nonsense", link(["", "", "", ""], "nonsense")),
        ] {
            assert_eq!(payload.parse(), Ok(expected), "{payload}");
        }
    }

    #[test]
    fn a_payload_without_a_known_part_is_a_campaign() {
        for payload in ["ad_7", "s_", "s_____", "____", "-", "S_avito"] {
            assert_eq!(payload.parse(), Ok(link(["", "", payload, ""], "")), "{payload}");
        }
    }

    #[test]
    fn anything_else_is_not_a_payload() {
        assert!("a".repeat(64).parse::<Link>().is_ok());
        for text in ["", &"a".repeat(65), "s_авито", "<b>", "s_a b", "s_a.b", "s_a\n"] {
            assert_eq!(text.parse::<Link>(), Err(NotAPayload), "{text}");
        }
    }

    #[test]
    fn a_link_that_is_made_is_read_back() {
        let made = link(["avito", "cpc", "autumn_26", "red-car"], "sell");
        assert_eq!(made.payload().as_deref(), Ok("s_avito__m_cpc__c_autumn_26__t_red-car__b_sell"));
        assert_eq!(link(["", "", "ad_7", ""], "").payload().as_deref(), Ok("c_ad_7"));
    }

    #[test]
    fn a_link_that_would_be_read_otherwise_is_refused() {
        for (link, error) in [
            (Link::default(), BadLink::Empty),
            (link([&"a".repeat(63), "", "", ""], ""), BadLink::TooLong(65)),
            (link(["авито", "", "", ""], ""), BadLink::BadPart),
            (link(["a b", "", "", ""], ""), BadLink::BadPart),
            (link(["a__m_cpc", "", "", ""], ""), BadLink::BadPart),
            (link(["a_", "cpc", "", ""], ""), BadLink::BadPart),
            (link(["_a", "", "", ""], ""), BadLink::BadPart),
        ] {
            assert_eq!(link.payload(), Err(error), "{link:?}");
        }
    }
}
