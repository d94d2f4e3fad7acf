//! Signing in by a provider: a real one on loopback, which checks what a provider checks and signs what it is told to.

use std::collections::HashMap;
use std::sync::Mutex;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::Digest as _;

use super::*;
use crate::console::oidc::OidcSettings;

const CLIENT: &str = "console of Northgate";
const SECRET: &str = "a secret of & both";
const CALLBACK: &str = "https://localhost/sign-in/provider/back";

/// A provider that signs ES256.
struct Provider {
    issuer: String,
    key: Vec<u8>,
    point: Vec<u8>,
    /// Codes that were given out, with what was asked for.
    codes: HashMap<String, HashMap<String, String>>,
    /// What the next token says otherwise.
    change: Value,
    /// The next token is signed with another key.
    is_forged: bool,
}

type Shared = Arc<Mutex<Provider>>;

fn key() -> (Vec<u8>, Vec<u8>) {
    let random = ring::rand::SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_ref(), &random).unwrap();
    (key.as_ref().to_vec(), pair.public_key().as_ref().to_vec())
}

async fn token(State(provider): State<Shared>, headers: axum::http::HeaderMap, body: String) -> (StatusCode, String) {
    let form: HashMap<String, String> = form::pairs(&body).into_iter().collect();
    let mut provider = provider.lock().unwrap();
    let refused = |error: &str| (StatusCode::BAD_REQUEST, json!({ "error": error }).to_string());
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(CLIENT), encode(SECRET))));
    if headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) != Some(&basic) {
        return (StatusCode::UNAUTHORIZED, json!({ "error": "invalid_client" }).to_string());
    }
    // A code is good once.
    let Some(asked) = provider.codes.remove(&form["code"]) else { return refused("invalid_grant") };
    let challenge = URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(form["code_verifier"].as_bytes()));
    if asked["code_challenge"] != challenge || asked["redirect_uri"] != form["redirect_uri"] {
        return refused("invalid_grant");
    }
    let now = chrono::Utc::now().timestamp();
    let mut claims = json!({
        "iss": provider.issuer, "aud": CLIENT, "sub": "u-1", "iat": now, "exp": now + 300,
        "nonce": asked["nonce"], "email": "ada@northgate.test", "email_verified": true,
    });
    for (name, value) in provider.change.as_object().cloned().unwrap_or_default() {
        claims[name] = value;
    }
    let signing = if provider.is_forged { key().0 } else { provider.key.clone() };
    let head = Header { kid: Some("k1".to_owned()), ..Header::new(Algorithm::ES256) };
    let token = jsonwebtoken::encode(&head, &claims, &EncodingKey::from_ec_der(&signing)).unwrap();
    (StatusCode::OK, json!({ "token_type": "Bearer", "id_token": token }).to_string())
}

/// A provider, and a console that takes its word for users who are called by their e-mail address.
async fn given_provider(client_secret: &str) -> (Given, Shared) {
    let listener = tokio::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let (key, point) = key();
    let provider = Arc::new(Mutex::new(Provider {
        issuer: issuer.clone(),
        key,
        point,
        codes: HashMap::new(),
        change: json!({}),
        is_forged: false,
    }));
    let about = |State(provider): State<Shared>| async move {
        let of = provider.lock().unwrap().issuer.clone();
        json!({
            "issuer": of, "authorization_endpoint": format!("{of}/authorize"),
            "token_endpoint": format!("{of}/token"), "jwks_uri": format!("{of}/keys"),
        })
        .to_string()
    };
    let keys = |State(provider): State<Shared>| async move {
        let point = provider.lock().unwrap().point.clone();
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "k1",
            "x": part(&point[1..33]), "y": part(&point[33..65]),
        }] })
        .to_string()
    };
    let routes = axum::Router::new()
        .route("/.well-known/openid-configuration", get(about))
        .route("/keys", get(keys))
        .route("/token", post(token))
        .with_state(provider.clone());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let given = given_with(|settings| {
        settings.sign_in = Some(OidcSettings {
            issuer,
            client_id: CLIENT.to_owned(),
            client_secret: client_secret.to_owned(),
            claim: "email".to_owned(),
        });
    });
    sign::add(&given.site.store, "Ada@northgate.test", Role::Controller, PASSWORD, given.site.wall.as_ref()).unwrap();
    (given, provider)
}

/// What a browser holds after it was led to the provider.
struct Led {
    cookie: String,
    state: String,
    code: String,
}

fn cookie_of(response: &Response<Body>) -> String {
    let cookie = response.headers().get(header::SET_COOKIE).unwrap().to_str().unwrap();
    cookie.split(['=', ';']).nth(1).unwrap().to_owned()
}

impl Given {
    /// Presses "Sign in with …" and signs in at the provider, which gives out a code.
    async fn led(&self, provider: &Shared, to: &str) -> Led {
        let page = self.see("", "/sign-in?to=/c/demo/mapping").await;
        assert!(page.contains("Sign in with 127.0.0.1"), "{page}");
        let path = format!("/sign-in/provider?to={}", form::segment(to));
        let response = self.ask(request(Verb::Get, &path, None, None)).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        let address = response.headers().get(header::LOCATION).unwrap().to_str().unwrap().to_owned();
        let asked: HashMap<String, String> = form::pairs(address.split_once('?').unwrap().1).into_iter().collect();
        assert_eq!((asked["client_id"].as_str(), asked["redirect_uri"].as_str()), (CLIENT, CALLBACK));
        assert_eq!((asked["response_type"].as_str(), asked["code_challenge_method"].as_str()), ("code", "S256"));
        let led = Led { cookie: cookie_of(&response), state: asked["state"].clone(), code: sign::secret().unwrap() };
        provider.lock().unwrap().codes.insert(led.code.clone(), asked);
        led
    }

