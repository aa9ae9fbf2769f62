use super::*;

/// Uploads `bytes` as the documentation says and returns the last answer.
async fn upload(
    client: &ApiClient,
    name: &str,
    bytes: &[u8],
    part: usize,
) -> Result<Reply, Box<dyn std::error::Error>> {
    let session =
        json!({"file_name": name, "file_size": bytes.len(), "content_type": "image/jpeg", "with_preview": true});
    let mut reply = client.post("/drive/v1.0/sessions", session).await?;
    let mut address = reply.json["upload_url"].as_str().map(str::to_owned);
    for chunk in bytes.chunks(part) {
        let url = address.ok_or("no address for the next part")?;
        let request = client.http.post(url).bearer_auth(&client.token).body(chunk.to_vec());
        reply = Reply::read(request.send().await?).await?;
        address = reply.json["next_url"].as_str().map(str::to_owned);
    }
    Ok(reply)
}

#[tokio::test]
async fn a_photo_goes_up_in_parts_and_hangs_on_the_deal() -> Outcome {
    let client = ApiClient::open(Options { max_part_size: 1000, ..without_limits() }).await?;
    let lead = client.lead(json!({"name": "Заявка"})).await?;
    let bytes: Vec<u8> = (0..2500_u32).map(|n| n.to_le_bytes()[0]).collect();
    let reply = upload(&client, "фото 1.jpg", &bytes, 1000).await?;
    assert_eq!((reply.json["size"].as_u64(), reply.json["name"].as_str()), (Some(2500), Some("фото 1.jpg")));

    let path = format!("/api/v4/leads/{lead}/files");
    let attached = client.call(Method::PUT, &path, &json!([{"file_uuid": reply.json["uuid"]}]).to_string()).await?;
    assert_eq!((attached.status, attached.text.as_str()), (200, ""), "no body at all");

    let file = &client.amo.deals()[0].files[0];
    assert_eq!(file.name, "фото 1.jpg");
    let response = client.http.get(&file.url).send().await?;
    assert_eq!(response.headers()["content-type"], "image/jpeg");
    assert_eq!(response.bytes().await?, bytes);
    Ok(())
}

#[tokio::test]
async fn a_part_too_large_or_a_used_address_is_refused() -> Outcome {
    let client = ApiClient::open(Options { max_part_size: 1000, ..without_limits() }).await?;
    assert!(upload(&client, "a.jpg", &[0; 2000], 1500).await.is_err(), "the session says how large a part may be");
    let session = client.post("/drive/v1.0/sessions", json!({"file_name": "a.jpg", "file_size": 1500})).await?;
    let url = session.json["upload_url"].as_str().unwrap_or_default().to_owned();
    let send = |size: usize| client.http.post(&url).bearer_auth(&client.token).body(vec![0; size]).send();
    assert_eq!(send(1001).await?.status(), 400);
    assert_eq!(send(1000).await?.status(), 200);
    assert_eq!(send(500).await?.status(), 404, "the next part has another address");

    let refused = client.post("/drive/v1.0/sessions", json!({"file_size": 0})).await?;
    assert_eq!(refused.complaints(), ["0 FieldMissing file_size", "0 FieldMissing file_name"]);
    Ok(())
}

#[tokio::test]
async fn a_token_without_the_scope_cannot_touch_files() -> Outcome {
    let client = ApiClient::open(Options { drive_scope: false, ..without_limits() }).await?;
    let lead = client.lead(json!({"name": "Заявка"})).await?;
    let reply = client.post("/drive/v1.0/sessions", json!({"file_name": "a.jpg", "file_size": 5})).await?;
    assert_eq!((reply.status, reply.json["detail"].as_str()), (403, Some("Invalid scope")));
    let reply = client.call(Method::PUT, &format!("/api/v4/leads/{lead}/files"), r#"[{"file_uuid":"x"}]"#).await?;
    assert_eq!(reply.status, 403);
    Ok(())
}
