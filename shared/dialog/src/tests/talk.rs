//! The customer's side of a conversation: what they type and tap, and what their chat shows.

use std::collections::BTreeMap;
use std::sync::Arc;

use dealer::Dealer;
use lead::{Request, Seconds};

use crate::render::{MAX_UTF16, RenderContext, render};
use crate::*;

/// A chat as Telegram would show it, with the bot behind it.
pub(super) struct Talk {
    pub(super) conversation: Conversation,
    pub(super) now: Seconds,
    pub(super) rules: Rules,
    /// Every message of the bot by its id, as it looks now.
    pub(super) chat: BTreeMap<i64, Screen>,
    /// Pop-ups after presses, latest last.
    pub(super) popups: Vec<String>,
    pub(super) requests: Vec<Request>,
    /// What is stored of the chat's requests, newest first.
    pub(super) sent: Vec<SentRequest>,
    /// Questions to the model, with their updates.
    pub(super) questions: Vec<(i64, String)>,
    /// Voice messages to be listened to, with their updates.
    pub(super) recordings: Vec<(i64, Voice)>,
    pub(super) forgotten: bool,
    /// What the store says to a new request.
    pub(super) takes_requests: bool,
    /// The sales chat has topics.
    pub(super) has_topics: bool,
    /// What went to the team.
    pub(super) relayed: Vec<::talk::Line>,
    /// Lose the ids of sent messages, as when the function dies after sending.
    pub(super) loses_ids: bool,
    /// The customer has not blocked the bot.
    pub(super) may_write: bool,
    person: Person,
    update_id: i64,
    message_id: i64,
    last: Option<Event>,
}

impl Talk {
    pub(super) fn new() -> Self {
        Self {
            conversation: Conversation::default(),
            now: 1_790_000_000,
            rules: Rules {
                session_ttl: 1800,
                privacy_policy_url: None,
                hears_voice: true,
                language: Language::default(),
                dealer: Arc::default(),
            },
            chat: BTreeMap::new(),
            popups: Vec::new(),
            requests: Vec::new(),
            sent: Vec::new(),
            questions: Vec::new(),
            recordings: Vec::new(),
            forgotten: false,
            takes_requests: true,
            has_topics: false,
            relayed: Vec::new(),
            loses_ids: false,
            may_write: true,
            person: person(),
            update_id: 100,
            message_id: 0,
            last: None,
        }
    }

    /// A talk in which Telegram's numbers and the customer's username are long.
    pub(super) fn with_long_numbers() -> Self {
        let person = Person { username: Some("i".repeat(32)), ..person() };
        Self { update_id: 2_000_000_000, message_id: 2_000_000_000, person, ..Self::new() }
    }

    /// A talk whose conversation an earlier version has stored.
    pub(super) fn resumed(json: &str) -> Self {
        let conversation: Conversation = serde_json::from_str(json).expect("an earlier version's item");
        let mut talk = Self { conversation, now: 1_790_000_060, update_id: 200, ..Self::new() };
        let context = RenderContext { year: 2026, now: talk.now, rules: &talk.rules };
        talk.message_id = talk.conversation.prompt.message_id.expect("a prompt");
        talk.chat.insert(talk.message_id, render(&talk.conversation, &context));
        talk
    }

    /// A talk in which a service was chosen in the menu.
    pub(super) fn in_branch(button: &str) -> Self {
        let mut talk = Self::new();
        talk.tap_menu(button);
        talk
    }

    /// Opens the menu and chooses a service.
    pub(super) fn tap_menu(&mut self, button: &str) -> &mut Self {
        self.command(BotCommand::Start).tap(button)
    }

    /// Types something.
    pub(super) fn say(&mut self, text: &str) -> &mut Self {
        self.input(Input::Text(text.to_owned()))
    }

    /// Types one thing after the other.
    pub(super) fn say_all(&mut self, texts: &[&str]) -> &mut Self {
        for text in texts {
            self.say(text);
        }
        self
    }

    pub(super) fn command(&mut self, command: BotCommand) -> &mut Self {
        self.input(Input::Command(command))
    }

    /// Follows a link with this payload.
    pub(super) fn follow(&mut self, payload: &str) -> &mut Self {
        self.input(Input::Link(payload.parse().expect("a payload")))
    }

    /// Taps the button with this text: under the latest message that has it, or on the reply keyboard.
    pub(super) fn tap(&mut self, text: &str) -> &mut Self {
        if self.keyboard().iter().flatten().any(|key| key.text == text && !key.request_contact) {
            return self.say(text);
        }
        let (message_id, data) = self.button(text).unwrap_or_else(|| panic!("no button {text} in\n{}", self.screen()));
        self.press(message_id, &data)
    }

