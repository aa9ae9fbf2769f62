//! `/api/v4/account` and `/api/v4/users`.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::model::User;
use super::reply::Reply;
use super::seed;
use super::state::AccountState;

/// What the drive's paths begin with on this host; a real account has another host for it.
pub(super) const DRIVE: &str = "drive";

/// `GET /account`.
pub(super) fn get(call: &Call<'_>) -> Reply {
    let mut account = json!({
        "id": seed::ACCOUNT_ID,
        "name": "Автосалон",
        "subdomain": seed::SUBDOMAIN,
        "current_user_id": call.caller.user_id,
        "country": "RU",
        "currency": "RUB",
        "currency_symbol": "₽",
        "is_unsorted_on": true,
        "is_loss_reason_enabled": true,
        "_links": {"self": {"href": call.href()}},
    });
    if call.query.with("drive_url") {
        account["drive_url"] = json!(format!("{}/{DRIVE}", call.base));
    }
    if call.query.with("is_api_filter_enabled") {
        account["is_api_filter_enabled"] = json!(false);
    }
    if call.query.with("datetime_settings") {
        account["_embedded"]["datetime_settings"] = json!({"timezone": "Europe/Moscow", "timezone_offset": "+03:00", "time_format": "H:i", "date_format": "d.m.Y"});
    }
    if call.query.with("task_types") {
        let types =
            seed::TASK_TYPES.iter().map(|(id, name)| json!({"id": id, "name": name, "color": null, "code": null}));
        account["_embedded"]["task_types"] = types.collect();
    }
    Reply::ok(&account)
}

/// `GET /users`: for administrators only.
pub(super) fn users(state: &AccountState, call: &Call<'_>) -> Answer {
    call.needs_admin()?;
    call.query.page(&call.href(), "users", &state.users(), render)
}

fn render(user: &User) -> Value {
    json!({
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "lang": "ru",
        "rights": {"is_admin": user.is_admin, "is_free": false, "is_active": user.is_active, "group_id": null, "role_id": null},
    })
}