    async fn back(&self, led: &Led) -> Response<Body> {
        let path = format!("/sign-in/provider/back?code={}&state={}", led.code, led.state);
        self.ask(request(Verb::Get, &path, Some(&led.cookie), None)).await
    }
}

async fn refused(response: Response<Body>, words: &str) {
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{words}");
    assert!(response.headers().get(header::SET_COOKIE).is_none(), "{words}");
    let page = text(response).await;
    assert!(page.contains(words), "{words}: {page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_provider_vouches_for_comes_in_with_the_role_that_an_administrator_gave() {
    let (given, provider) = given_provider(SECRET).await;
    let led = given.led(&provider, "/c/demo/mapping").await;
    // When the provider sends the browser back
    let response = given.back(&led).await;
    // Then there is a session of that user, on the page that was asked for
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers().get(header::LOCATION).unwrap(), "/c/demo/mapping");
    let session = cookie_of(&response);
    assert_ne!(session, led.cookie);
    let user = sign::who(&given.site.store, &session, given.site.wall.as_ref()).unwrap().unwrap();
    assert_eq!((user.name.as_str(), user.role), ("Ada@northgate.test", Role::Controller));
    // And the same answer is good once, in that browser, and what the browser held before is no session
    refused(given.back(&led).await, "no sign-in that began in this browser").await;
    assert!(sign::who(&given.site.store, &led.cookie, given.site.wall.as_ref()).unwrap().is_none());
    // And an administrator adds others without a password
    let (status, to) =
        given.send(&given.session(Role::Admin), "/c/demo/users", "name=bo@northgate.test&role=controller").await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{to}");
    provider.lock().unwrap().change = json!({ "email": "bo@northgate.test" });
    assert_eq!(given.back(&given.led(&provider, "").await).await.status(), StatusCode::SEE_OTHER);
    // And nobody is led to another site afterwards
    let led = given.led(&provider, "https://elsewhere.test/").await;
    assert_eq!(given.back(&led).await.headers().get(header::LOCATION).unwrap(), "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_good_signs_nobody_in() {
    let (given, provider) = given_provider(SECRET).await;
    let hour_ago = chrono::Utc::now().timestamp() - 3600;
    for (change, words) in [
        (json!({ "nonce": "of another" }), "it belongs to another sign-in"),
        (json!({ "aud": "another program" }), "InvalidAudience"),
        (json!({ "azp": "another program" }), "it was made for another program"),
        (json!({ "iss": "https://elsewhere.test" }), "InvalidIssuer"),
        (json!({ "exp": hour_ago }), "it has expired"),
        (json!({ "iat": hour_ago + 7200 }), "it is from the future"),
        (json!({ "email": null }), "the account has no email"),
        (json!({ "email_verified": false }), "is not verified by the provider"),
        (json!({ "email": "stranger@northgate.test" }), "stranger@northgate.test may not sign in here"),
    ] {
        let led = given.led(&provider, "").await;
        provider.lock().unwrap().change = change;
        refused(given.back(&led).await, words).await;
    }
    let led = given.led(&provider, "").await;
    {
        let mut provider = provider.lock().unwrap();
        provider.change = json!({});
        provider.is_forged = true;
    }
    refused(given.back(&led).await, "InvalidSignature").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_nobody_of_another_browser_and_of_a_code_that_was_used_are_refused() {
    let (given, provider) = given_provider(SECRET).await;
    let led = given.led(&provider, "").await;
    let mut stolen = Led { cookie: "another browser".to_owned(), state: led.state.clone(), code: led.code.clone() };
    refused(given.back(&stolen).await, "no sign-in that began in this browser").await;
    // A code that somebody else obtained fails on the proof that only its own browser has
    let theirs = given.led(&provider, "").await;
    stolen = Led { cookie: theirs.cookie, state: theirs.state, code: led.code.clone() };
    refused(given.back(&stolen).await, "invalid_grant").await;
    // The provider says no
    let led = given.led(&provider, "").await;
    let path = format!("/sign-in/provider/back?error=access_denied&state={}", led.state);
    refused(given.ask(request(Verb::Get, &path, Some(&led.cookie), None)).await, "access_denied").await;
    // A user who was shut out
    given.site.store.set_disabled("ada@northgate.test", true).unwrap();
    let led = given.led(&provider, "").await;
    refused(given.back(&led).await, "may not sign in here").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_and_a_provider_that_is_another_are_told_in_words() {
    let (given, provider) = given_provider("a wrong one").await;
    let led = given.led(&provider, "").await;
    refused(given.back(&led).await, "invalid_client").await;
    let issuer = std::mem::replace(&mut provider.lock().unwrap().issuer, "https://elsewhere.test".to_owned());
    let response = given.ask(request(Verb::Get, "/sign-in/provider", None, None)).await;
    refused(response, "it calls itself https://elsewhere.test").await;
    provider.lock().unwrap().issuer = issuer;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_provider_there_is_no_such_way_and_without_an_answer_it_is_said() {
    let plain = given();
    assert!(!plain.see("", "/sign-in").await.contains("Sign in with"));
    let response = plain.ask(request(Verb::Get, "/sign-in/provider", None, None)).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    // Nobody listens on that port
    let dead = given_with(|settings| {
        settings.sign_in = Some(OidcSettings {
            issuer: "http://127.0.0.1:1".to_owned(),
            client_id: CLIENT.to_owned(),
            client_secret: String::new(),
            claim: "email".to_owned(),
        });
    });
    let response = dead.ask(request(Verb::Get, "/sign-in/provider", None, None)).await;
    refused(response, "cannot be asked").await;
}