    /// The latest button with this text: its message and data.
    pub(super) fn button(&self, text: &str) -> Option<(i64, String)> {
        self.chat.iter().rev().find_map(|(message_id, screen)| {
            inline(screen).find(|button| button.text == text).map(|button| (*message_id, button.data.clone()))
        })
    }

    pub(super) fn press(&mut self, message_id: i64, data: &str) -> &mut Self {
        let callback_id = format!("press-{}", self.update_id + 1);
        self.input(Input::Press { callback_id, message_id: Some(message_id), data: data.to_owned() })
    }

    /// Shares the customer's own contact.
    pub(super) fn share(&mut self, phone: &str) -> &mut Self {
        self.input(Input::Contact { phone: phone.to_owned(), is_own: true })
    }

    pub(super) fn send_photo(&mut self, name: &str) -> &mut Self {
        self.input(photo(name, None))
    }

    /// Sends an album: all of its photos in the same second.
    pub(super) fn send_album(&mut self, album: &str, names: &[&str]) -> &mut Self {
        self.wait(2);
        for name in names {
            self.at_once(photo(name, Some(album)));
        }
        self
    }

    /// The model's answer to the latest question.
    pub(super) fn understand(&mut self, answer: AiAnswer) -> &mut Self {
        let (update_id, _) = self.questions.last().expect("a question").clone();
        self.understand_update(update_id, answer)
    }

    pub(super) fn understand_update(&mut self, update_id: i64, answer: AiAnswer) -> &mut Self {
        self.wait(2);
        let event = Event {
            update_id,
            message_id: None,
            reply_to: None,
            person: self.person.clone(),
            input: Input::Ai(answer),
        };
        self.handle(&event);
        self
    }

    /// Sends a voice message of this length in seconds.
    pub(super) fn speak_for(&mut self, seconds: u32) -> &mut Self {
        let id = self.update_id + 1;
        let file = lead::Voice { file_id: format!("voice-{id}-{}", "x".repeat(70)), unique_id: format!("unique-{id}") };
        self.input(Input::Voice(Voice { file, seconds, bytes: 4_000 * u64::from(seconds) }))
    }

    /// Says something in a voice message, of which these words are understood.
    pub(super) fn speak(&mut self, words: &str) -> &mut Self {
        self.speak_for(5).hear(Some(words))
    }

    /// The words of the latest voice message are known.
    pub(super) fn hear(&mut self, words: Option<&str>) -> &mut Self {
        let (update_id, voice) = self.recordings.last().expect("a voice message").clone();
        let input = Input::Heard { voice, words: words.map(str::to_owned) };
        self.wait(2);
        let event =
            Event { update_id, message_id: Some(update_id), reply_to: None, person: self.person.clone(), input };
        self.handle(&event);
        self
    }

    pub(super) fn wait(&mut self, seconds: Seconds) -> &mut Self {
        self.now += seconds;
        self
    }

    /// Does something two seconds later.
    pub(super) fn input(&mut self, input: Input) -> &mut Self {
        self.wait(2).at_once(input)
    }

    /// Does something in the same second.
    pub(super) fn at_once(&mut self, input: Input) -> &mut Self {
        self.update_id += 1;
        let message_id = (!matches!(input, Input::Press { .. })).then_some(self.update_id);
        self.happen(message_id, input)
    }

    /// Edits the message that came with this update.
    pub(super) fn edit(&mut self, message_id: i64, text: &str) -> &mut Self {
        self.wait(2);
        self.update_id += 1;
        self.happen(Some(message_id), Input::Edited(text.to_owned()))
    }

    fn happen(&mut self, message_id: Option<i64>, input: Input) -> &mut Self {
        let event = Event { update_id: self.update_id, message_id, reply_to: None, person: self.person.clone(), input };
        self.handle(&event);
        self.last = Some(event);
        self
    }

    /// Telegram delivers the latest update once more.
    pub(super) fn redeliver(&mut self) -> Verdict {
        let event = self.last.clone().expect("an update");
        self.handle(&event)
    }

    /// The latest update.
    pub(super) fn last_update(&self) -> i64 {
        self.update_id
    }

    /// The bot handles an event, and Telegram shows the result.
    pub(super) fn handle(&mut self, event: &Event) -> Verdict {
        // Each dialog has its own id, the same in every run.
        let moment = self.moment(&format!("01JD000000000000{:010}", event.update_id));
        let verdict = decide(&self.conversation, event, &moment, &self.rules);
        self.carry_out(&verdict, event.update_id);
        verdict
    }

