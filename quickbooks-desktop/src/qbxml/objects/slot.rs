//! How a field is written and read, by its type.

use std::borrow::Cow;

use crate::qbxml::common::{Element, ObjectRef};
use crate::qbxml::number::{Amount, Price, Quantity};
use crate::qbxml::value::{ListId, QbDate, QbDateTime, ValueError, check_length, parse_bool};

/// The message that an object stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Creating it.
    Add,
    /// Changing it.
    Mod,
    /// Reading it.
    Ret,
}

impl Form {
    /// The ending of element names: `VendorAdd`, `VendorMod`, `VendorRet`.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Add => "Add",
            Self::Mod => "Mod",
            Self::Ret => "Ret",
        }
    }

    /// Is the field part of this message, and must it be there? In `uses`, a letter for each message that has the field
    /// (A, M, R), small where it is required.
    pub(crate) fn of(self, uses: &str) -> Option<bool> {
        let letter = match self {
            Self::Add => 'A',
            Self::Mod => 'M',
            Self::Ret => 'R',
        };
        uses.chars().find(|c| c.to_ascii_uppercase() == letter).map(|c| c.is_ascii_lowercase())
    }

    /// The name of an element; a `*` in it stands for the ending of the message.
    pub(crate) fn name(self, name: &'static str) -> Cow<'static, str> {
        if name.contains('*') { Cow::Owned(name.replace('*', self.suffix())) } else { Cow::Borrowed(name) }
    }
}

/// An object that cannot be written as asked, or was not answered as the schema promises.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{object}/{element}: {problem}")]
pub struct ObjectError {
    /// The object or line.
    pub object: &'static str,
    /// The element.
    pub element: String,
    /// What is wrong with it.
    pub problem: String,
}

/// An object or a part of one.
pub trait Record: Default {
    /// Its children, in the order of the schema.
    ///
    /// # Errors
    /// [`ObjectError`] if a field does not belong into the message, is missing, or is too long.
    fn write(&self, form: Form) -> Result<Vec<Element<'static>>, ObjectError>;

