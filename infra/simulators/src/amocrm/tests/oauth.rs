use super::*;

/// What the token endpoint gave.
#[derive(Clone, Debug)]
struct Pair {
    access: String,
    refresh: String,
}

async fn exchange(amo: &Amocrm, changes: Value) -> Result<Reply, reqwest::Error> {
    let mut body = json!({
        "client_id": amo.client_id(), "client_secret": amo.client_secret(), "redirect_uri": amo.redirect_uri(),
    });
    for (key, value) in changes.as_object().into_iter().flatten() {
        body[key] = value.clone();
    }
    let url = format!("{}/oauth2/access_token", amo.url());
    Reply::read(reqwest::Client::new().post(url).json(&body).send().await?).await
}

async fn consent(amo: &Amocrm) -> Result<Pair, Box<dyn std::error::Error>> {
    pair(&exchange(amo, json!({"grant_type": "authorization_code", "code": amo.new_code()})).await?)
}

async fn refresh(amo: &Amocrm, pair: &Pair) -> Result<Reply, reqwest::Error> {
    exchange(amo, json!({"grant_type": "refresh_token", "refresh_token": pair.refresh})).await
}

fn pair(reply: &Reply) -> Result<Pair, Box<dyn std::error::Error>> {
    let part = |name: &str| reply.json[name].as_str().map(str::to_owned).ok_or_else(|| reply.text.clone());
    Ok(Pair { access: part("access_token")?, refresh: part("refresh_token")? })
}

/// Status of an API call with this access token.
async fn try_api(amo: &Amocrm, access: &str) -> Result<u16, reqwest::Error> {
    let url = format!("{}/api/v4/account", amo.url());
    Ok(reqwest::Client::new().get(url).bearer_auth(access).send().await?.status().as_u16())
}