    /// The team does something in the customer's topic.
    pub(super) fn team(&mut self, act: TeamAct) -> TeamAnswer {
        self.wait(2);
        let moment = self.moment("01JD0000000000008888888888");
        let (verdict, answer) = decide_team(&self.conversation, act, &moment, &self.rules);
        self.carry_out(&verdict, 0);
        answer
    }

    fn moment(&self, fresh_id: &str) -> Moment {
        Moment {
            now: self.now,
            year: 2026,
            fresh_id: fresh_id.parse().expect("an id"),
            takes_requests: self.takes_requests,
            has_topics: self.has_topics,
        }
    }

    /// Lets the time pass until something is due, and lets the bot do it.
    pub(super) fn wait_until_due(&mut self) -> &mut Self {
        self.now = self.conversation.due_at().expect("something is due");
        self.clock_strikes();
        self
    }

    /// The bot does what is due.
    pub(super) fn clock_strikes(&mut self) -> Verdict {
        let chat = DueChat { chat_id: 42, may_write: self.may_write };
        let moment = self.moment("01JD0000000000009999999999");
        let verdict = decide_due(&self.conversation, &chat, &moment, &self.rules);
        self.carry_out(&verdict, 0);
        verdict
    }

    /// Stores the new state and performs the effects.
    fn carry_out(&mut self, verdict: &Verdict, update_id: i64) {
        let effects = match verdict {
            Verdict::Move { next, request, effects } => {
                self.conversation = stored(next);
                self.requests.extend(request.as_deref().cloned());
                effects
            }
            Verdict::Stay(effects) => effects,
            Verdict::Busy => return,
        };
        for effect in effects {
            self.perform(effect, update_id);
        }
    }

    /// The dealer's file.
    pub(super) fn dealer(&mut self) -> &mut Dealer {
        Arc::make_mut(&mut self.rules.dealer)
    }

    fn perform(&mut self, effect: &Effect, update_id: i64) {
        match effect {
            Effect::Show { screen, target, seq } => {
                fits(screen);
                let id = match target {
                    Target::Edit { message_id } => *message_id,
                    Target::New => {
                        self.message_id += 1;
                        self.message_id
                    }
                };
                self.chat.insert(id, screen.clone());
                if *target == Target::New && !self.loses_ids {
                    assert_eq!(self.conversation.prompt_sent(*seq, id), PromptSent::Noted, "it is the current one");
                }
            }
            Effect::SendRequests => {
                let screen = requests_screen(&self.sent, &self.rules);
                self.perform(&Effect::Send(screen), update_id);
            }
            Effect::Send(screen) => {
                fits(screen);
                assert!(inline(screen).next().is_none(), "such a message keeps no buttons");
                self.message_id += 1;
                self.chat.insert(self.message_id, screen.clone());
            }
            Effect::AnswerPress { text, alert, .. } => {
                if let Some(text) = text {
                    assert!(text.chars().count() <= 200);
                    self.popups.push(format!("{}{text}", if *alert { "! " } else { "" }));
                }
            }
            Effect::DropKeyboard { message_id } => {
                if let Some(screen) = self.chat.get_mut(message_id) {
                    screen.keyboard = Keyboard::None;
                }
            }
            Effect::AskAi { question } => self.questions.push((update_id, question.clone())),
            Effect::Transcribe { voice } => self.recordings.push((update_id, voice.clone())),
            Effect::Relay { line, title } => {
                assert!((1..=128).contains(&title.chars().count()), "{title}");
                self.relayed.push((**line).clone());
            }
            Effect::ForgetCustomer => {
                self.forgotten = true;
                self.conversation = stored(&self.conversation.counters_only(self.now));
            }
        }
    }

    /// The latest message with its buttons, as text: bold in asterisks, a row of buttons a line.
    pub(super) fn screen(&self) -> String {
        self.chat.values().next_back().map(drawn).unwrap_or_default()
    }

    /// The texts of the messages from this one on, without their buttons.
    pub(super) fn texts_from(&self, message_id: i64) -> Vec<String> {
        self.chat.range(message_id..).map(|(_, screen)| screen.text.text.clone()).collect()
    }

    /// The number of messages that the bot has sent.
    pub(super) fn messages(&self) -> i64 {
        self.message_id
    }

    /// The number of messages with buttons.
    pub(super) fn messages_with_buttons(&self) -> usize {
        self.chat.values().filter(|screen| inline(screen).next().is_some()).count()
    }

