//! A Web Connector that visits the service, over a wire that loses calls and answers; and QuickBooks, which is closed, busy
//! or has another file open.

use std::sync::Arc;
use std::time::Duration;

use quickbooks_desktop::web_connector::{Call, Reply};
use sync_sandboxes::desktop::{Came, CompanyFile, Hresult, Node, Session, Step, Visit, envelope, result};

use super::super::executor::Job;
use super::super::report::ALLOWED;
use super::super::truth;
use super::super::world::{World, lock};
use super::{Machine, PASSWORD, USER, of};

/// QuickBooks cannot be reached from the Web Connector: busy, or a dialogue is open.
const BUSY: Hresult = Hresult(0x8004_0408);

/// Visits, for ever.
pub(crate) fn visits(world: Arc<World>) -> Job {
    Box::pin(async move {
        let Some(machine) = of(&world) else { return };
        loop {
            let pause = 10 + world.state().dice.network.below(50);
            world.time.sleep(Duration::from_secs(pause)).await;
            match visit(&world, machine).await {
                Ok(Visit::None | Visit::Busy) => {}
                Ok(visit) => world.note("connector", None, &format!("{visit:?}")),
                Err(text) => world.note("connector", None, &text),
            }
            for file in [&machine.file, &machine.other] {
                lock(file).end_session();
            }
        }
    })
}

fn roll(world: &World, rate: u64) -> bool {
    rate > 0 && world.state().dice.network.below(1000) < rate
}

/// # Errors
/// The Web Connector or QuickBooks dies on the way.
async fn visit(world: &Arc<World>, machine: &Machine) -> Result<Visit, String> {
    let other = *lock(&machine.other_is_open);
    let file = if other { &machine.other } else { &machine.file };
    let (mut session, mut step) = Session::begin(USER, PASSWORD);
    loop {
        let came = match step {
            Step::Over(visit) => return Ok(visit),
            Step::Wait => {
                world.time.sleep(Duration::from_secs(5)).await;
                Came::Waited
            }
            Step::Call(method, parameters) => Came::Answer(call(world, machine, method, &parameters).await?),
            Step::Work(request) => {
                let pause = 50 + world.state().dice.network.below(1500);
                world.time.sleep(Duration::from_millis(pause)).await;
                let (lost, gone) = world.rates(|rates| (rates.lost_request, rates.lost_answer));
                if roll(world, lost) {
                    world.injected("message set lost before QuickBooks");
                    return Err("dies before QuickBooks has the message set".to_owned());
                }
                let busy = world.rates(|rates| rates.overloaded);
                if roll(world, busy) {
                    world.injected("QuickBooks out of reach");
                    Came::Worked(Err(BUSY))
                } else {
                    let answer = work(world, &mut lock(file), &request, other);
                    truth::books_hold(world);
                    if roll(world, gone) {
                        world.injected("answer lost after commit");
                        return Err("dies with the answer of QuickBooks".to_owned());
                    }
                    Came::Worked(answer)
                }
            }
        };
        let now = world.time.now();
        step = session.next(came, &lock(file), now)?;
    }
}

/// QuickBooks works a message set.
fn work(world: &World, file: &mut CompanyFile, request: &str, other: bool) -> Result<String, Hresult> {
    world.state().requests += 1;
    let writes =
        |request: &str| ["AddRq", "ModRq", "TxnDelRq", "TxnVoidRq", "ListDelRq"].iter().any(|w| request.contains(w));
    if writes(request) {
        if other {
            world.violated(ALLOWED, None, "a message set that writes was sent to another company's file");
        }
        let keys = marked(request).join(" ");
        world.note("quickbooks", (!keys.is_empty()).then_some(keys.as_str()), &format!("works {}", kinds(request)));
    }
    for word in ["ReceivePaymentAdd", "BillPaymentCheckAdd", "AccountAdd", "CheckAdd", "DepositAdd"] {
        if request.contains(word) {
            world.violated(ALLOWED, None, &format!("a message set holds {word}"));
        }
    }
    file.process(world.time.now(), request)
}

/// The documents that a message set names.
fn marked(request: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = request;
    while let Some(at) = rest.find("[sync:") {
        rest = rest.get(at..).unwrap_or_default();
        found.extend(truth::marked(rest));
        rest = rest.get(6..).unwrap_or_default();
    }
    found
}

/// What a message set does: `BillAdd 2, VendorMod 1`.
fn kinds(request: &str) -> String {
    let mut counts = std::collections::BTreeMap::<&str, u64>::new();
    for part in request.split('<').filter_map(|part| part.split([' ', '>']).next()) {
        if let Some(name) = part.strip_suffix("Rq").filter(|name| !name.starts_with('/')) {
            *counts.entry(name).or_default() += 1;
        }
    }
    counts.into_iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}

/// A call of the Web Connector to the service, there and back.
async fn call(
    world: &Arc<World>,
    machine: &Machine,
    method: &'static str,
    parameters: &[(&str, String)],
) -> Result<Node, String> {
    let (there, back) = {
        let dice = &mut world.state().dice.network;
        (5 + dice.below(95), 5 + dice.below(95))
    };
    world.time.sleep(Duration::from_millis(there)).await;
    let (lost, gone) = world.rates(|rates| (rates.refused_connection, rates.failed_after));
    if roll(world, lost) {
        world.injected("call of the Web Connector lost");
        return Err(format!("{method} does not reach the service"));
    }
    let Some(listening) = lock(&machine.service).clone() else {
        return Err(format!("{method}: nobody listens"));
    };
    let call = Call::read(&envelope(method, parameters)).map_err(|error| error.to_string())?;
    let now = listening.clock.now();
    let reply = lock(&listening.service).handle(&call, "10.0.0.9", now, false);
    let Reply::Now(answer) = reply else { return Err(format!("{method}: the service waits without being asked to")) };
    let text = answer.write(method);
    world.time.sleep(Duration::from_millis(back)).await;
    if roll(world, gone) {
        world.injected("answer to the Web Connector lost");
        return Err(format!("the answer to {method} is lost"));
    }
    result(method, &text)
}