    /// Reads it from an answer.
    ///
    /// # Errors
    /// [`ObjectError`] if a value has the wrong form or a promised one is missing.
    fn read(element: &Element<'_>) -> Result<Self, ObjectError>;
}

/// A field.
pub(crate) trait Slot {
    fn is_unset(&self) -> bool;
    /// Appends its element or elements; `max` characters of text.
    fn put(&self, to: &mut Vec<Element<'static>>, name: &str, max: usize, form: Form) -> Result<(), Fault>;
    fn read_from(&mut self, from: &Element<'_>) -> Result<(), Fault>;
}

/// What is wrong with a field; one deep inside keeps its own place.
#[derive(Debug)]
pub(crate) enum Fault {
    Value(ValueError),
    Inside(ObjectError),
}

impl Fault {
    pub(crate) fn at(self, object: &'static str, element: &str) -> ObjectError {
        match self {
            Self::Value(problem) => ObjectError { object, element: element.to_owned(), problem: problem.to_string() },
            Self::Inside(inside) => inside,
        }
    }
}

impl From<ValueError> for Fault {
    fn from(problem: ValueError) -> Self {
        Self::Value(problem)
    }
}

impl Slot for Option<String> {
    fn is_unset(&self) -> bool {
        self.is_none()
    }

    fn put(&self, to: &mut Vec<Element<'static>>, name: &str, max: usize, _: Form) -> Result<(), Fault> {
        if let Some(text) = self {
            check_length(text, max)?;
            to.push(Element::leaf(name.to_owned(), text.clone()));
        }
        Ok(())
    }

    fn read_from(&mut self, from: &Element<'_>) -> Result<(), Fault> {
        *self = Some(from.text.clone().into_owned());
        Ok(())
    }
}

impl Slot for Vec<String> {
    fn is_unset(&self) -> bool {
        self.is_empty()
    }

    fn put(&self, to: &mut Vec<Element<'static>>, name: &str, max: usize, _: Form) -> Result<(), Fault> {
        for text in self {
            check_length(text, max)?;
            to.push(Element::leaf(name.to_owned(), text.clone()));
        }
        Ok(())
    }

    fn read_from(&mut self, from: &Element<'_>) -> Result<(), Fault> {
        self.push(from.text.clone().into_owned());
        Ok(())
    }
}

macro_rules! scalar_slot {
    ($($type:ty),*) => {$(
        impl Slot for Option<$type> {
            fn is_unset(&self) -> bool {
                self.is_none()
            }

            fn put(&self, to: &mut Vec<Element<'static>>, name: &str, _: usize, _: Form) -> Result<(), Fault> {
                to.extend(self.as_ref().map(|value| Element::leaf(name.to_owned(), value.to_string())));
                Ok(())
            }

            fn read_from(&mut self, from: &Element<'_>) -> Result<(), Fault> {
                // The schema allows empty amounts and dates; they mean that there is none.
                let text = from.text.trim();
                *self = if text.is_empty() { None } else { Some(text.parse()?) };
                Ok(())
            }
        }
    )*};
}
scalar_slot!(Amount, Price, Quantity, QbDate);

impl Slot for Option<bool> {
    fn is_unset(&self) -> bool {
        self.is_none()
    }

    fn put(&self, to: &mut Vec<Element<'static>>, name: &str, _: usize, _: Form) -> Result<(), Fault> {
        to.extend(self.map(|value| Element::leaf(name.to_owned(), if value { "true" } else { "false" })));
        Ok(())
    }

    fn read_from(&mut self, from: &Element<'_>) -> Result<(), Fault> {
        let text = from.text.trim();
        *self = if text.is_empty() { None } else { Some(parse_bool(text)?) };
        Ok(())
    }
}

impl Slot for Option<u64> {
    fn is_unset(&self) -> bool {
        self.is_none()
    }

    fn put(&self, to: &mut Vec<Element<'static>>, name: &str, _: usize, _: Form) -> Result<(), Fault> {
        to.extend(self.map(|value| Element::leaf(name.to_owned(), value.to_string())));
        Ok(())
    }

    fn read_from(&mut self, from: &Element<'_>) -> Result<(), Fault> {
        let text = from.text.trim();
        *self = if text.is_empty() { None } else { Some(text.parse().map_err(|_| ValueError::Integer)?) };
        Ok(())
    }
}

impl Slot for Option<QbDateTime<'static>> {
    fn is_unset(&self) -> bool {
        self.is_none()
    }

    fn put(&self, to: &mut Vec<Element<'static>>, name: &str, _: usize, _: Form) -> Result<(), Fault> {
        to.extend(self.as_ref().map(|value| Element::leaf(name.to_owned(), value.as_str().to_owned())));
        Ok(())
    }

    fn read_from(&mut self, from: &Element<'_>) -> Result<(), Fault> {
        *self = Some(QbDateTime::new(from.text.trim().to_owned())?);
        Ok(())
    }
}

impl Slot for Option<ObjectRef<'static>> {
    fn is_unset(&self) -> bool {
        self.is_none()
    }

    fn put(&self, to: &mut Vec<Element<'static>>, name: &str, max: usize, _: Form) -> Result<(), Fault> {
        let Some(reference) = self else { return Ok(()) };
        let mut children = Vec::with_capacity(2);
        children.extend(reference.list_id.as_ref().map(|id| Element::leaf("ListID", id.as_str().to_owned())));
        if let Some(full_name) = &reference.full_name {
            check_length(full_name, max)?;
            children.push(Element::leaf("FullName", full_name.clone()));
        }
        to.push(Element::parent(name.to_owned(), children));
        Ok(())
    }

    fn read_from(&mut self, from: &Element<'_>) -> Result<(), Fault> {
        let list_id = match from.child_text("ListID").filter(|id| !id.is_empty()) {
            Some(id) => Some(ListId::new(id.to_owned())?),
            None => None,
        };
        let full_name = from.child_text("FullName").map(|name| Cow::Owned(name.to_owned()));
        *self = Some(ObjectRef { list_id, full_name });
        Ok(())
    }
}

impl<T: Record> Slot for Option<Box<T>> {
    fn is_unset(&self) -> bool {
        self.is_none()
    }

    fn put(&self, to: &mut Vec<Element<'static>>, name: &str, _: usize, form: Form) -> Result<(), Fault> {
        if let Some(part) = self {
            to.push(Element::parent(name.to_owned(), part.write(form).map_err(Fault::Inside)?));
        }
        Ok(())
    }