    /// The first line of the current screen.
    pub(super) fn header(&self) -> String {
        self.screen().lines().next().unwrap_or_default().to_owned()
    }

    /// The current reply keyboard.
    pub(super) fn keyboard(&self) -> Vec<Vec<ReplyButton>> {
        let keyboards = self.chat.values().rev().filter_map(|screen| match &screen.keyboard {
            Keyboard::Reply(rows) => Some(rows.clone()),
            Keyboard::RemoveReply => Some(Vec::new()),
            _ => None,
        });
        keyboards.into_iter().next().unwrap_or_default()
    }
}

/// An answer of the model without entities.
pub(super) fn answer(intent: Intent, confidence: f32, reply: &str) -> AiAnswer {
    AiAnswer {
        intent,
        confidence,
        entities: Entities::default(),
        answered_by: AnsweredBy::Nobody,
        reply: reply.to_owned(),
    }
}

pub(super) fn photo(name: &str, album: Option<&str>) -> Input {
    captioned(name, album, "")
}

/// A photo with a caption.
pub(super) fn captioned(name: &str, album: Option<&str>, words: &str) -> Input {
    Input::Photo {
        file_id: format!("file-{name}"),
        unique_id: format!("unique-{name}"),
        album: album.map(str::to_owned),
        caption: (!words.is_empty()).then(|| words.to_owned()),
    }
}

fn person() -> Person {
    Person { chat_id: 42, username: Some("ivan".to_owned()), first_name: "Иван".to_owned() }
}

/// The conversation as it comes back from the table.
pub(super) fn stored(conversation: &Conversation) -> Conversation {
    let json = serde_json::to_string(conversation).expect("it serialises");
    assert!(json.len() < 8192, "{} bytes: {json}", json.len());
    let read: Conversation = serde_json::from_str(&json).expect("it reads what it wrote");
    assert_eq!(&read, conversation);
    read
}

/// Checks Telegram's limits for a message.
fn fits(screen: &Screen) {
    assert!(!screen.text.text.trim().is_empty(), "an empty message");
    assert!(screen.text.len_utf16() <= MAX_UTF16, "{}", screen.text.len_utf16());
    assert!(screen.text.entities.len() <= 100);
    for entity in &screen.text.entities {
        assert!(entity.length > 0 && entity.offset + entity.length <= screen.text.len_utf16());
    }
    assert!(inline(screen).count() <= 100);
    if let Keyboard::Inline(rows) = &screen.keyboard {
        assert!(rows.iter().all(|row| (1..=8).contains(&row.len())));
    }
    for button in inline(screen) {
        assert!((1..=64).contains(&button.text.chars().count()), "{}", button.text);
        assert!((1..=64).contains(&button.data.len()), "{}", button.data);
    }
}

pub(super) fn inline(screen: &Screen) -> impl Iterator<Item = &Button> {
    let rows = match &screen.keyboard {
        Keyboard::Inline(rows) => rows.as_slice(),
        _ => &[],
    };
    rows.iter().flatten()
}

fn drawn(screen: &Screen) -> String {
    let units: Vec<u16> = screen.text.text.encode_utf16().collect();
    let part = |from: usize, to: usize| String::from_utf16(&units[from..to]).expect("entities end between characters");
    let mut text = String::new();
    let mut at = 0;
    for entity in &screen.text.entities {
        let end = entity.offset + entity.length;
        let styled = part(entity.offset, end);
        text.push_str(&part(at, entity.offset));
        text.push_str(&match &entity.style {
            Style::Bold => format!("*{styled}*"),
            Style::Link(url) => format!("{styled} <{url}>"),
        });
        at = end;
    }
    text.push_str(&part(at, units.len()));
    let row = |texts: Vec<&str>| texts.iter().map(|text| format!("[{text}]")).collect::<Vec<_>>().join(" ");
    let rows: Vec<String> = match &screen.keyboard {
        Keyboard::Inline(rows) => rows.iter().map(|keys| row(keys.iter().map(|key| &*key.text).collect())).collect(),
        Keyboard::Reply(rows) => {
            let keys = rows.iter().map(|keys| row(keys.iter().map(|key| &*key.text).collect()));
            std::iter::once("(keyboard)".to_owned()).chain(keys).collect()
        }
        Keyboard::None => Vec::new(),
        Keyboard::RemoveReply => vec!["(no keyboard)".to_owned()],
    };
    if rows.is_empty() { text } else { format!("{text}\n\n{}", rows.join("\n")) }.replace('\u{a0}', " ")
}
