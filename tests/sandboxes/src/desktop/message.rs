//! Message sets: shape first, then the kept outcomes, then one request after the other.

use chrono::{DateTime, Utc};

use super::file::{CompanyFile, Hresult, Kept};
use super::schema::{self, Misfit};
use super::xml::Node;

/// Status and text of a refused request.
pub(super) type Refused = (u32, String);

/// What a request came to.
pub(super) struct Worked {
    pub(super) records: Vec<Node>,
    pub(super) attributes: Vec<(&'static str, String)>,
    pub(super) warning: Option<Refused>,
}

impl Worked {
    pub(super) fn records(records: Vec<Node>) -> Self {
        Self { records, attributes: Vec::new(), warning: None }
    }
}

const PARSE: Hresult = Hresult(0x8004_0400);
const VERSION: Hresult = Hresult(0x8004_0423);

impl CompanyFile {
    /// Works a message set and answers.
    ///
    /// # Errors
    /// [`Hresult`] if the set cannot be read: a wrong order, an unknown element, an unknown version. Nothing is worked.
    pub fn process(&mut self, now: DateTime<Utc>, text: &str) -> Result<String, Hresult> {
        self.worked += 1;
        self.seen.push(text.to_owned());
        let version = text.split_once("<?qbxml version=\"").and_then(|(_, rest)| rest.split_once('"')).map(|(v, _)| v);
        let major = version.and_then(|v| v.split('.').next()?.parse::<u32>().ok()).ok_or(PARSE)?;
        if major > 16 {
            return Err(VERSION);
        }
        // Characters outside Latin-1 cannot be parsed; as references they are taken and stored as question marks.
        if text.chars().any(|character| u32::from(character) > 255) {
            return Err(PARSE);
        }
        let mut root = Node::read(text).map_err(|_| PARSE)?;
        question_marks(&mut root);
        let [set] = root.children.as_slice() else { return Err(PARSE) };
        if root.name != "QBXML" || set.name != "QBXMLMsgsRq" {
            return Err(PARSE);
        }
        let stop = match set.attribute("onError") {
            Some("stopOnError") => true,
            Some("continueOnError") => false,
            _ => return Err(PARSE),
        };
        let mut checked = Vec::new();
        for request in &set.children {
            match shape(request) {
                Ok(()) => checked.push((request, None)),
                Err(Misfit::Status(code, text)) => checked.push((request, Some((code, text)))),
                Err(Misfit::Shape(_)) => return Err(PARSE),
            }
        }
        let (new, old) = (set.attribute("newMessageSetID"), set.attribute("oldMessageSetID"));
        if new.into_iter().chain(old).any(|id| id.len() > 24) {
            return Ok(answer(new, Some(9004), Vec::new()));
        }
        if let (Some(id), true) = (new, new == old && set.children.is_empty()) {
            return Ok(match self.kept.get(id) {
                Some(kept) => answer(new, Some(0), kept.answer.clone()),
                None => answer(new, Some(9002), Vec::new()),
            });
        }
        if let Some(kept) = new.and_then(|id| self.kept.get(id)) {
            let same = kept.request == text;
            return Ok(answer(
                new,
                Some(if same { 0 } else { 9001 }),
                if same { kept.answer.clone() } else { Vec::new() },
            ));
        }
        if let Some(old) = old {
            let known = self.kept.remove(old).is_some();
            if !known && new.is_none() {
                return Ok(answer(None, Some(600), Vec::new()));
            }
        }
        let mut responses = Vec::new();
        let mut failed = false;
        for (request, misfit) in checked {
            let result = match misfit {
                _ if failed && stop => Err((3231, "The request has not been processed.".to_owned())),
                Some(refused) => Err(refused),
                None => self.work(now, request),
            };
            failed |= result.is_err();
            responses.push(response(request, result));
        }
        if let Some(id) = new {
            self.kept.insert(id.to_owned(), Kept { request: text.to_owned(), answer: responses.clone() });
        }
        Ok(answer(new, None, responses))
    }

