use super::*;
use crate::procore::Limits;

fn form(path: &str, body: &str) -> Request<Bytes> {
    let builder = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    builder.body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

const APP: &str = "client_id=sandbox-client&client_secret=sandbox-secret";

#[test]
fn a_refresh_token_works_once_and_brings_a_new_pair() {
    // Given a pair
    let mut site = site();
    let (old_access, refresh) = site.double.grant(site.now);
    let refreshing = format!("grant_type=refresh_token&refresh_token={refresh}&{APP}");
    // When it is refreshed twice with the same token
    let first = site.send(form("/oauth/token", &refreshing));
    let second = site.send(form("/oauth/token", &refreshing));
    // Then the first gives a new pair and the second is locked out
    assert_eq!(first.status(), 200);
    let pair = json(&first);
    assert_eq!(text(&pair, &["expires_in"]), "5400");
    assert_eq!(text(&pair, &["token_type"]), "bearer");
    assert_ne!(text(&pair, &["refresh_token"]), refresh);
    assert_eq!(text(&json(&second), &["error"]), "invalid_grant");
    // And the old access token is dead, the new one good
    site.token = old_access;
    assert_eq!(site.status("/rest/v1.0/me"), 401);
    site.token = text(&pair, &["access_token"]).to_owned();
    assert_eq!(site.status("/rest/v1.0/me"), 200);
}

#[test]
fn client_credentials_bring_no_refresh_token_and_need_the_company_header_everywhere() {
    let mut site = site();
    let answer = site.send(form("/oauth/token", &format!("grant_type=client_credentials&{APP}")));
    let grant = json(&answer);
    assert!(grant.get("refresh_token").is_none());
    site.token = text(&grant, &["access_token"]).to_owned();
    let mut request = site.request(Method::GET, "/rest/v1.0/companies", "");
    request.headers_mut().remove("procore-company-id");
    assert_eq!(site.send(request).status(), 400);
}

#[test]
fn a_code_works_once_in_multipart_and_not_after_ten_minutes() {
    // Given two codes
    let mut site = site();
    let (good, late) = (site.double.authorization_code(site.now), site.double.authorization_code(site.now));
    let multipart = |code: &str| {
        let parts = [
            ("grant_type", "authorization_code"),
            ("client_id", "sandbox-client"),
            ("client_secret", "sandbox-secret"),
            ("code", code),
            ("redirect_uri", "http://localhost"),
        ];
        let body: String = parts
            .iter()
            .map(|(name, value)| format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"))
            .collect();
        Request::post("/oauth/token")
            .header("content-type", "multipart/form-data; boundary=B")
            .body(Bytes::from(format!("{body}--B--\r\n")))
            .unwrap()
    };
    // Then one is exchanged once
    assert_eq!(site.send(multipart(&good)).status(), 200);
    assert_eq!(site.send(multipart(&good)).status(), 400);
    // And the other not after ten minutes
    site.wait(601);
    assert_eq!(site.send(multipart(&late)).status(), 400);
}

#[test]
fn consent_redirects_with_a_code_for_that_address_only() {
    let mut site = site();
    let path = "/oauth/authorize?response_type=code&client_id=sandbox-client&redirect_uri=http%3A%2F%2Flocalhost%2Fcb&state=a%26b";
    let answer = site.send(Request::get(path).body(Bytes::new()).unwrap());
    assert_eq!(answer.status(), 302);
    let target = answer.headers()["location"].to_str().unwrap();
    let (address, rest) = target.split_once("?code=").unwrap();
    let (code, state) = rest.split_once('&').unwrap();
    assert_eq!((address, state), ("http://localhost/cb", "state=a%26b"));
    let other = format!("grant_type=authorization_code&code={code}&redirect_uri=http://elsewhere&{APP}");
    assert_eq!(site.send(form("/oauth/token", &other)).status(), 400);
}

#[test]
fn a_wrong_secret_is_no_client() {
    let mut site = site();
    let body = "grant_type=client_credentials&client_id=sandbox-client&client_secret=wrong";
    let answer = site.send(form("/oauth/token", body));
    assert_eq!((answer.status().as_u16(), text(&json(&answer), &["error"])), (401, "invalid_client"));
}

#[test]
fn a_token_ends_after_its_life_and_by_revocation() {
    let mut site = site();
    let info = site.read("/oauth/token/info");
    assert_eq!(text(&info, &["expires_in_seconds"]), "5400");
    site.wait(5399);
    assert_eq!(site.status("/rest/v1.0/me"), 200);
    site.wait(1);
    let late = site.get("/rest/v1.0/me");
    assert_eq!((late.status().as_u16(), text(&json(&late), &["message"])), (401, "The access token expired"));
    // Revoking takes the refresh token with it, and an unknown token is no error
    let (access, refresh) = site.double.grant(site.now);
    assert_eq!(site.send(form("/oauth/revoke", &format!("token={access}&{APP}"))).status(), 200);
    assert_eq!(site.send(form("/oauth/revoke", &format!("token=unknown&{APP}"))).status(), 200);
    let refreshing = format!("grant_type=refresh_token&refresh_token={refresh}&{APP}");
    assert_eq!(site.send(form("/oauth/token", &refreshing)).status(), 400);
}

#[test]
fn the_company_header_is_required_and_must_be_right() {
    let mut site = site();
    let mut bare = site.request(Method::GET, "/rest/v1.0/vendors?company_id=598134325700011", "");
    bare.headers_mut().remove("procore-company-id");
    let answer = site.send(bare);
    assert_eq!(answer.status(), 400);
    let body = json(&answer);
    let first = body.get("errors").unwrap().as_array().unwrap()[0].as_str().unwrap();
    assert!(first.starts_with("Missing Procore-Company-Id header!"));
    // Exempt: me and companies
    for path in ["/rest/v1.0/me", "/rest/v1.0/companies"] {
        let mut request = site.request(Method::GET, path, "");
        request.headers_mut().remove("procore-company-id");
        assert_eq!(site.send(request).status(), 200, "{path}");
    }
    // Another company, in the header or in the query, is not connected
    let mut other = site.request(Method::GET, "/rest/v1.0/companies", "");
    other.headers_mut().insert("procore-company-id", "5".parse().unwrap());
    assert_eq!(site.send(other).status(), 403);
    assert_eq!(site.status("/rest/v1.0/vendors?company_id=5"), 403);
}

#[test]
fn limits_apply_in_both_windows_and_the_headers_show_the_closer_one() {
    // Given 5 calls an hour and 3 in ten seconds
    let limits = Limits { hourly: 5, spike: 3, retry_after: true };
    let mut site = site_with(ProcoreConfig { limits, ..ProcoreConfig::default() });
    let head = |response: &Response<Bytes>, name: &str| response.headers()[name].to_str().unwrap().to_owned();
    // When three are used, the spike limit is the closer one
    let first = site.get("/rest/v1.0/me");
    assert_eq!((head(&first, "x-rate-limit-limit"), head(&first, "x-rate-limit-remaining")), ("3".into(), "2".into()));
    site.get("/rest/v1.0/me");
    site.get("/rest/v1.0/me");
    let over = site.get("/rest/v1.0/me");
    // Then the fourth waits for its end
    assert_eq!((over.status().as_u16(), head(&over, "retry-after")), (429, "10".into()));
    assert_eq!(head(&over, "x-rate-limit-reset"), (site.now.timestamp() + 10).to_string());
    // And after it the hourly limit is the closer one, and outlasts ten seconds
    site.wait(10);
    let next = site.get("/rest/v1.0/me");
    assert_eq!((head(&next, "x-rate-limit-limit"), head(&next, "x-rate-limit-remaining")), ("5".into(), "1".into()));
    site.get("/rest/v1.0/me");
    site.wait(10);
    let over = site.get("/rest/v1.0/me");
    assert_eq!((over.status().as_u16(), head(&over, "retry-after")), (429, (3600 - 20).to_string()));
    assert_eq!(site.double.requests().throttled, 2);
    site.wait(3600);
    assert_eq!(site.status("/rest/v1.0/me"), 200);
}

#[test]
fn a_limit_without_retry_after_leaves_only_the_reset_header() {
    let limits = Limits { hourly: 0, spike: 0, retry_after: false };
    let mut site = site_with(ProcoreConfig { limits, ..ProcoreConfig::default() });
    let over = site.get("/rest/v1.0/me");
    assert_eq!(over.status(), 429);
    assert!(!over.headers().contains_key("retry-after") && over.headers().contains_key("x-rate-limit-reset"));
}

#[test]
fn every_answer_has_a_request_id_and_secrets_stay_out_of_log_and_debug() {
    let mut site = site();
    let (a, b) = (site.get("/nowhere"), site.get("/rest/v1.0/me"));
    assert_ne!(a.headers()["x-request-id"], b.headers()["x-request-id"]);
    site.send(form("/oauth/token", &format!("grant_type=client_credentials&{APP}")));
    assert!(site.double.log().iter().all(|entry| !entry.body.contains("sandbox-secret")));
    let shown = format!("{:?}", site.double);
    assert!(!shown.contains("sandbox-secret") && !shown.contains(&site.token));
    assert_eq!(site.double.requests().total, 3);
    assert_eq!(site.double.requests().of("GET /rest/v1.0/me"), 1);
}

#[test]
fn the_same_seed_gives_the_same_tokens() {
    assert_eq!(site().token, site().token);
    assert_ne!(site().token, site_with(ProcoreConfig { seed: 2, ..ProcoreConfig::default() }).token);
}
