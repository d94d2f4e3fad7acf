//! Who may sign in, for administrators: add, give another role or password, shut out, let in again, remove.

use maud::{Markup, html};

use crate::console::call::{Answer, Answered, Call, Problem};
use crate::console::form::segment;
use crate::console::page::{csrf, notice};
use crate::console::sign::{self, SHORTEST};
use crate::console::store::{Role, User};

const ROLES: [(Role, &str); 3] = [
    (Role::ProjectManager, "sees everything, changes nothing"),
    (Role::Controller, "settles exceptions, approves, edits the mapping"),
    (Role::Admin, "also connects the companies and makes users"),
];

pub(crate) async fn show(call: Call) -> Answered {
    let site = &call.site;
    let users = site.store.users()?;
    let body = html! {
        (notice("good", call.asked("done")))
        div.wide tabindex="0" role="region" aria-label="Users" { table {
            thead { tr { th scope="col" { "Name" } th scope="col" { "Role" } th scope="col" { "Password" } th scope="col" { "Access" } } }
            tbody { @for user in &users { (row(&call, user)) } }
        } }
        p.muted { "Nobody changes their own role or access, so that one administrator is always left. What a user did stays in the audit when the user is removed." }
        h2 { "Add a user" }
        form.narrow method="post" action=(site.path("/users")) {
            (csrf(&call.csrf))
            label for="name" { "Name" }
            input #name name="name" required maxlength="60" autocomplete="off";
            label for="role" { "Role" }
            (roles(Role::ProjectManager, Some("role")))
            ul.muted { @for (role, what) in ROLES { li { (role.title()) ": " (what) } } }
            @let provider = site.settings.sign_in.as_ref();
            label for="password" {
                "First password, " (SHORTEST) " characters or more"
                @if let Some(provider) = provider { "; empty for somebody who signs in with the provider, whose name is the " (provider.claim) " there" }
            }
            input #password name="password" type="password" required[provider.is_none()] minlength=(SHORTEST) autocomplete="new-password";
            button.main { "Add" }
        }
    };
    Ok(Answer::page("Users", body))
}

fn roles(now: Role, id: Option<&str>) -> Markup {
    html! { select id=[id] name="role" aria-label=[id.is_none().then_some("Role")] { @for (role, what) in ROLES {
        option value=(role) selected[role == now] title=(what) { (role.title()) }
    } } }
}

fn row(call: &Call, user: &User) -> Markup {
    let to = call.site.path(&format!("/users/{}", segment(&user.name)));
    let is_self = is_self(call, &user.name);
    let form = |inner: Markup| html! { form.inline method="post" action=(to) { (csrf(&call.csrf)) (inner) } };
    html! { tr {
        th scope="row" { (user.name) @if is_self { span.muted { " (you)" } } }
        td { @if is_self { (user.role.title()) } @else { (form(html! { (roles(user.role, None)) " " button name="what" value="role" { "Change" } })) } }
        td { (form(html! {
            input type="password" name="password" required minlength=(SHORTEST) autocomplete="new-password" aria-label=(format!("New password of {}", user.name));
            " " button name="what" value="password" { "Set" }
        })) }
        td { @if is_self { "may sign in" } @else { (form(html! {
            @if user.disabled { strong { "shut out" } " " button name="what" value="enable" { "Let in again" } }
            @else { "may sign in " button name="what" value="disable" { "Shut out" } }
            " " button name="what" value="remove" { "Remove" }
        })) } }
    } }
}

fn is_self(call: &Call, name: &str) -> bool {
    call.who().to_lowercase() == name.to_lowercase()
}

fn role_of(call: &Call) -> Result<Role, Problem> {
    call.field("role").parse().map_err(|_| Problem::Bad("That is no role; load the page again.".to_owned()))
}

pub(crate) async fn add(call: Call) -> Answered {
    let (name, role) = (call.field("name").trim().to_owned(), role_of(&call)?);
    let (store, wall) = (call.site.store.clone(), call.site.wall.clone());
    let password = match call.field("password") {
        // A password that nobody knows lets nobody in.
        "" if call.site.settings.sign_in.is_some() => sign::secret()?,
        given => given.to_owned(),
    };
    let by_name = name.clone();
    // Hashing is slow on purpose.
    let added =
        tokio::task::spawn_blocking(move || sign::add(&store, &by_name, role, &password, wall.as_ref())).await?;
    added.map_err(|error| Problem::Bad(error.to_string()))?;
    call.note(&about(&name), "added a user", "", role.title())?;
    done(&call, &format!("{name} may sign in as {}.", role.title()))
}

pub(crate) async fn change(call: Call) -> Answered {
    let (store, name) = (call.site.store.clone(), call.param("name").to_owned());
    let Some((user, _)) = store.user(&name)? else {
        return Err(Problem::NotThere(format!("There is no user {name}: somebody may have removed them meanwhile.")));
    };
    let name = user.name;
    let what = call.field("what");
    if is_self(&call, &name) && what != "password" {
        let text = "Nobody changes their own role or access; another administrator can. Nothing was done.";
        return Err(Problem::Forbidden(text.to_owned()));
    }
    let access = |disabled: bool| if disabled { "shut out" } else { "may sign in" };
    let (deed, before, after) = match what {
        "role" => {
            let role = role_of(&call)?;
            store.set_role(&name, role)?;
            ("gave another role", user.role.title(), role.title())
        }
        "password" => {
            let (password, of) = (call.field("password").to_owned(), name.clone());
            let changed = tokio::task::spawn_blocking(move || sign::change(&store, &of, &password)).await?;
            changed.map_err(|error| Problem::Bad(error.to_string()))?;
            ("gave another password", "", "every session of the user has ended")
        }
        "disable" | "enable" => {
            let disabled = what == "disable";
            store.set_disabled(&name, disabled)?;
            let deed = if disabled { "shut a user out" } else { "let a user in again" };
            (deed, access(user.disabled), access(disabled))
        }
        "remove" => {
            store.remove_user(&name)?;
            ("removed a user", user.role.title(), "")
        }
        other => return Err(Problem::Bad(format!("`{other}` is nothing that can be done with a user."))),
    };
    call.note(&about(&name), deed, before, after)?;
    done(&call, &format!("{name}: {}.", if after.is_empty() { "removed" } else { after }))
}

fn about(name: &str) -> String {
    format!("user {name}")
}

fn done(call: &Call, text: &str) -> Answered {
    Ok(Answer::Go(call.site.path(&format!("/users?done={}", segment(text)))))
}
