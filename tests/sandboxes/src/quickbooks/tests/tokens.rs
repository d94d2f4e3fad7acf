use super::*;
use base64::Engine as _;

fn token(site: &mut Site, path: &str, client: &str, body: &str, hard: bool) -> Got {
    let basic = base64::engine::general_purpose::STANDARD.encode(client);
    let mut request = Request::post(path).header("Authorization", format!("Basic {basic}"));
    if hard {
        request = request.header("x-include-refresh-token-hard-expires-in", "true");
    }
    site.send(request.body(Bytes::from(body.to_owned())).unwrap())
}

const PATH: &str = "/oauth2/v1/tokens/bearer";
const CLIENT: &str = "sandbox-client:sandbox-secret";

fn refresh(site: &mut Site, value: &str) -> Got {
    token(site, PATH, CLIENT, &format!("grant_type=refresh_token&refresh_token={value}"), false)
}

#[test]
fn a_code_is_exchanged_once_and_the_second_try_kills_the_tokens_of_the_first() {
    let mut site = site();
    let code = site.qb.consent(site.now);
    let body = format!("grant_type=authorization_code&code={code}&redirect_uri=https%3A%2F%2Fapp.example%2Fcb");
    let got = token(&mut site, PATH, CLIENT, &body, true);
    assert_eq!(got.status, 200);
    assert_eq!(text(&got.body, &["token_type"]), "bearer");
    assert_eq!(text(&got.body, &["expires_in"]), "3600");
    assert_eq!(text(&got.body, &["x_refresh_token_expires_in"]), "8726400");
    assert!(got.body.get("x_refresh_token_hard_expires_in").is_some());
    site.access = text(&got.body, &["access_token"]).to_owned();
    assert_eq!(site.get("vendor/77").status, 200);

    let again = token(&mut site, PATH, CLIENT, &body, false);
    assert_eq!((again.status, text(&again.body, &["error"])), (400, "invalid_grant"));
    assert_eq!(site.get("vendor/77").status, 401);
}

#[test]
fn the_refresh_token_keeps_its_value_for_a_day_then_changes_and_the_old_one_dies() {
    let mut site = site();
    let (_, first) = site.qb.grant(site.now);
    let same = refresh(&mut site, &first);
    assert_eq!(text(&same.body, &["refresh_token"]), first);
    assert!(same.body.get("x_refresh_token_hard_expires_in").is_none());

    site.now += Duration::hours(24);
    let rotated = refresh(&mut site, &first);
    let second = text(&rotated.body, &["refresh_token"]).to_owned();
    assert_ne!(second, first);
    let dead = refresh(&mut site, &first);
    assert_eq!((dead.status, text(&dead.body, &["error"])), (400, "invalid_grant"));
    assert_eq!(refresh(&mut site, &second).status, 200);
}

#[test]
fn rotation_at_every_refresh_is_a_setting() {
    let config = QuickBooksConfig { refresh_rotation: Duration::zero(), ..QuickBooksConfig::default() };
    let mut site = site_with(config);
    let (_, first) = site.qb.grant(site.now);
    assert_ne!(text(&refresh(&mut site, &first).body, &["refresh_token"]), first);
    assert_eq!(refresh(&mut site, &first).status, 400);
}

#[test]
fn a_refresh_token_that_rests_too_long_is_over_and_refreshing_does_not_pass_the_hard_limit() {
    let config = QuickBooksConfig { consent_life: Duration::days(150), ..QuickBooksConfig::default() };
    let mut site = site_with(config);
    let (_, idle) = site.qb.grant(site.now);
    let (_, used) = site.qb.grant(site.now);
    site.now += Duration::days(100);
    let got = refresh(&mut site, &used);
    let used = text(&got.body, &["refresh_token"]).to_owned();
    let left: i64 = text(&got.body, &["x_refresh_token_expires_in"]).parse().unwrap();
    assert!(left <= 50 * 86_400, "{left}");
    site.now += Duration::days(2);
    assert_eq!(refresh(&mut site, &idle).status, 400);
    site.now += Duration::days(48);
    assert_eq!(refresh(&mut site, &used).status, 400);
}

#[test]
fn a_wrong_secret_is_refused_and_no_token_is_shown_in_the_log() {
    let mut site = site();
    let (_, value) = site.qb.grant(site.now);
    let got = token(
        &mut site,
        PATH,
        "sandbox-client:wrong",
        &format!("grant_type=refresh_token&refresh_token={value}"),
        false,
    );
    assert_eq!((got.status, text(&got.body, &["error"])), (401, "invalid_client"));
    assert!(site.qb.log().iter().all(|entry| entry.body.is_empty()));
    assert!(!format!("{:?}", site.qb).contains("sandbox-secret"));
    assert!(!format!("{:?}", site.qb).contains(&value));
}

#[test]
fn an_access_token_ends_after_an_hour_with_the_shape_of_the_gateway() {
    let mut site = site();
    site.now += Duration::seconds(3600);
    let got = site.get("vendor/77");
    assert_eq!(got.status, 401);
    assert_eq!(text(&got.body, &["fault", "type"]), "AUTHENTICATION");
    let error = &got.body.at(&["fault", "error"]).unwrap().as_array().unwrap()[0];
    assert_eq!(text(error, &["code"]), "3200");
    assert!(text(error, &["message"]).contains("statusCode=401"));
    assert!(got.body.get("time").unwrap().is_number());
    assert!(got.body.get("Fault").is_none());
}

#[test]
fn revoking_ends_the_whole_connection() {
    let mut site = site();
    let (access, value) = site.qb.grant(site.now);
    site.access = access;
    let got = token(&mut site, "/v2/oauth2/tokens/revoke", CLIENT, &format!(r#"{{"token":"{value}"}}"#), false);
    assert_eq!(got.status, 200);
    assert_eq!(site.get("vendor/77").status, 401);
    assert_eq!(refresh(&mut site, &value).status, 400);
}

#[test]
fn a_user_who_disconnects_ends_every_token() {
    let mut site = site();
    let (_, value) = site.qb.grant(site.now);
    site.qb.revoke_tokens();
    assert_eq!(site.get("vendor/77").status, 401);
    assert_eq!(refresh(&mut site, &value).status, 400);
}