    fn read_from(&mut self, from: &Element<'_>) -> Result<(), Fault> {
        *self = Some(Box::new(T::read(from).map_err(Fault::Inside)?));
        Ok(())
    }
}

impl<T: Record> Slot for Vec<T> {
    fn is_unset(&self) -> bool {
        self.is_empty()
    }

    fn put(&self, to: &mut Vec<Element<'static>>, name: &str, _: usize, form: Form) -> Result<(), Fault> {
        for part in self {
            to.push(Element::parent(name.to_owned(), part.write(form).map_err(Fault::Inside)?));
        }
        Ok(())
    }

    fn read_from(&mut self, from: &Element<'_>) -> Result<(), Fault> {
        self.push(T::read(from).map_err(Fault::Inside)?);
        Ok(())
    }
}

/// Makes something independent of the answer it was read from.
pub(crate) fn owned(element: &Element<'_>) -> Element<'static> {
    Element {
        name: Cow::Owned(element.name.clone().into_owned()),
        attributes: element
            .attributes
            .iter()
            .map(|(key, value)| (Cow::Owned(key.clone().into_owned()), Cow::Owned(value.clone().into_owned())))
            .collect(),
        text: Cow::Owned(element.text.clone().into_owned()),
        children: element.children.iter().map(owned).collect(),
    }
}

/// Declares a record: its fields in the order of the schema, each with its element, the messages that have it (`A`, `M`,
/// `R`, small where required) and the longest text in characters.
macro_rules! record {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty = $tag:literal $uses:literal $($max:expr)?;)+
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[allow(unreachable_pub, reason = "some records are parts that only their module assembles")]
        pub struct $name {
            $(
                #[doc = concat!("`", $tag, "`.")]
                $(#[$field_doc])*
                pub $field: $type,
            )+
            /// Elements without a field here, as they were read; never written.
            pub extra: Vec<$crate::qbxml::Element<'static>>,
        }

        impl $crate::qbxml::objects::Record for $name {
            fn write(
                &self,
                form: $crate::qbxml::objects::Form,
            ) -> Result<Vec<$crate::qbxml::Element<'static>>, $crate::qbxml::objects::ObjectError> {
                use $crate::qbxml::objects::Slot as _;
                let mut children = Vec::new();
                $(
                    let name = form.name($tag);
                    let problem = match (form.of($uses), self.$field.is_unset()) {
                        (None, false) => Some(concat!("is not part of this message of ", stringify!($name))),
                        (Some(true), true) => Some("is required and missing"),
                        _ => None,
                    };
                    if let Some(problem) = problem {
                        let (object, problem) = (stringify!($name), problem.to_owned());
                        let element = name.into_owned();
                        return Err($crate::qbxml::objects::ObjectError { object, element, problem });
                    }
                    #[allow(unused_mut, unused_assignments)]
                    let mut max = usize::MAX;
                    $(max = $max;)?
                    self.$field
                        .put(&mut children, &name, max, form)
                        .map_err(|fault| fault.at(stringify!($name), &name))?;
                )+
                Ok(children)
            }

            fn read(
                element: &$crate::qbxml::Element<'_>,
            ) -> Result<Self, $crate::qbxml::objects::ObjectError> {
                use $crate::qbxml::objects::Slot as _;
                let form = $crate::qbxml::objects::Form::Ret;
                let mut read = Self::default();
                for child in &element.children {
                    match &*child.name {
                        $(
                            name if form.of($uses).is_some() && name == form.name($tag) => read
                                .$field
                                .read_from(child)
                                .map_err(|fault| fault.at(stringify!($name), &child.name))?,
                        )+
                        _ => read.extra.push($crate::qbxml::objects::slot::owned(child)),
                    }
                }
                $(
                    if form.of($uses) == Some(true) && read.$field.is_unset() {
                        return Err($crate::qbxml::objects::ObjectError {
                            object: stringify!($name),
                            element: form.name($tag).into_owned(),
                            problem: "is missing".to_owned(),
                        });
                    }
                )+
                Ok(read)
            }
        }
    };
}
pub(crate) use record;