    fn work(&mut self, now: DateTime<Utc>, request: &Node) -> Result<Worked, Refused> {
        let id = request.attribute("requestID").unwrap_or_default();
        if id.chars().count() > 50 {
            return Err((1060, "The request ID is invalid.".to_owned()));
        }
        let name = request.name.trim_end_matches("Rq");
        let body = request.children.first();
        match name {
            "HostQuery" => Ok(Worked::records(vec![self.host()])),
            "CompanyQuery" => {
                let owners: Vec<&str> = request.all("OwnerID").map(|owner| owner.text.as_str()).collect();
                Ok(Worked::records(vec![self.company(&owners)]))
            }
            "PreferencesQuery" => Ok(Worked::records(vec![self.preferences()])),
            "TxnDeletedQuery" | "ListDeletedQuery" => self.deleted_query(now, request),
            "CustomDetailReportQuery" => self.report(request),
            "TxnDel" | "ListDel" => self.delete(now, request),
            "TxnVoid" => self.void(now, request),
            _ if name.ends_with("Query") => self.query(request),
            _ => match (name.strip_suffix("Add"), name.strip_suffix("Mod"), body) {
                (Some(kind), _, Some(body)) => self.add(now, kind, body),
                (_, Some(kind), Some(body)) => self.modify(now, kind, body),
                _ => Err((1030, "The request is not supported.".to_owned())),
            },
        }
    }
}

fn question_marks(node: &mut Node) {
    if node.text.chars().any(|character| u32::from(character) > 255) {
        node.text =
            node.text.chars().map(|character| if u32::from(character) > 255 { '?' } else { character }).collect();
    }
    node.children.iter_mut().for_each(question_marks);
}

/// Every request holds what the schema says, in its order.
fn shape(request: &Node) -> Result<(), Misfit> {
    const ATTRIBUTES: [&str; 4] = ["requestID", "iterator", "iteratorID", "metaData"];
    if request.attributes.iter().any(|(name, _)| !ATTRIBUTES.contains(&name.as_str())) {
        return Err(Misfit::Shape("an attribute".to_owned()));
    }
    if schema::knows(&request.name) {
        return schema::check(request, &request.name);
    }
    let Some(name) = request.name.strip_suffix("Rq") else { return Err(Misfit::Shape(request.name.clone())) };
    if let Some(kind) = name.strip_suffix("Query") {
        let shape = match kind {
            "Customer" | "Vendor" | "Entity" | "Item" => "ListQuery",
            "Account" if request.attribute("iterator").is_none() => "ListQuery",
            "Class" | "Terms" if request.attribute("iterator").is_none() => "BareListQuery",
            "PurchaseOrder" | "Bill" | "VendorCredit" | "Estimate" | "Invoice" | "CreditMemo" => "TxnQuery",
            "BillPaymentCheck" | "BillPaymentCreditCard" | "ReceivePayment" | "JournalEntry" => "BareTxnQuery",
            _ => return Err(Misfit::Shape(request.name.clone())),
        };
        // Keys, or filters, never both.
        let keys =
            ["ListID", "FullName", "TxnID", "RefNumber"].iter().filter(|key| request.child(key).is_some()).count();
        let filters =
            ["MaxReturned", "ActiveStatus", "FromModifiedDate", "ModifiedDateRangeFilter", "TxnDateRangeFilter"]
                .iter()
                .any(|filter| request.child(filter).is_some());
        let dates = request.child("ModifiedDateRangeFilter").is_some() && request.child("TxnDateRangeFilter").is_some();
        if keys > 1 || (keys == 1 && filters) || dates {
            return Err(Misfit::Shape("two ways of choosing".to_owned()));
        }
        return schema::check(request, shape);
    }
    match request.children.as_slice() {
        [body, rest @ ..] if body.name == name && rest.iter().all(|node| node.name == "IncludeRetElement") => {
            schema::check(body, name)
        }
        _ => Err(Misfit::Shape(request.name.clone())),
    }
}

fn response(request: &Node, result: Result<Worked, Refused>) -> Node {
    let mut node = Node::leaf(request.name.trim_end_matches("Rq").to_owned() + "Rs", "");
    let (code, severity, text, worked) = match result {
        Ok(worked) => match worked.warning.clone() {
            None => (0, "Info", "Status OK".to_owned(), Some(worked)),
            Some((code, text)) => (code, if code == 1 { "Info" } else { "Warn" }, text, Some(worked)),
        },
        Err((code, text)) => (code, "Error", text, None),
    };
    if let Some(id) = request.attribute("requestID") {
        node.attributes.push(("requestID".to_owned(), id.to_owned()));
    }
    for (name, value) in
        [("statusCode", code.to_string()), ("statusSeverity", severity.to_owned()), ("statusMessage", text)]
    {
        node.attributes.push((name.to_owned(), value));
    }
    if let Some(worked) = worked {
        node.attributes.extend(worked.attributes.into_iter().map(|(name, value)| (name.to_owned(), value)));
        node.children = worked.records;
    }
    node
}

fn answer(id: Option<&str>, status: Option<u32>, responses: Vec<Node>) -> String {
    let mut set = Node::parent("QBXMLMsgsRs", responses);
    set.attributes.extend(id.map(|id| ("newMessageSetID".to_owned(), id.to_owned())));
    set.attributes.extend(status.map(|status| ("messageSetStatusCode".to_owned(), status.to_string())));
    let mut text = "<?xml version=\"1.0\" ?>\n".to_owned();
    Node::parent("QBXML", vec![set]).write(&mut text);
    text
}