fn hint(reply: &Reply) -> (u16, &str) {
    (reply.status, reply.json["hint"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn a_code_is_exchanged_once_and_its_pair_works() -> Outcome {
    let amo = Amocrm::start(without_limits()).await?;
    let code = json!({"grant_type": "authorization_code", "code": amo.new_code()});
    let reply = exchange(&amo, code.clone()).await?;
    assert_eq!((reply.status, reply.json["token_type"].as_str()), (200, Some("Bearer")));
    assert_eq!(reply.json["expires_in"], 86400);
    assert_eq!(try_api(&amo, &pair(&reply)?.access).await?, 200);

    let again = exchange(&amo, code).await?;
    assert_eq!(hint(&again), (400, "Authorization code has been revoked"));
    Ok(())
}

#[tokio::test]
async fn every_wrong_parameter_is_named_in_a_hint() -> Outcome {
    let amo = Amocrm::start(Options { code_ttl: Duration::ZERO, ..without_limits() }).await?;
    let old_code = amo.new_code();
    let mut hints = Vec::new();
    for wrong in [
        json!({"client_id": "another"}),
        json!({"client_secret": "another"}),
        json!({"redirect_uri": "https://elsewhere.example"}),
        json!({"grant_type": "password"}),
        json!({"grant_type": "authorization_code"}),
        json!({"grant_type": "authorization_code", "code": "def502made-up"}),
        json!({"grant_type": "authorization_code", "code": old_code}),
    ] {
        let reply = exchange(&amo, wrong).await?;
        hints.push(format!("{} {}", reply.status, reply.json["hint"].as_str().unwrap_or_default()));
    }
    insta::assert_snapshot!(hints.join("\n"), @r"
    400 Check the `client_id` parameter
    400 Check the `client_secret` parameter
    400 Redirect URI is not associated with client
    400 Check the `grant_type` parameter
    400 Check the `code` parameter
    400 Cannot decrypt the authorization code
    400 Authorization code has expired
    ");
    Ok(())
}

#[tokio::test]
async fn a_refresh_token_is_void_once_the_new_pair_is_used() -> Outcome {
    let amo = Amocrm::start(without_limits()).await?;
    let first = consent(&amo).await?;
    let second = pair(&refresh(&amo, &first).await?)?;
    assert_ne!(first.refresh, second.refresh);

    assert_eq!(try_api(&amo, &second.access).await?, 200);
    assert_eq!(hint(&refresh(&amo, &first).await?), (401, "Token has been revoked"));
    assert_eq!(try_api(&amo, &first.access).await?, 401);
    Ok(())
}

#[tokio::test]
async fn after_a_lost_answer_the_old_refresh_token_still_works() -> Outcome {
    let amo = Amocrm::start(without_limits()).await?;
    let first = consent(&amo).await?;
    amo.faults().add("POST /oauth2/access_token", crate::fault::When::Times(1), crate::fault::Fault::LoseAnswer);
    assert!(refresh(&amo, &first).await.is_err(), "the new pair is on nobody's side");

    let second = pair(&refresh(&amo, &first).await?)?;
    assert_eq!(try_api(&amo, &second.access).await?, 200);
    Ok(())
}

#[tokio::test]
async fn of_two_refreshes_at_once_one_pair_is_void() -> Outcome {
    let amo = Amocrm::start(without_limits()).await?;
    let old = consent(&amo).await?;
    let (one, other) = (pair(&refresh(&amo, &old).await?)?, pair(&refresh(&amo, &old).await?)?);
    assert_eq!(try_api(&amo, &one.access).await?, 401);
    assert_eq!(try_api(&amo, &other.access).await?, 200);
    assert_eq!(hint(&refresh(&amo, &one).await?), (401, "Token has been revoked"));
    Ok(())
}

#[tokio::test]
async fn an_expired_access_token_is_refused_until_it_is_refreshed() -> Outcome {
    let amo = Amocrm::start(without_limits()).await?;
    let first = consent(&amo).await?;
    amo.expire_access_token();
    assert_eq!(try_api(&amo, &first.access).await?, 401);
    let second = pair(&refresh(&amo, &first).await?)?;
    assert_eq!(try_api(&amo, &second.access).await?, 200);

    amo.revoke_refresh_token();
    assert_eq!(try_api(&amo, &second.access).await?, 200, "the access token lives on");
    assert_eq!(hint(&refresh(&amo, &second).await?), (401, "Token has been revoked"));
    Ok(())
}

#[tokio::test]
async fn access_tokens_end_by_themselves() -> Outcome {
    let amo = Amocrm::start(Options { access_token_ttl: Duration::from_millis(700), ..without_limits() }).await?;
    let tokens = consent(&amo).await?;
    assert_eq!(try_api(&amo, &tokens.access).await?, 200);
    tokio::time::sleep(Duration::from_millis(750)).await;
    assert_eq!(try_api(&amo, &tokens.access).await?, 401);
    Ok(())
}

#[tokio::test]
async fn a_long_lived_token_does_not_expire_but_can_be_revoked() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    client.amo.expire_access_token();
    client.amo.revoke_refresh_token();
    assert_eq!(client.get("/api/v4/account").await?.status, 200);

    client.amo.revoke_everything();
    let reply = client.get("/api/v4/account").await?;
    assert_eq!((reply.status, reply.content_type.as_str()), (401, "application/problem+json"));
    assert_eq!(reply.json["title"], "Unauthorized");
    Ok(())
}

#[tokio::test]
async fn a_token_is_a_jwt_whose_expiry_can_be_read() -> Outcome {
    use base64::Engine as _;
    let amo = Amocrm::start(without_limits()).await?;
    let tokens = consent(&amo).await?;
    let payload = tokens.access.split('.').nth(1).unwrap_or_default();
    let payload: Value = serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload)?)?;
    let life = payload["exp"].as_u64().zip(payload["iat"].as_u64()).map(|(end, begin)| end - begin);
    assert_eq!(life, Some(86400));
    assert_eq!(payload["api_domain"].as_str(), amo.url().strip_prefix("http://"));
    Ok(())
}
