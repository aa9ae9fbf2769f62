//! The page's files, part of the program: no build step, no network, nothing to lose.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Everything the page loads is its own: a stray address in a message cannot make it call out.
const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self' 'unsafe-inline'; \
                      frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! files {
    ($($name:literal: $kind:expr),* $(,)?) => {
        &[$(($name, $kind, include_str!(concat!("../page/", $name)))),*]
    };
}

/// Path under `/assets/`, media type, content.
const FILES: &[(&str, &str, &str)] = files![
    "icon.svg": "image/svg+xml",
    "css/base.css": CSS,
    "css/chat.css": CSS,
    "css/dealer.css": CSS,
    "js/api.js": SCRIPT,
    "js/chat.js": SCRIPT,
    "js/clock.js": SCRIPT,
    "js/composer.js": SCRIPT,
    "js/deals.js": SCRIPT,
    "js/dom.js": SCRIPT,
    "js/faults.js": SCRIPT,
    "js/group.js": SCRIPT,
    "js/main.js": SCRIPT,
    "js/message.js": SCRIPT,
    "js/overlay.js": SCRIPT,
    "js/people.js": SCRIPT,
    "js/queue.js": SCRIPT,
    "js/requests.js": SCRIPT,
    "js/samples.js": SCRIPT,
    "js/state.js": SCRIPT,
    "js/text.js": SCRIPT,
    "js/voice.js": SCRIPT,
];

/// `GET /`
pub(super) async fn page() -> Response {
    respond("text/html; charset=utf-8", include_str!("../page/index.html"))
}

/// `GET /assets/{path}`
pub(super) async fn asset(Path(path): Path<String>) -> Response {
    match FILES.iter().find(|(name, ..)| *name == path) {
        Some((_, kind, content)) => respond(kind, content),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn respond(kind: &'static str, content: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        // The next build may bring another page.
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, content).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_the_page_and_its_scripts_load_is_served() {
        let page = include_str!("../page/index.html");
        let named = page.split('"').filter_map(|text| text.strip_prefix("/assets/"));
        let imported = FILES.iter().flat_map(|(_, _, content)| {
            content.split('"').filter_map(|text| text.strip_prefix("./")).filter(|name| name.ends_with(".js"))
        });
        for name in named.map(str::to_owned).chain(imported.map(|name| format!("js/{name}"))) {
            assert!(FILES.iter().any(|(file, ..)| *file == name), "{name} is not served");
        }
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        let page = include_str!("../page/index.html");
        for attribute in ["src=\"http", "href=\"http", "src=\"//", "href=\"//"] {
            assert!(!page.contains(attribute), "the page loads something by {attribute}");
        }
        for (name, _, content) in FILES {
            assert!(
                !content.contains("@import") && !content.contains("url(http"),
                "{name} loads something from elsewhere"
            );
        }
    }
}
