//! Keeps other web sites out. The page needs no password, because only this computer reaches it; but a site open in the
//! same browser could reach it too, with a form or by a name that resolves to 127.0.0.1.

use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Lets requests through that come from the page itself or from a program on this computer.
pub(super) async fn only_this_page(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !machine::is_own_name(headers) || (!reads && !is_same_origin(headers)) {
        return (StatusCode::FORBIDDEN, "this page is served to this machine only").into_response();
    }
    next.run(request).await
}

fn host(headers: &HeaderMap) -> &str {
    headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default()
}

fn is_same_origin(headers: &HeaderMap) -> bool {
    match headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or_default()) {
        None => true, // no browser
        Some(origin) => origin.strip_prefix("http://") == Some(host(headers)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn another_site_changes_nothing() {
        let own = [(header::HOST, "localhost:8080"), (header::ORIGIN, "http://localhost:8080")];
        assert!(is_same_origin(&headers(&own)));
        assert!(is_same_origin(&headers(&own[..1])));
        for origin in ["https://evil.example", "null", "http://localhost:9999"] {
            assert!(!is_same_origin(&headers(&[own[0].clone(), (header::ORIGIN, origin)])), "{origin}");
        }
    }
}
