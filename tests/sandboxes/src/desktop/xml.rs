//! A small reader and writer of XML, of this crate's own: a document type and an entity of its own are refused.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

/// An element with its text or its children.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// Name, without a prefix.
    pub name: String,
    /// Attributes in their order.
    pub attributes: Vec<(String, String)>,
    /// Text.
    pub text: String,
    /// Children.
    pub children: Vec<Node>,
}

const MAX_DEPTH: usize = 32;

impl Node {
    /// An element with text.
    pub fn leaf(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), ..Self::default() }
    }

    /// An element with children.
    pub fn parent(name: impl Into<String>, children: Vec<Self>) -> Self {
        Self { name: name.into(), children, ..Self::default() }
    }

    /// The first child of that name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text at the end of a path of children; empty where there is none.
    pub fn at(&self, path: &[&str]) -> &str {
        let mut node = self;
        for name in path {
            let Some(child) = node.child(name) else { return "" };
            node = child;
        }
        &node.text
    }

    /// The children of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// An attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Reads a document.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut reader = Reader::from_str(text);
        let mut open: Vec<Self> = Vec::new();
        let mut root = None;
        loop {
            let event = reader.read_event().map_err(|error| error.to_string())?;
            let is_empty = matches!(event, Event::Empty(_));
            match event {
                Event::DocType(_) => return Err("a DOCTYPE".to_owned()),
                Event::Start(tag) | Event::Empty(tag) => {
                    if root.is_some() && open.is_empty() {
                        return Err("a second root".to_owned());
                    }
                    let mut node = Self { name: tag.local_name().as_ref().to_owned(), ..Self::default() };
                    for attribute in tag.attributes() {
                        let attribute = attribute.map_err(|error| error.to_string())?;
                        let value = attribute
                            .normalized_value(quick_xml::XmlVersion::Implicit1_0)
                            .map_err(|error| error.to_string())?;
                        node.attributes.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
                    }
                    if is_empty {
                        close(&mut open, &mut root, node);
                    } else if open.len() >= MAX_DEPTH {
                        return Err("too deep".to_owned());
                    } else {
                        open.push(node);
                    }
                }
                Event::End(_) => {
                    let node = open.pop().ok_or("an end without a start")?;
                    close(&mut open, &mut root, node);
                }
                Event::Text(part) => {
                    if let Some(node) = open.last_mut() {
                        node.text.push_str(&part);
                    }
                }
                Event::CData(part) => {
                    if let Some(node) = open.last_mut() {
                        node.text.push_str(&part);
                    }
                }
                Event::GeneralRef(reference) => {
                    let name: &str = &reference;
                    let text = match reference.resolve_char_ref().map_err(|error| error.to_string())? {
                        Some(character) => character.to_string(),
                        None => resolve_predefined_entity(name).ok_or_else(|| format!("the entity {name}"))?.to_owned(),
                    };
                    if let Some(node) = open.last_mut() {
                        node.text.push_str(&text);
                    }
                }
                Event::Eof => break,
                _ => {}
            }
        }
        if !open.is_empty() {
            return Err("it ends early".to_owned());
        }
        root.ok_or_else(|| "no element".to_owned())
    }

    /// Writes the element.
    pub fn write(&self, to: &mut String) {
        to.push('<');
        to.push_str(&self.name);
        for (name, value) in &self.attributes {
            to.push_str(&format!(" {name}=\"{}\"", escaped(value)));
        }
        if self.children.is_empty() && self.text.is_empty() {
            to.push_str("/>");
            return;
        }
        to.push('>');
        if self.children.is_empty() {
            to.push_str(&escaped(&self.text));
        } else {
            for child in &self.children {
                to.push('\n');
                child.write(to);
            }
            to.push('\n');
        }
        to.push_str(&format!("</{}>", self.name));
    }
}

fn close(open: &mut [Node], root: &mut Option<Node>, mut node: Node) {
    if !node.children.is_empty() {
        node.text.clear();
    }
    match open.last_mut() {
        Some(parent) => parent.children.push(node),
        None => *root = Some(node),
    }
}

/// Text as it stands in a document. QuickBooks answers in ASCII with references.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            ' '..='~' | '\n' | '\t' => out.push(character),
            other => out.push_str(&format!("&#{};", u32::from(other))),
        }
    }
    out
}
