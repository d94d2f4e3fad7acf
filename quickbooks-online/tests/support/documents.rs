//! Documents of a small contractor.

use sync_core::connector::{Marker, Operation, Write};
use sync_core::model::accounting::{
    AccountingDocument, Coding, Customer, ExpenseDocument, ExpenseLine, JournalEntry, JournalLine, LineLink, PostTo,
    SalesDocument, SalesLine, Vendor,
};
use sync_core::model::construction::Address;
use sync_core::model::{Currency, DocumentKey, DocumentKind, LineKey, Money, TargetRef};

pub fn usd(text: &str) -> Money {
    Money::new(text.parse().unwrap(), Currency::USD).unwrap()
}

pub fn marker(kind: DocumentKind, id: &str) -> Marker {
    Marker { connection: "main".into(), document: DocumentKey::new(kind, id), generation: 0 }
}

pub fn item(key: &str, item: &str, amount: &str) -> ExpenseLine {
    line(key, PostTo::Item(item.into()), amount)
}

pub fn account(key: &str, account: &str, amount: &str) -> ExpenseLine {
    line(key, PostTo::Account(account.into()), amount)
}

fn line(key: &str, post_to: PostTo, amount: &str) -> ExpenseLine {
    ExpenseLine {
        key: LineKey::source(key),
        id: None,
        description: format!("Line {key}"),
        amount: usd(amount),
        coding: Coding { post_to, class: None, customer: None },
        link: None,
    }
}

pub fn linked(mut line: ExpenseLine, order: &str, order_line: &str) -> ExpenseLine {
    line.link = Some(LineLink { purchase_order: order.into(), line: order_line.into() });
    line
}

pub fn for_job(mut line: ExpenseLine, customer: &str, class: Option<&str>) -> ExpenseLine {
    line.coding.customer = Some(customer.into());
    line.coding.class = class.map(Into::into);
    line
}

pub fn expense(vendor: &str, number: &str, date: &str, lines: Vec<ExpenseLine>) -> ExpenseDocument {
    ExpenseDocument {
        payee: vendor.into(),
        number: Some(number.to_owned()),
        date: date.parse().unwrap(),
        terms: None,
        payable: Some("33".into()),
        memo: "Pay app 1".to_owned(),
        lines,
        currency: Currency::USD,
        extra: Default::default(),
    }
}

pub fn sold(key: &str, item: &str, amount: &str, class: Option<&str>) -> SalesLine {
    SalesLine {
        key: LineKey::source(key),
        id: None,
        description: format!("Line {key}"),
        amount: usd(amount),
        item: item.into(),
        class: class.map(Into::into),
    }
}

pub fn sale(customer: &str, number: &str, date: &str, lines: Vec<SalesLine>) -> SalesDocument {
    SalesDocument {
        customer: customer.into(),
        number: Some(number.to_owned()),
        date: date.parse().unwrap(),
        terms: None,
        memo: "Application 4".to_owned(),
        lines,
        currency: Currency::USD,
        extra: Default::default(),
    }
}

pub fn side(account: &str, amount: &str, customer: Option<&str>) -> JournalLine {
    JournalLine {
        account: account.into(),
        amount: usd(amount),
        description: String::new(),
        class: None,
        customer: customer.map(Into::into),
    }
}

pub fn entry(number: &str, date: &str, lines: Vec<JournalLine>) -> AccountingDocument {
    let entry = JournalEntry::new(Some(number.to_owned()), date.parse().unwrap(), "Reclass".to_owned(), lines);
    AccountingDocument::JournalEntry(entry.unwrap())
}

pub fn job(name: &str, parent: &str) -> AccountingDocument {
    AccountingDocument::Customer(Customer {
        name: name.to_owned(),
        parent: Some(parent.into()),
        address: Some(Address {
            street: Some("18 Pier Rd".into()),
            city: Some("Oakland".into()),
            state: Some("CA".into()),
            postal_code: Some("94607".into()),
            country: None,
        }),
        active: true,
    })
}

pub fn vendor(name: &str) -> AccountingDocument {
    AccountingDocument::Vendor(Vendor {
        name: name.to_owned(),
        address: None,
        phone: Some("(510) 555-0142".into()),
        email: Some("ap@delta.example.com".into()),
        active: true,
    })
}

pub fn create(kind: DocumentKind, id: &str, document: AccountingDocument) -> Write {
    Write { key: format!("key-{kind}-{id}"), marker: marker(kind, id), operation: Operation::Create(document) }
}

pub fn update(id: &str, target: &TargetRef, version: &str, document: AccountingDocument) -> Write {
    Write {
        key: format!("update-{id}-{version}"),
        marker: marker(DocumentKind::PayApp, id),
        operation: Operation::Update { target: target.clone(), version: version.to_owned(), document },
    }
}

pub fn void(id: &str, target: &TargetRef, version: &str) -> Write {
    Write {
        key: format!("void-{id}-{version}"),
        marker: marker(DocumentKind::PayApp, id),
        operation: Operation::Void { target: target.clone(), version: version.to_owned() },
    }
}
