//! Connecting in the browser, and the file for the Web Connector.

use axum::http::{StatusCode, header};
use sync_core::http::TokenStore;

use super::*;
use crate::connect::{PROCORE_TOKENS, QUICKBOOKS_TOKENS};
use crate::desktop::DesktopSettings;

fn given_to_connect() -> Given {
    given_with(|settings| {
        settings.procore.redirect_uri = "https://localhost/connected/procore".to_owned();
        settings.quickbooks.redirect_uri = "https://localhost/connected/quickbooks".to_owned();
    })
}

impl Given {
    async fn access_token(&self, name: &str) -> Option<String> {
        let stored = self.site.settings.token_store().unwrap().load(name).await.unwrap();
        stored.map(|tokens| tokens.access.expose().to_owned())
    }

    /// Presses "Connect", and reads the state in the address that it leads to.
    async fn begin(&self, session: &str, side: &str) -> String {
        let page = self.see(session, "/c/demo/connections").await;
        assert!(page.contains(&format!("/c/demo/connections/connect/{side}")), "{page}");
        let (status, page) = self.send(session, &format!("/c/demo/connections/connect/{side}"), "").await;
        assert_eq!(status, StatusCode::OK, "{page}");
        let rest = page.split("state=").nth(1).unwrap();
        rest.split(['&', '"']).next().unwrap().to_owned()
    }

    async fn returns(&self, session: &str, path: &str) -> (StatusCode, String) {
        let response = self.ask(request(Verb::Get, path, Some(session), None)).await;
        let to = response.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        (response.status(), to.unwrap_or_default() + &text(response).await)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_connects_quickbooks_in_the_browser_that_began_it_and_once() {
    // Given an administrator who has pressed "Connect to QuickBooks" and allowed the access
    let given = given_to_connect();
    let (ada, mallory) = (given.session(Role::Admin), given.session(Role::Admin));
    let before = given.access_token(QUICKBOOKS_TOKENS).await;
    let state = given.begin(&ada, "quickbooks").await;
    let realm = given.site.settings.quickbooks.realm.clone();
    let consent = || {
        let mut quickbooks = given.stage.quickbooks.lock().unwrap_or_else(PoisonError::into_inner);
        quickbooks.consent(given.site.clock.now())
    };
    let back = |side: &str, code: &str, state: &str, realm: &str| {
        format!("/connected/{side}?code={code}&state={state}&realmId={realm}")
    };
    let code = consent();
    // When the answer comes with another state, in another browser, or at the other side's address, nothing is done
    for (session, path) in [
        (&ada, back("quickbooks", &code, "guess", &realm)),
        (&mallory, back("quickbooks", &code, &state, &realm)),
        (&ada, format!("/connected/quickbooks?code={code}")),
    ] {
        let (status, page) = given.returns(session, &path).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}: {page}");
        assert!(page.contains("Nothing was done"), "{page}");
    }
    assert_eq!(given.access_token(QUICKBOOKS_TOKENS).await, before);
    // When it comes as it should, the tokens are kept, and it is told who did it
    let (status, to) = given.returns(&ada, &back("quickbooks", &code, &state, &realm)).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{to}");
    let after = given.access_token(QUICKBOOKS_TOKENS).await;
    assert!(after.is_some() && after != before);
    let page = given.see(&ada, to.as_str()).await;
    assert!(page.contains("Connected to QuickBooks.") && page.contains("consent until"), "{page}");
    assert!(given.see(&ada, "/c/demo/activity").await.contains("the consent was given in the browser"));
    // When the same answer comes again, it is refused
    assert_eq!(given.returns(&ada, &back("quickbooks", &code, &state, &realm)).await.0, StatusCode::FORBIDDEN);
    // And a consent for another company is refused in words, with the tokens as they were
    let state = given.begin(&ada, "quickbooks").await;
    let (status, page) = given.returns(&ada, &back("quickbooks", &consent(), &state, "4000")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("the consent is for the company 4000"), "{page}");
    assert_eq!(given.access_token(QUICKBOOKS_TOKENS).await, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_connects_procore_and_is_told_when_access_was_not_allowed() {
    let given = given_to_connect();
    let ada = given.session(Role::Admin);
    let before = given.access_token(PROCORE_TOKENS).await;
    let state = given.begin(&ada, "procore").await;
    let (status, page) = given.returns(&ada, &format!("/connected/procore?error=access_denied&state={state}")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("access was not allowed"), "{page}");
    let state = given.begin(&ada, "procore").await;
    let code = {
        let mut procore = given.stage.procore.lock().unwrap_or_else(PoisonError::into_inner);
        procore.authorization_code(given.site.clock.now())
    };
    let (status, to) = given.returns(&ada, &format!("/connected/procore?code={code}&state={state}")).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{to}");
    assert_ne!(given.access_token(PROCORE_TOKENS).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_redirect_address_leads_elsewhere_the_page_says_what_to_do() {
    let given = given();
    let ada = given.session(Role::Admin);
    let page = given.see(&ada, "/c/demo/connections").await;
    assert!(page.contains("https://localhost/connected/quickbooks") && page.contains("auth quickbooks"), "{page}");
    let (status, _) = given.send(&ada, "/c/demo/connections/connect/quickbooks", "").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let controller = given.see(&given.session(Role::Controller), "/c/demo/connections").await;
    assert!(!controller.contains("<code>redirect_uri") && !controller.contains("Make or repair"), "{controller}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_for_the_web_connector_is_downloaded_and_holds_no_password() {
    let digest = "a digest that is nobody's";
    let given = given_with(|settings| {
        settings.desktop = Some(DesktopSettings {
            user: "sync".to_owned(),
            password: digest.to_owned(),
            owner_id: "{57F3B9B1-86F1-4fcc-B1EE-566DE1813D20}".to_owned(),
            file_id: "{90A44FB5-33D9-4815-AC85-BC87A7E7D1EB}".to_owned(),
            path: String::new(),
            patience_ms: 0,
            lease_s: 900,
            odbc: None,
        });
    });
    let ada = given.session(Role::Admin);
    assert!(given.see(&ada, "/c/demo/connections").await.contains("/c/demo/connections/sync.qwc"));
    let response = given.ask(request(Verb::Get, "/c/demo/connections/sync.qwc", Some(&ada), None)).await;
    assert_eq!(response.headers()[header::CONTENT_DISPOSITION], "attachment; filename=\"sync.qwc\"");
    let file = text(response).await;
    assert!(file.contains("<AppURL>https://localhost/qbwc</AppURL>") && !file.contains(digest), "{file}");
    // With QuickBooks Online there is none.
    let online = super::given();
    let ada = online.session(Role::Admin);
    let none = online.ask(request(Verb::Get, "/c/demo/connections/sync.qwc", Some(&ada), None)).await;
    assert_eq!(none.status(), StatusCode::NOT_FOUND);
}
