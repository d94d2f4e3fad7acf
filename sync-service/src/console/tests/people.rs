//! What people do at the same time, twice, too late, or with bad intent; and who they are.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use sync_core::dead_letter::{Cause, DeadLetter};
use sync_core::rulings::{Clerk, digest as digest_of};
use sync_sandboxes::json::Json;

use super::*;

impl Given {
    /// Everything is loaded, and people have worked in both companies, which leaves exceptions.
    async fn sync(&self) {
        let site = &self.site;
        for round in 0..=self.stage.rounds() {
            if round > 0 {
                self.stage.play(round).unwrap();
            }
            crate::sync::work(&site.engine, site.journal.as_ref(), &site.settings.id()).await.unwrap();
        }
    }

    async fn letters(&self) -> Vec<DeadLetter> {
        let (id, now) = (self.site.settings.id(), self.site.clock.now());
        Clerk { journal: self.site.journal.as_ref(), connection: &id, now }.letters().await.unwrap()
    }

    /// The demo book has vendors whose names belong to somebody else in QuickBooks.
    async fn letter(&self) -> DeadLetter {
        self.letters().await.into_iter().find(|letter| letter.cause == Cause::NameTaken).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_settle_the_same_exception_at_once_and_one_of_them_is_told_so() {
    // Given two controllers who look at the same exception
    let given = given();
    given.sync().await;
    sign::add(&given.site.store, "Bea", Role::Controller, PASSWORD, given.site.wall.as_ref()).unwrap();
    let ada = given.session(Role::Controller);
    let bea = sign::begin(&given.site.store, "Bea", given.site.wall.as_ref()).unwrap();
    let letter = given.letter().await;
    let page = format!("/c/demo/exceptions/{}", letter.document);
    let form = format!("seen={}&choice=ignore&reason=billed+by+hand", digest_of(&letter));
    // When both settle it at once
    let outcomes = tokio::join!(given.send(&ada, &page, &form), given.send(&bea, &page, &form));
    // Then it is settled once, and the other is told by whom
    let (settled, refused) = match (outcomes.0.0, outcomes.1.0) {
        (StatusCode::SEE_OTHER, _) => (outcomes.0, outcomes.1),
        _ => (outcomes.1, outcomes.0),
    };
    assert_eq!((settled.0, refused.0), (StatusCode::SEE_OTHER, StatusCode::CONFLICT), "{}", refused.1);
    assert!(refused.1.contains("waits no longer, and nothing was done") && refused.1.contains("settled it on"));
    let deeds = given.site.store.deeds("demo", Some(&letter.document.to_string()), 10).unwrap();
    assert_eq!(deeds.len(), 1, "{deeds:?}");
    // And the same form, sent once more, does nothing either
    assert_eq!(given.send(&ada, &page, &form).await.0, StatusCode::CONFLICT);
    assert_eq!(given.site.store.deeds("demo", Some(&letter.document.to_string()), 10).unwrap(), deeds);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_shows_what_is_so_no_longer_is_refused_and_says_what_is_so_now() {
    let given = given();
    given.sync().await;
    let controller = given.session(Role::Controller);
    // Given an exception that has changed since its page was shown
    let letter = given.letter().await;
    let earlier = DeadLetter { text: "the name belongs to a customer of last week".to_owned(), ..letter.clone() };
    // When it is settled as it was then, by itself or among others
    let form = format!("seen={}&choice=ignore&reason=seen", digest_of(&earlier));
    let (status, page) = given.send(&controller, &format!("/c/demo/exceptions/{}", letter.document), &form).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("has changed since the page was shown") && page.contains(&letter.label), "{page}");
    let form = format!("document={}+{}&choice=ignore&reason=seen", digest_of(&earlier), letter.document);
    assert_eq!(given.send(&controller, "/c/demo/exceptions", &form).await.0, StatusCode::CONFLICT);
    // Then it still waits
    assert_eq!(given.letter().await, letter);
    // And a mapping that was edited on top of another version is not saved
    let form = "base=an-earlier-version&first=0&last=0&cell+0+0=Acme&cell+0+1=Acme";
    let (status, page) = given.send(&controller, "/c/demo/mapping/vendors.csv", form).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("Somebody changed the mapping since the page was shown"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn markup_and_formulas_in_the_names_of_vendors_stay_text() {
    // Given a vendor whose name in Procore is a script, and another whose name is a formula
    let given = given();
    // (Procore's texts may be marked up, and are read without it)
    let names = ["&lt;script&gt;alert(1)&lt;/script&gt; &amp; Sons", "=HYPERLINK(1) Supply"];
    {
        let mut procore = given.stage.procore.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |contract: &Json| contract.get("vendor").and_then(|vendor| vendor.get("id")).unwrap().to_string();
        let ids: BTreeSet<String> = procore.all("work_order_contracts").map(of).collect();
        for (id, name) in ids.iter().zip(names) {
            let now = given.site.clock.now();
            procore
                .person_edits(now, "vendors", id, |vendor| {
                    ["name", "company"].into_iter().for_each(|key| vendor.set(key, name))
                })
                .unwrap();
        }
    }
    given.sync().await;
    let session = given.session(Role::Controller);
    // and a reason that is a script
    let letter = given.letters().await.remove(0);
    let form = format!("seen={}&choice=ignore&reason=%3Cscript%3Ealert(2)%3C%2Fscript%3E", digest_of(&letter));
    let page = format!("/c/demo/exceptions/{}", letter.document);
    assert_eq!(given.send(&session, &page, &form).await.0, StatusCode::SEE_OTHER);
    // When every page is looked at
    let of_menu = ["/", "/exceptions", "/approvals", "/activity", "/retainage", "/retainage?by=vendor", "/wip"];
    let mut shown = String::new();
    for path in of_menu.map(|page| format!("/c/demo{page}")).iter().chain([&page]) {
        let page = given.see(&session, path).await;
        assert!(!page.contains("<script>"), "{path}");
        shown += &page;
    }
    // Then the names and the reason are text, and run nowhere
    for text in ["&lt;script&gt;alert(1)&lt;/script&gt; &amp; Sons", "&lt;script&gt;alert(2)&lt;/script&gt;"] {
        assert!(shown.contains(text), "no page shows {text}");
    }
    // And no cell of a file begins with a formula
    let file = given.see(&session, "/c/demo/retainage/retainage.csv?by=vendor").await;
    assert!(file.contains("\"'=HYPERLINK(1) Supply\""), "{file}");
    for line in file.lines() {
        assert!(!line.split(',').any(|cell| cell.trim_start_matches('"').starts_with('=')), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_adds_shuts_out_and_removes_users_in_the_page() {
    let given = given();
    let admin = given.session(Role::Admin);
    let store = &given.site.store;
    let enters = |password: &str| sign::sign_in(store, "cy odell", password, given.site.wall.as_ref()).unwrap();
    // Given a user whom the administrator adds
    let form = "name=Cy+Odell&role=project-manager&password=four+unrelated+words";
    let (status, to) = given.send(&admin, "/c/demo/users", form).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{to}");
    let (status, page) = given.send(&admin, "/c/demo/users", form).await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && page.contains("there is a user Cy Odell already"), "{page}");
    let (status, page) = given.send(&admin, "/c/demo/users", "name=Di&role=admin&password=short").await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && page.contains("12 characters"), "{page}");
    let sign::SignIn::Welcome { secret: cy, .. } = enters("four unrelated words") else { panic!("not signed in") };
    // who may not settle anything, until the role is another
    let settles = "/c/demo/reconciliation/run";
    assert_eq!(given.send(&cy, settles, "").await.0, StatusCode::FORBIDDEN);
    let user = "/c/demo/users/Cy%20Odell";
    assert_eq!(given.send(&admin, user, "what=role&role=controller").await.0, StatusCode::SEE_OTHER);
    assert_ne!(given.send(&cy, settles, "").await.0, StatusCode::FORBIDDEN);
    // When the user is shut out, then the session ends and the password counts no longer, until they are let in again
    assert_eq!(given.send(&admin, user, "what=disable").await.0, StatusCode::SEE_OTHER);
    assert_eq!(given.send(&cy, settles, "").await.0, StatusCode::FOUND);
    assert!(matches!(enters("four unrelated words"), sign::SignIn::Wrong));
    assert!(given.see(&admin, "/c/demo/users").await.contains("shut out"));
    assert_eq!(given.send(&admin, user, "what=enable").await.0, StatusCode::SEE_OTHER);
    assert_eq!(given.send(&admin, user, "what=password&password=four+other+good+words").await.0, StatusCode::SEE_OTHER);
    assert!(matches!(enters("four unrelated words"), sign::SignIn::Wrong));
    assert!(matches!(enters("four other good words"), sign::SignIn::Welcome { .. }));
    // When the administrator would shut out or demote themselves, it is refused
    for what in ["what=disable", "what=remove", "what=role&role=controller"] {
        let (status, page) = given.send(&admin, "/c/demo/users/ADMIN", what).await;
        assert!(status == StatusCode::FORBIDDEN && page.contains("Nothing was done"), "{what}: {page}");
    }
    // When the user is removed, then what was done about them is still told, without a password in it
    assert_eq!(given.send(&admin, user, "what=remove").await.0, StatusCode::SEE_OTHER);
    assert_eq!(given.send(&admin, user, "what=remove").await.0, StatusCode::NOT_FOUND);
    let activity = given.see(&admin, "/c/demo/activity").await;
    for part in ["added a user", "gave another role", "shut a user out", "removed a user"] {
        assert!(activity.contains(part), "{part}: {activity}");
    }
    assert!(!activity.contains("four other good words") && !activity.contains("argon2"));
    // And only administrators find the page
    let controller = given.session(Role::Controller);
    assert!(!given.see(&controller, "/c/demo/activity").await.contains("/c/demo/users"));
}
